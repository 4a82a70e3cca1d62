// SPDX-License-Identifier: Apache-2.0
#include "compose/dotenv.h"

#include <fmt/format.h>

#include <map>

#include "base/text.h"

namespace hoist::compose {
namespace {

bool is_key(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-' || c == '[' || c == ']';
}

class EnvReader {
public:
    EnvReader(std::uint32_t file, Report& report, const Lookup& lookup)
        : file_(file), text_(report.sources().file(file).text), report_(report), lookup_(lookup) {}

    std::vector<EnvLine> run() {
        if (text_.starts_with("\xef\xbb\xbf")) pos_ = 3;
        for (;;) {
            skip(" \t\r\n");
            if (pos_ >= text_.size()) return std::move(lines_);
            if (text_[pos_] == '#')
                skip_line();
            else
                read_line();
        }
    }

private:
    Origin at(std::size_t pos, std::size_t length) const {
        return {file_, static_cast<std::uint32_t>(pos), static_cast<std::uint32_t>(length)};
    }
    void skip(std::string_view characters) {
        while (pos_ < text_.size() && characters.find(text_[pos_]) != std::string_view::npos) ++pos_;
    }
    void skip_line() { pos_ = std::min(text_.find('\n', pos_), text_.size()); }
    std::string_view rest_of_line() const {
        return std::string_view(text_).substr(pos_, std::min(text_.find('\n', pos_), text_.size()) - pos_);
    }

    void read_line() {
        if (const auto rest = rest_of_line(); rest.starts_with("export ") || rest.starts_with("export\t")) {
            pos_ += 6;
            skip(" \t");
        }
        const std::size_t begin = pos_;
        while (pos_ < text_.size() && is_key(text_[pos_])) ++pos_;
        EnvLine line{text_.substr(begin, pos_ - begin), std::nullopt,
                     at(begin, std::max<std::size_t>(pos_ - begin, 1))};
        skip(" \t");
        const char next = pos_ < text_.size() ? text_[pos_] : '\n';
        if (next == '=' || next == ':') {
            if (line.key.empty()) return bad_line("there is no name before the \"=\"", pos_);
            ++pos_;
            skip(" \t");
            line.value = read_value();
        } else if (next == '#') {
            skip_line();
        } else if (next != '\n' && next != '\r') {
            const bool blank = pos_ > 0 && (text_[pos_ - 1] == ' ' || text_[pos_ - 1] == '\t') && pos_ > begin;
            return bad_line(blank ? "a name cannot contain a blank" : "this character cannot be part of a name", pos_);
        }
        if (line.value) above_[line.key] = *line.value;
        lines_.push_back(std::move(line));
    }

    void bad_line(const char* message, std::size_t pos) {
        report_.error("C10", message, at(pos, 1), "each line is NAME=value; a value over several lines needs quotes");
        skip_line();
    }

    std::string read_value() {
        const char quote = pos_ < text_.size() ? text_[pos_] : '\n';
        if (quote == '"' || quote == '\'') return read_quoted(quote);
        const std::size_t begin = pos_;
        std::string_view value = rest_of_line();
        skip_line();
        for (auto hash = value.find('#'); hash != std::string_view::npos; hash = value.find('#', hash + 1)) {
            if (hash > 0 && value[hash - 1] != ' ' && value[hash - 1] != '\t') continue;
            value = value.substr(0, hash);
            break;
        }
        return expand_at(std::string(trim(value)), begin);
    }

    std::string read_quoted(char quote) {
        const std::size_t begin = pos_;
        std::size_t end = begin + 1;
        while (end < text_.size() && text_[end] != quote) end += text_[end] == '\\' ? 2 : 1;
        if (end >= text_.size()) {
            report_.error("C10", "this quoted value is not closed", at(begin, 1), "add the closing quote");
            pos_ = text_.size();
            return "";
        }
        const std::string_view inside = std::string_view(text_).substr(begin + 1, end - begin - 1);
        pos_ = end + 1;
        const std::string_view behind = trim(rest_of_line());
        if (!behind.empty() && behind[0] != '#') {
            bad_line("there is text behind the closing quote", pos_);
            return "";
        }
        skip_line();
        if (quote == '\'') return unescape_single(inside);
        return expand_at(unescape_double(inside), begin);
    }

