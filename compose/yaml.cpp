// SPDX-License-Identifier: Apache-2.0
#include "compose/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <unordered_map>
#include <unordered_set>

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

struct Explained {
    const char* message;
    const char* help;
};
/// The parser's terse words in terms of what the writer of the file sees.
Explained explain(const std::string& words) {
    static const std::unordered_map<std::string, Explained> known = {
        {YAML::ErrorMsg::TAB_IN_INDENTATION, {"a tab is used for indentation", "YAML allows only spaces there"}},
        {YAML::ErrorMsg::END_OF_MAP,
         {"this line does not continue the map above it",
          "check the indentation: keys of one map begin in the same column, and each has a colon and a space after "
          "it"}},
        {YAML::ErrorMsg::END_OF_SEQ,
         {"this line does not continue the list above it",
          "check the indentation: entries of one list begin with \"- \" in the same column"}},
        {YAML::ErrorMsg::END_OF_MAP_FLOW,
         {"a map that begins with { is not closed before this", "add the missing } or a comma"}},
        {YAML::ErrorMsg::END_OF_SEQ_FLOW,
         {"a list that begins with [ is not closed before this", "add the missing ] or a comma"}},
        {YAML::ErrorMsg::FLOW_END, {"there is nothing open that this bracket could close", ""}},
        {YAML::ErrorMsg::MAP_VALUE,
         {"a \": \" is not allowed here", "check the indentation, and quote text that contains a colon and a space"}},
        {YAML::ErrorMsg::MAP_KEY, {"a key is not allowed here", "check the indentation"}},
        {YAML::ErrorMsg::BLOCK_ENTRY, {"a list entry is not allowed here", "check the indentation"}},
        {YAML::ErrorMsg::EOF_IN_SCALAR, {"this quoted text is not closed", "add the closing quote"}},
        {YAML::ErrorMsg::DOC_IN_SCALAR, {"this quoted text is not closed", "add the closing quote"}},
        {YAML::ErrorMsg::UNKNOWN_ANCHOR, {"this alias names no anchor defined above it", "define it with &name first"}},
        {YAML::ErrorMsg::UNKNOWN_TOKEN, {"this character cannot begin a value", "put the value in quotes"}},
    };
    const auto found = known.find(words);
    if (found != known.end()) return found->second;
    if (words.starts_with(YAML::ErrorMsg::INVALID_ESCAPE))
        return {"unknown escape in a double-quoted text", "write \\\\ for a backslash, or use single quotes"};
    return {nullptr, ""};
}

Origin origin_of(const Sources::File& source, std::uint32_t file, const YAML::Mark& mark) {
    if (mark.is_null() || mark.pos < 0) return {file, 0, 0};
    auto pos = static_cast<std::size_t>(mark.pos);
    if (pos >= source.text.size()) {  // at the end: show the last line that holds something
        const auto last = source.text.find_last_not_of(" \t\r\n");
        pos = last == std::string::npos ? 0 : source.text.rfind('\n', last) + 1;
    }
    return {file, static_cast<std::uint32_t>(pos), 0};
}

void explain_to(Report& report, const Sources::File& source, std::uint32_t file, const YAML::ParserException& problem) {
    const auto [message, help] = explain(problem.msg);
    report.error("C01", message ? message : "not valid YAML: " + problem.msg, origin_of(source, file, problem.mark),
                 help);
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

std::vector<Node> read_yaml(std::uint32_t file, const Sources& sources, Report& report, const YamlLimits& limits) {
    const Sources::File& source = sources.file(file);
    std::vector<Node> documents;
    if (!acceptable(file, source, report, limits)) return documents;
    std::istringstream stream(source.text);
    try {
        YAML::Parser parser(stream);
        for (;;) {
            TreeBuilder builder(file, sources, report, limits);
            if (!parser.HandleNextDocument(builder)) break;
            documents.push_back(builder.take());
        }
    } catch (const YAML::ParserException& problem) {
        explain_to(report, source, file, problem);
    } catch (const TreeBuilder::Refused&) {
        // already in the report
    }
    return documents;
}

}  // namespace hoist::compose
