// SPDX-License-Identifier: Apache-2.0
#include "runtime/json_log_record.h"

#include <array>

#include "base/json.h"

namespace hoist::runtime {
namespace {

constexpr std::string_view hex = "0123456789abcdef";

/// How many bytes of well-formed UTF-8 begin here; 0 if none do.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    const std::size_t length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (length == 0 || text.size() < length) return 0;
    // The second byte's range excludes overlong forms, surrogates and what is beyond U+10FFFF.
    const unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (byte(1) < low || byte(1) > high) return 0;
    for (std::size_t i = 2; i < length; ++i)
        if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
    return length;
}

/// Which ASCII characters stand for themselves. < > & do not: Go's JSON is made to be put into HTML.
constexpr std::array<bool, 256> plain = [] {
    std::array<bool, 256> table{};
    for (int c = 0x20; c < 0x80; ++c) table[static_cast<std::size_t>(c)] = true;
    for (const char c : {'"', '\\', '<', '>', '&'}) table[static_cast<std::size_t>(c)] = false;
    return table;
}();

void append_escaped(std::string& to, unsigned char c) {
    if (c == '"' || c == '\\') {
        to += {'\\', static_cast<char>(c)};
    } else if (c == '\n' || c == '\r') {
        to += c == '\n' ? "\\n" : "\\r";
    } else {
        to += "\\u00";
        to += {hex[c >> 4], hex[c & 15]};
    }
}

void append_string(std::string& to, std::string_view text) {
    to += '"';
    std::size_t start = 0;
    for (std::size_t i = 0; i < text.size();) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (plain[c]) {
            ++i;
            continue;
        }
        const std::size_t length = c < 0x80 ? 1 : utf8_length(text.substr(i));
        const std::string_view character = text.substr(i, length);
        const bool separator = character == "\u2028" || character == "\u2029";
        if (length > 1 && !separator) {
            i += length;
            continue;
        }
        to.append(text, start, i - start);
        if (c < 0x80)
            append_escaped(to, c);
        else if (separator)
            to += character == "\u2028" ? "\\u2028" : "\\u2029";
        else
            to += "\\ufffd";
        i += std::max<std::size_t>(length, 1);
        start = i;
    }
    to.append(text, start);
    to += '"';
}

/// Undoes the escape whose backslash stands before `at`. @return where it ends; 0 if it is none that is usual
std::size_t undo_escape(std::string_view line, std::size_t at, std::string& text) {
    const char c = at < line.size() ? line[at] : '\0';
    if (c == 'n' || c == 'r') {
        text += c == 'n' ? '\n' : '\r';
    } else if (c == '"' || c == '\\') {
        text += c;
    } else if (c == 'u' && line.substr(at + 1, 2) == "00" && line.size() > at + 4) {
        const auto high = hex.find(line[at + 3]), low = hex.find(line[at + 4]);
        if (high == std::string_view::npos || high > 7 || low == std::string_view::npos) return 0;
        text += static_cast<char>(high << 4 | low);
        return at + 5;
    } else {
        return 0;
    }
    return at + 1;
}

/// Takes "text" off the front of `line`, with its escapes undone. Looks at each byte once, many at a time.
/// @return false if that is not what is there
bool take_string(std::string_view& line, std::string& text) {
    text.clear();
    for (std::size_t start = 0, quote = 0;;) {
        if (quote == 0 || quote < start) quote = line.find('"', start);
        if (quote == std::string_view::npos) return false;
        const auto escape = line.substr(0, quote).find('\\', start);
        text.append(line, start, std::min(escape, quote) - start);
        if (escape == std::string_view::npos) {
            line.remove_prefix(quote + 1);
            return true;
        }
        start = undo_escape(line, escape + 1, text);
        if (start == 0) return false;
    }
}

bool take(std::string_view& line, std::string_view expected) {
    if (!line.starts_with(expected)) return false;
    line.remove_prefix(expected.size());
    return true;
}

/// ".120" as nanoseconds; -1 if that is not what it is.
std::int64_t fraction_of(std::string_view text) {
    if (text.empty()) return 0;
    if (text.size() < 2 || text.size() > 10 || text[0] != '.') return -1;
    std::int64_t value = 0;
    for (std::size_t i = 1; i < 10; ++i) {
        const char digit = i < text.size() ? text[i] : '0';
        if (digit < '0' || digit > '9') return -1;
        value = value * 10 + (digit - '0');
    }
    return value;
}

bool read_time(std::string_view text, JsonRecord& record) {
    constexpr std::size_t length = 19;  // of 2026-01-02T03:04:05
    const bool utc = text.size() > length && text.back() == 'Z';
    if (utc && text.substr(0, length) == record.second_text) {
        const auto fraction = fraction_of(text.substr(length, text.size() - length - 1));
        if (fraction < 0) return false;
        record.time = record.second + Nanoseconds(fraction);
        return true;
    }
    const auto time = parse_time(text);
    if (!time) return false;
    record.time = *time;
    if (!utc) return true;
    record.second_text = text.substr(0, length);
    record.second = std::chrono::floor<std::chrono::seconds>(*time);
    return true;
}

/// The form that we and Docker write, without attributes and rarer escapes.
bool parse_usual(std::string_view line, JsonRecord& record) {
    if (!take(line, "{\"log\":\"") || !take_string(line, record.text) || !take(line, ",\"stream\":\"std")) return false;
    record.stream = line.starts_with("err") ? Stream::stderr_ : Stream::stdout_;
    line.remove_prefix(std::min<std::size_t>(line.size(), 3));
    if (!take(line, "\",\"time\":\"") || line.size() < 3 || line.substr(line.size() - 2) != "\"}") return false;
    return read_time(line.substr(0, line.size() - 2), record);
}

}  // namespace

std::string record_attributes(const std::map<std::string, std::string>& fields) {
    std::string text;
    for (const auto& [key, value] : fields) {
        text += text.empty() ? '{' : ',';
        append_string(text, key);
        text += ':';
        append_string(text, value);
    }
    return text.empty() ? text : text + '}';
}

std::string record_time(TimePoint time) {
    std::string text = format_time(time);  // ...:05.120000000Z
    const auto last = text.find_last_not_of('0', text.size() - 2);
    text.erase(text[last] == '.' ? last : last + 1);
    return text + 'Z';
}

void append_record(std::string& to, Stream stream, std::string_view text, std::string_view attributes,
                   std::string_view time) {
    to += "{\"log\":";
    append_string(to, text);
    to += stream == Stream::stderr_ ? ",\"stream\":\"stderr\"" : ",\"stream\":\"stdout\"";
    if (!attributes.empty()) (to += ",\"attrs\":") += attributes;
    ((to += ",\"time\":\"") += time) += "\"}\n";
}

bool parse_record(std::string_view line, JsonRecord& record) {
    if (parse_usual(line, record)) return true;
    const Json object = Json::parse(line, nullptr, false);
    if (!object.is_object()) return false;
    const auto text = object.find("log"), stream = object.find("stream"), time = object.find("time");
    if (time == object.end() || !time->is_string()) return false;
    const auto moment = parse_time(time->get_ref<const std::string&>());
    if (!moment) return false;
    record.time = *moment;
    record.text = text != object.end() && text->is_string() ? text->get<std::string>() : "";
    record.stream = stream != object.end() && *stream == "stderr" ? Stream::stderr_ : Stream::stdout_;
    return true;
}

}  // namespace hoist::runtime