    static std::string unescape_single(std::string_view text) {
        std::string out;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '\'') ++i;
            out += text[i];
        }
        return out;
    }

    static std::string unescape_double(std::string_view text) {
        constexpr std::string_view letters = "abfnrtv\\\"", meanings = "\a\b\f\n\r\t\v\\\"";
        std::string out;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] != '\\' || i + 1 == text.size()) {
                out += text[i];
                continue;
            }
            const char c = text[++i];
            if (c == '$') {
                out += "$$";  // survives the expansion as one
            } else if (c == '0' && i + 3 < text.size() && is_octal(text.substr(i + 1, 3))) {
                out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
                i += 3;
            } else if (const auto letter = letters.find(c); letter != std::string_view::npos) {
                out += meanings[letter];
            } else {
                out += '\\';
                out += c;
            }
        }
        return out;
    }
    static bool is_octal(std::string_view text) { return text.find_first_not_of("01234567") == std::string_view::npos; }

    std::string expand_at(const std::string& value, std::size_t begin) {
        if (value.find('$') == std::string::npos) return value;
        std::vector<TemplateIssue> issues;
        const Lookup look = [this](const std::string& name) -> std::optional<std::string> {
            if (auto found = lookup_(name)) return found;
            const auto above = above_.find(name);
            return above == above_.end() ? std::nullopt : std::optional(above->second);
        };
        std::string out = expand(value, look, issues);
        for (const auto& issue : issues) tell(issue, begin);
        return out;
    }

    void tell(const TemplateIssue& issue, std::size_t begin) {
        const Origin where = at(begin, 0);
        const char* help = "put the value in single quotes if its $ is meant as itself";
        if (issue.type == TemplateIssue::Type::unset)
            report_.warning("C06", fmt::format("variable \"{}\" is not set; an empty text takes its place", issue.name),
                            where, help);
        else if (issue.type == TemplateIssue::Type::required)
            report_.error("C06", fmt::format("required variable \"{}\" is not set: {}", issue.name, issue.message),
                          where);
        else
            report_.error("C06", "malformed variable: " + issue.message, where, help);
    }

    std::uint32_t file_;
    const std::string& text_;
    Report& report_;
    const Lookup& lookup_;
    std::size_t pos_ = 0;
    std::vector<EnvLine> lines_;
    std::map<std::string, std::string> above_;
};

}  // namespace

std::vector<EnvLine> read_env(std::uint32_t file, Report& report, const Lookup& lookup) {
    return EnvReader(file, report, lookup).run();
}

std::vector<EnvLine> read_raw_env(std::uint32_t file, Report& report) {
    std::vector<EnvLine> lines;
    const std::string& text = report.sources().file(file).text;
    for (std::size_t pos = text.starts_with("\xef\xbb\xbf") ? 3 : 0; pos < text.size();) {
        const std::size_t end = std::min(text.find('\n', pos), text.size());
        std::string_view line = std::string_view(text).substr(pos, end - pos);
        if (line.ends_with('\r')) line.remove_suffix(1);
        const std::string_view key = line.substr(0, line.find('='));
        const Origin where{file, static_cast<std::uint32_t>(pos), static_cast<std::uint32_t>(key.size())};
        pos = end + 1;
        if (trim(line).empty() || line[0] == '#') continue;
        if (key.empty() || key.find_first_of(" \t") != std::string_view::npos) {
            report.error("C10", key.empty() ? "there is no name before the \"=\"" : "a name cannot contain a blank",
                         where);
            continue;
        }
        lines.push_back({std::string(key), std::nullopt, where});
        if (key.size() < line.size()) lines.back().value = std::string(line.substr(key.size() + 1));
    }
    return lines;
}

}  // namespace hoist::compose
