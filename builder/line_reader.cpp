// SPDX-License-Identifier: Apache-2.0
#include "builder/line_reader.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "builder/words.h"

namespace hoist::builder {
namespace {

std::string_view trim_left(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    return text;
}

/// "# name=value"
std::optional<std::pair<std::string, std::string>> parse_directive(std::string_view line) {
    line = trim(line);
    if (!line.starts_with('#')) return std::nullopt;
    line = trim(line.substr(1));
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    std::string name(trim(line.substr(0, equals)));
    const auto value = trim(line.substr(equals + 1));
    const auto is_letter = [](unsigned char c) { return std::isalnum(c) != 0; };
    if (name.empty() || !std::isalpha(static_cast<unsigned char>(name.front())) || value.empty() ||
        !std::all_of(name.begin(), name.end(), is_letter))
        return std::nullopt;
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    return std::pair(name, std::string(value));
}

/// "3<<-'EOF'"
std::optional<Heredoc> parse_heredoc(std::string_view word) {
    Heredoc document;
    std::size_t at = 0;
    while (at < word.size() && std::isdigit(static_cast<unsigned char>(word[at]))) ++at;
    if (at > 0 && at < 6) document.fd = std::stoi(std::string(word.substr(0, at)));
    if (word.substr(at, 2) != "<<") return std::nullopt;
    at += 2;
    if (word.substr(at).starts_with('-')) document.chomp = true, ++at;
    const auto name = word.substr(at);
    if (name.empty() || name.find('<') != std::string_view::npos) return std::nullopt;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const bool quote = name[i] == '"' || name[i] == '\'';
        if (quote || name[i] == '\\') document.expand = false;
        if (quote) continue;
        if (name[i] == '\\' && ++i == name.size()) break;
        document.name += name[i];
    }
    if (document.name.empty()) return std::nullopt;
    return document;
}

}  // namespace

std::vector<Heredoc> find_heredocs(std::string_view text) {
    std::vector<Heredoc> found;
    for (const auto& word : split_quoted(text, '\\'))
        if (auto document = parse_heredoc(word)) found.push_back(std::move(*document));
    return found;
}

LineReader::LineReader(std::string_view text, Mistakes& mistakes) : left_(text), mistakes_(mistakes) {
    if (left_.starts_with("\xef\xbb\xbf")) left_.remove_prefix(3);
    read_directives();
}

std::optional<std::string_view> LineReader::take_line() {
    if (left_.empty()) return std::nullopt;
    const auto end = left_.find('\n');
    auto line = left_.substr(0, end);
    left_.remove_prefix(end == std::string_view::npos ? left_.size() : end + 1);
    ++number_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

/// Directives are only those comments that stand before everything else.
void LineReader::read_directives() {
    for (;;) {
        const auto before = left_;
        const auto line = take_line();
        const auto directive = line ? parse_directive(*line) : std::nullopt;
        static const std::vector<std::string> known = {"syntax", "escape", "check"};
        if (!directive || std::find(known.begin(), known.end(), directive->first) == known.end()) {
            if (line) --number_;
            left_ = before;
            return;
        }
        apply_directive(directive->first, directive->second, std::string(*line));
    }
}

void LineReader::apply_directive(const std::string& name, const std::string& value, const std::string& line) {
    const Lines here{number_, number_};
    if (!directives_.emplace(name, value).second)
        mistakes_.add({here, fmt::format("directive {} stands here a second time", name), line, "keep one of them"});
    if (name != "escape") return;
    if (value != "\\" && value != "`")
        mistakes_.add({here, fmt::format("escape cannot be \"{}\"", value), value, "use \\ or `"});
    else
        escape_ = value.front();
}

/// Takes a single escape at the line's end off. @return whether there was one
bool LineReader::strip_continuation(std::string_view& line) const {
    auto end = line.find_last_not_of(" \t");
    if (end == std::string_view::npos || line[end] != escape_) return false;
    if (end > 0 && line[end - 1] == escape_) return false;
    line = line.substr(0, end);
    return true;
}

std::optional<LineReader::Instruction> LineReader::next() {
    while (auto line = take_line()) {
        auto text = trim_left(*line);
        if (text.empty() || text.starts_with('#')) continue;
        Instruction made;
        made.lines = {number_, number_};
        bool goes_on = strip_continuation(text);
        made.text = text;
        while (goes_on) {
            const auto following = take_line();
            if (!following) break;
            auto more = *following;
            const auto start = trim_left(more);
            if (start.empty() || start.starts_with('#')) continue;
            goes_on = strip_continuation(more);
            made.text += more;
            made.lines.last = number_;
        }
        if (!trim(made.text).empty()) return made;
    }
    return std::nullopt;
}

std::vector<Heredoc> LineReader::heredocs(std::string_view text, Lines& lines) {
    auto found = find_heredocs(text);
    for (auto& document : found) {
        for (;;) {
            const auto before = left_;
            const auto line = take_line();
            if (!line) {
                mistakes_.add({lines, fmt::format("here-document {} does not end", document.name), document.name,
                               fmt::format("write {} alone on a line after it", document.name)});
                break;
            }
            auto end = *line;
            while (document.chomp && end.starts_with('\t')) end.remove_prefix(1);
            lines.last = number_;
            if (end == document.name) break;
            document.content += before.substr(0, before.size() - left_.size());
        }
    }
    return found;
}

}  // namespace hoist::builder
