// SPDX-License-Identifier: Apache-2.0
// Diagnostics as text, in the form that rustc made familiar.
#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "compose/diagnostic.h"

namespace hoist::compose {
namespace {

constexpr std::size_t most_shown = 20;
constexpr int widest_line = 110;

struct Colors {
    const char *error, *warning, *blue, *bold, *plain;
};
constexpr Colors with_color = {"\x1b[1;31m", "\x1b[1;33m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"};
constexpr Colors without_color = {"", "", "", "", ""};

/// As it begins a report.
const char* word(Diagnostic::Severity severity) {
    constexpr const char* words[] = {"error", "warning", "note"};
    return words[static_cast<std::size_t>(severity)];
}

std::string one_line(std::string_view text) {
    std::string safe = escape_for_terminal(text);
    for (std::size_t at; (at = safe.find('\n')) != std::string::npos;) safe.replace(at, 1, "\\n");
    std::replace(safe.begin(), safe.end(), '\t', ' ');
    return safe;
}

/// How many columns a terminal gives a character: two for what East Asian scripts and pictures use.
int columns(std::string_view character) {
    const auto byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(character[i])); };
    if (character.size() < 3) return 1;
    const char32_t value = character.size() == 3 ? (byte(0) & 0xf) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f)
                                                 : (byte(0) & 7) << 18 | (byte(1) & 0x3f) << 12;
    return (value >= 0x1100 && value <= 0x115f) || (value >= 0x2e80 && value <= 0xa4cf) ||
                   (value >= 0xac00 && value <= 0xd7a3) || (value >= 0xf900 && value <= 0xfaff) ||
                   (value >= 0xfe30 && value <= 0xfe6f) || (value >= 0xff00 && value <= 0xff60) || value >= 0x1f000
               ? 2
               : 1;
}

struct Cell {
    std::string shown;
    int width = 0;
};

/// A source line as it will be seen: one cell per character, tabs expanded, what is dangerous escaped.
std::vector<Cell> cells(std::string_view text) {
    std::vector<Cell> line;
    int column = 0;
    while (!text.empty()) {
        std::size_t length = 1;
        while (length < text.size() && (text[length] & 0xc0) == 0x80) ++length;
        const std::string_view character = text.substr(0, length);
        text.remove_prefix(length);
        Cell cell;
        if (character == "\t") {
            cell.width = 4 - column % 4;
            cell.shown.assign(static_cast<std::size_t>(cell.width), ' ');
        } else {
            cell.shown = escape_for_terminal(character);
            cell.width = cell.shown == character ? columns(character) : static_cast<int>(cell.shown.size());
        }
        column += cell.width;
        line.push_back(std::move(cell));
    }
    return line;
}

struct Window {
    std::string text, marker;
};

/// The part of a line around what is marked, and the marker below it.
Window window(const Span& span, char mark) {
    const auto line = cells(span.text);
    const auto count = static_cast<int>(line.size());
    const int from = std::clamp(span.column - 1, 0, count), to = std::clamp(from + span.length, from, count);
    const auto width = [&](int a, int b) {
        int sum = 0;
        for (int i = a; i < b; ++i) sum += line[static_cast<std::size_t>(i)].width;
        return sum;
    };
    int first = 0, last = count;
    if (width(0, count) > widest_line) {
        first = from;
        while (first > 0 && width(first, from) < widest_line / 3) --first;
        last = first;
        while (last < count && width(first, last) < widest_line) ++last;
    }
    Window seen;
    if (first > 0) seen.text = "...";
    const auto indent = seen.text.size() + static_cast<std::size_t>(width(first, from));
    for (int i = first; i < last; ++i) seen.text += line[static_cast<std::size_t>(i)].shown;
    if (last < count) seen.text += "...";
    const int marked = std::max(1, width(from, std::min(to, last)));
    seen.marker = std::string(indent, ' ') + std::string(static_cast<std::size_t>(marked), mark);
    return seen;
}

std::string place_of(const Span& span) {
    if (span.line == 0) return one_line(span.file);
    return fmt::format("{}:{}:{}", one_line(span.file), span.line, span.column);
}

