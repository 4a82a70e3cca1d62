// SPDX-License-Identifier: Apache-2.0
#include "api/http_head.h"

#include <charconv>

#include "base/error.h"
#include "base/text.h"

namespace hoist::api {
namespace {

bool is_token_char(char c) {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           marks.find(c) != std::string_view::npos;
}

bool is_number(std::string_view text) {
    return !text.empty() && text.size() <= 18 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

struct Framing {
    int lengths = 0, codings = 0;
};

std::optional<std::string> find_field_fault(std::string_view line, Framing& framing) {
    if (line.front() == ' ' || line.front() == '\t') return "folded header line";
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return "header line without a name";
    const auto name = line.substr(0, colon);
    if (!std::all_of(name.begin(), name.end(), is_token_char)) return "malformed header name";
    const auto value = trim(line.substr(colon + 1));
    const auto is = [&](std::string_view other) {
        return name.size() == other.size() && starts_with_ignoring_case(name, other);
    };
    if (is("content-length")) {
        ++framing.lengths;
        if (!is_number(value)) return "malformed Content-Length";
    }
    if (is("transfer-encoding")) {
        ++framing.codings;
        if (value.size() != 7 || !starts_with_ignoring_case(value, "chunked")) return "unsupported Transfer-Encoding";
    }
    return std::nullopt;
}

std::optional<ApiVersion> parse_version(std::string_view text) {
    ApiVersion version;
    const char* end = text.data() + text.size();
    const auto major = std::from_chars(text.data(), end, version.major);
    if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
    const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
    if (minor.ec != std::errc() || minor.ptr != end || version.major < 0 || version.minor < 0) return std::nullopt;
    return version;
}

std::string to_text(ApiVersion version) {
    return fmt::format("{}.{}", version.major, version.minor);
}

}  // namespace

std::optional<std::string> find_head_fault(std::string_view head) {
    for (std::size_t i = 0; i < head.size(); ++i) {
        const auto c = static_cast<unsigned char>(head[i]);
        if (c == '\r' && (i + 1 == head.size() || head[i + 1] != '\n')) return "carriage return without line feed";
        if (c == '\n' && (i == 0 || head[i - 1] != '\r')) return "line feed without carriage return";
        if ((c < 0x20 && c != '\r' && c != '\n' && c != '\t') || c == 0x7f) return "control character in the head";
    }
    Framing framing;
    auto start = head.find("\r\n");
    while (start != std::string_view::npos && start + 2 < head.size()) {
        const auto end = head.find("\r\n", start + 2);
        const auto line = head.substr(start + 2, end == std::string_view::npos ? end : end - start - 2);
        if (line.empty()) break;
        if (auto fault = find_field_fault(line, framing)) return fault;
        start = end;
    }
    if (framing.lengths > 1) return "more than one Content-Length";
    if (framing.codings > 1) return "more than one Transfer-Encoding";
    if (framing.lengths && framing.codings) return "both Content-Length and Transfer-Encoding";
    return std::nullopt;
}

VersionedPath split_version(std::string_view path) {
    if (path.rfind("/v", 0) != 0) return {std::string(path), newest_version};
    const auto end = path.find('/', 1);
    const auto version = parse_version(path.substr(2, end == std::string_view::npos ? end : end - 2));
    if (!version) return {std::string(path), newest_version};
    if (*version < oldest_version)
        fail(Kind::invalid,
             "client version {} is too old. Minimum supported API version is {}, please upgrade your client to a newer "
             "version",
             to_text(*version), to_text(oldest_version));
    if (*version > newest_version)
        fail(Kind::invalid, "client version {} is too new. Maximum supported API version is {}", to_text(*version),
             to_text(newest_version));
    return {std::string(end == std::string_view::npos ? "/" : path.substr(end)), *version};
}

}  // namespace hoist::api
