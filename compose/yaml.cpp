// SPDX-License-Identifier: Apache-2.0
#include "compose/yaml.h"

#include <fmt/format.h>
#include <yaml.h>

#include "compose/yaml_builder.h"

namespace hoist::compose {
namespace {

/// The first byte that is no well-formed UTF-8, or is NUL; npos if there is none.
std::size_t first_bad_byte(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        if (lead == 0) return i;
        if (lead < 0x80) {
            ++i;
            continue;
        }
        const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
        if (lead < 0xc2 || lead > 0xf4 || i + length > text.size()) return i;
        for (std::size_t k = 1; k < length; ++k)
            if ((text[i + k] & 0xc0) != 0x80) return i;
        const auto second = static_cast<unsigned char>(text[i + 1]);
        if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second >= 0xa0) || (lead == 0xf0 && second < 0x90) ||
            (lead == 0xf4 && second >= 0x90))
            return i;
        i += length;
    }
    return std::string_view::npos;
}

struct Parser {
    explicit Parser(const std::string& text) {
        if (!yaml_parser_initialize(&raw)) throw std::bad_alloc();
        yaml_parser_set_encoding(&raw, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&raw, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    }
    Parser(const Parser&) = delete;
    ~Parser() { yaml_parser_delete(&raw); }
    yaml_parser_t raw;
};
struct Event {
    Event() = default;
    Event(const Event&) = delete;
    ~Event() { yaml_event_delete(&raw); }
    yaml_event_t raw{};
};

struct Explained {
    const char* problem;  ///< the parser's words, or their beginning
    const char* context;  ///< what it was doing; empty: anything
    const char* message;
    const char* help;
    bool at_context = false;  ///< the mistake is where that began
};
/// The parser's terse words in terms of what the writer of the file sees.
constexpr Explained explanations[] = {
    {"did not find expected key", "while parsing a block mapping", "this line does not continue the map above it",
     "check the indentation: keys of one map begin in the same column, and each has a colon and a space after it"},
    {"did not find expected '-' indicator", "", "this line does not continue the list above it",
     "check the indentation: entries of one list begin with \"- \" in the same column"},
    {"did not find expected ',' or '}'", "", "a map that begins with { is not closed before this",
     "add the missing } or a comma"},
    {"did not find expected ',' or ']'", "", "a list that begins with [ is not closed before this",
     "add the missing ] or a comma"},
    {"mapping values are not allowed", "", "a \": \" is not allowed here",
     "check the indentation, and quote text that contains a colon and a space"},
    {"mapping keys are not allowed", "", "a key is not allowed here", "check the indentation"},
    {"block sequence entries are not allowed", "", "a list entry is not allowed here", "check the indentation"},
    {"block collection entries are not allowed", "", "a list entry is not allowed here", "check the indentation"},
    {"could not find expected ':'", "", "this line does not continue the map above it",
     "each key of a map has a colon and a space after it; check the indentation", true},
    {"found unexpected end of stream", "while scanning a quoted scalar", "this quoted text is not closed",
     "add the closing quote", true},
    {"found unexpected document indicator", "while scanning a quoted scalar", "this quoted text is not closed",
     "add the closing quote", true},
    {"found unknown escape character", "", "unknown escape in a double-quoted text",
     "write \\\\ for a backslash, or use single quotes"},
    {"did not find expected hexdecimal number", "", "an escape in a double-quoted text has no hexadecimal number", ""},
    {"found character that cannot start any token", "", "this character cannot begin a value",
     "put the value in quotes"},
    {"did not find expected alphabetic or numeric character", "while scanning an anchor",
     "\"&\" is not followed by a name", "put the value in quotes if the & is a part of it"},
    {"did not find expected alphabetic or numeric character", "while scanning an alias",
     "\"*\" is not followed by the name of an anchor", "put the value in quotes if the * is a part of it"},
    {"found a tab character", "", "a tab is used for indentation", "YAML allows only spaces there"},
    {"found undefined tag handle", "", "this tag has no meaning here",
     "put the value in quotes if the ! is a part of it"},
    {"did not find expected <document start>", "", "this is neither a part of what is above it nor a new document",
     "check the indentation; a new document begins with a line \"---\""},
    {"did not find expected node content", "", "a value is missing here", "put the value in quotes"},
    {"control characters are not allowed", "", "there is a control character in the file", "remove it"},
};

const Explained* explanation(std::string_view problem, std::string_view context) {
    for (const auto& known : explanations)
        if (problem.starts_with(known.problem) && (!known.context[0] || context == known.context)) return &known;
    return nullptr;
}

/// A place in the text; at its end, the last line that holds something.
Origin origin_at(const Sources::File& source, std::uint32_t file, std::size_t pos) {
    if (source.text.find_first_not_of(" \t\r\n", std::min(pos, source.text.size())) == std::string::npos) {
        const auto last = source.text.find_last_not_of(" \t\r\n");
        pos = last == std::string::npos ? 0 : source.text.rfind('\n', last) + 1;
    }
    return {file, static_cast<std::uint32_t>(pos), 0};
}

void explain_to(Report& report, const Sources::File& source, std::uint32_t file, const yaml_parser_t& parser) {
    const std::string problem = parser.problem ? parser.problem : "the parser failed",
                      context = parser.context ? parser.context : "";
    if (parser.error == YAML_READER_ERROR) {
        const Explained* known = explanation(problem, "");
        report.error("C01", known ? known->message : problem, origin_at(source, file, parser.problem_offset),
                     known ? known->help : "");
        return;
    }
    CharacterIndex index(source.text);
    const std::size_t at = index.byte_of(parser.problem_mark.index);
    const Explained* known = explanation(problem, context);
    const bool is_tab = at < source.text.size() && source.text[at] == '\t';
    if (is_tab && known) known = explanation("found a tab character", "");
    const bool at_context = known && known->at_context;
    const Origin where = origin_at(source, file, at_context ? index.byte_of(parser.context_mark.index) : at);
    Diagnostic& d =
        report.error("C01", known ? known->message : "not valid YAML: " + problem, where, known ? known->help : "");
    if (at_context || is_tab || context.empty() || parser.context_mark.line == parser.problem_mark.line) return;
    const Origin begin{file, static_cast<std::uint32_t>(index.byte_of(parser.context_mark.index)), 0};
    d.others.push_back(report.sources().span(begin, "what it would continue begins here"));
}

bool acceptable(std::uint32_t file, const Sources::File& source, Report& report, const YamlLimits& limits) {
    if (source.text.size() > limits.bytes) {
        report.error(
            "C01",
            fmt::format("the file has {} bytes; at most {} MiB are read", source.text.size(), limits.bytes >> 20),
            {file, 0, 0});
        return false;
    }
    const std::size_t bad = first_bad_byte(source.text);
    if (bad == std::string_view::npos) return true;
    const Origin where{file, static_cast<std::uint32_t>(bad), 1};
    if (source.text[bad] == '\0')
        report.error("C01", "there is a NUL byte in the file", where);
    else
        report.error("C01", "the file is not UTF-8 text from here on", where, "save the file as UTF-8");
    return false;
}

}  // namespace

std::vector<Node> read_yaml(std::uint32_t file, Sources& sources, Report& report, const YamlLimits& limits) {
    const Sources::File& source = sources.file(file);
    std::vector<Node> documents;
    if (!acceptable(file, source, report, limits)) return documents;
    Parser parser(source.text);
    TreeBuilder builder(file, sources, report, limits);
    try {
        for (;;) {
            Event event;
            if (!yaml_parser_parse(&parser.raw, &event.raw)) {
                explain_to(report, source, file, parser.raw);
                break;
            }
            if (event.raw.type == YAML_STREAM_END_EVENT) break;
            if (builder.handle(event.raw)) documents.push_back(builder.take());
        }
    } catch (const TreeBuilder::Refused&) {
        // already in the report
    }
    return documents;
}

}  // namespace hoist::compose