std::string snippet(const Span& span, bool primary, const char* mark_color, const Colors& c, int gutter) {
    if (span.file.empty())
        return span.label.empty() ? "" : fmt::format("{:{}} = note: {}\n", "", gutter, one_line(span.label));
    std::string out =
        fmt::format("{:{}}{}{}{} {}\n", "", gutter, c.blue, primary ? "-->" : ":::", c.plain, place_of(span));
    if (span.line == 0 || span.text.empty()) return out;
    const Window seen = window(span, primary ? '^' : '-');
    const std::string bar = fmt::format("{}{:{}} |{}", c.blue, "", gutter, c.plain);
    if (primary) out += bar + "\n";
    out += fmt::format("{}{:>{}} |{} {}\n", c.blue, span.line, gutter, c.plain, seen.text);
    out += fmt::format("{} {}{}{}{}{}\n", bar, mark_color, seen.marker, span.label.empty() ? "" : " ",
                       one_line(span.label), c.plain);
    return out;
}

std::string rich(const Diagnostic& d, const Colors& c) {
    const char* color = d.severity == Diagnostic::Severity::error     ? c.error
                        : d.severity == Diagnostic::Severity::warning ? c.warning
                                                                      : c.blue;
    const std::string code = d.code.empty() ? "" : "[" + d.code + "]";
    int line = d.where.line;
    for (const auto& other : d.others) line = std::max(line, other.line);
    const auto gutter = static_cast<int>(std::to_string(line).size());
    std::string out =
        fmt::format("{}{}{}{}{}: {}{}\n", color, word(d.severity), code, c.plain, c.bold, one_line(d.message), c.plain);
    out += snippet(d.where, true, color, c, gutter);
    for (const auto& other : d.others) out += snippet(other, false, c.blue, c, gutter);
    if (!d.help.empty()) {
        std::string help = escape_for_terminal(d.help);
        const std::string next = "\n" + std::string(static_cast<std::size_t>(gutter) + 9, ' ');
        for (std::size_t at = 0; (at = help.find('\n', at)) != std::string::npos; at += next.size())
            help.replace(at, 1, next);
        out += fmt::format("{}{:{}} ={} help: {}\n", c.blue, "", gutter, c.plain, help);
    }
    return out;
}

std::string brief(const Diagnostic& d) {
    const std::string where = place_of(d.where);
    return fmt::format("{}{}{}{}\n", where, where.empty() ? "" : ": ",
                       d.severity == Diagnostic::Severity::error ? "" : std::string(word(d.severity)) + ": ",
                       one_line(d.message));
}

Json span_json(const Span& span) {
    Json json = {{"file", span.file}, {"line", span.line}, {"column", span.column}, {"length", span.length}};
    if (!span.label.empty()) json["label"] = span.label;
    if (!span.text.empty()) json["text"] = span.text;
    return json;
}

Json diagnostic_json(const Diagnostic& d) {
    Json json = {
        {"severity", word(d.severity)}, {"code", d.code}, {"message", d.message}, {"where", span_json(d.where)}};
    for (const auto& other : d.others) json["others"].push_back(span_json(other));
    if (!d.help.empty()) json["help"] = d.help;
    return json;
}

}  // namespace

std::string render(const std::vector<Diagnostic>& diagnostics, DiagnosticFormat format, bool color) {
    if (format == DiagnosticFormat::json) {
        Json all = Json::array();
        for (const auto& d : diagnostics) all.push_back(diagnostic_json(d));
        return all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    }
    std::string out;
    const std::size_t shown = std::min(diagnostics.size(), most_shown);
    for (std::size_t i = 0; i < shown; ++i) {
        if (format == DiagnosticFormat::brief)
            out += brief(diagnostics[i]);
        else
            out += (i ? "\n" : "") + rich(diagnostics[i], color ? with_color : without_color);
    }
    if (shown < diagnostics.size()) out += fmt::format("... and {} more\n", diagnostics.size() - shown);
    return out;
}

}  // namespace hoist::compose
