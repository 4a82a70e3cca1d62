// SPDX-License-Identifier: Apache-2.0
// What probes say and what they understand: the few bytes of HTTP, FastCGI, MySQL and Redis that tell whether a server
// answers. @see RFC 9112; FastCGI Specification 1.0; MySQL "Protocol::HandshakeV10"; Redis RESP "PING"
#include <charconv>

#include "base/text.h"
#include "orchestrator/native_probe.h"

namespace hoist::orchestrator {
namespace {

using compose::Probe;

// What of an answer is looked at; a longer one is judged by its beginning.
constexpr std::size_t longest_answer = 64u << 10;

std::string http_request(const Probe& probe) {
    std::string text = "GET " + (probe.path.empty() ? "/" : probe.path) + " HTTP/1.1\r\n";
    if (!probe.headers.count("Host")) text += "Host: " + probe.host + "\r\n";
    for (const auto& [name, value] : probe.headers) text += name + ": " + value + "\r\n";
    return text + "User-Agent: hoist\r\nConnection: close\r\n\r\n";
}

std::optional<ProbeAnswer> judge_http(const Probe& probe, std::string_view received, bool ended) {
    const auto line_end = received.find("\r\n");
    if (line_end == std::string_view::npos)
        return ended ? std::optional(ProbeAnswer{false, "no HTTP answer"}) : std::nullopt;
    const std::string_view line = received.substr(0, line_end);
    int status = 0;
    const bool is_http = line.starts_with("HTTP/1.") && line.size() >= 12;
    if (is_http) std::from_chars(line.data() + 9, line.data() + 12, status);
    if (status == 0) return ProbeAnswer{false, "not an HTTP answer: " + std::string(line.substr(0, 80))};
    if (status < probe.status_from || status > probe.status_to) return ProbeAnswer{false, std::string(line)};
    if (probe.body.empty()) return ProbeAnswer{true, std::string(line)};
    const auto body = received.find("\r\n\r\n");
    if (body != std::string_view::npos && received.find(probe.body, body) != std::string_view::npos)
        return ProbeAnswer{true, std::string(line)};
    if (!ended && received.size() < longest_answer) return std::nullopt;
    return ProbeAnswer{false, std::string(line) + ", but its body does not hold \"" + probe.body + "\""};
}

// FastCGI: records of eight bytes of head, then content.
std::string record(unsigned char type, std::string_view content) {
    std::string head = {1,
                        static_cast<char>(type),
                        0,
                        1,
                        static_cast<char>(content.size() >> 8),
                        static_cast<char>(content.size() & 0xff),
                        0,
                        0};
    return head.append(content);
}

std::string parameter(std::string_view name, std::string_view value) {
    const auto length = [](std::size_t n) {
        if (n < 128) return std::string(1, static_cast<char>(n));
        return std::string{static_cast<char>(0x80 | (n >> 24)), static_cast<char>(n >> 16), static_cast<char>(n >> 8),
                           static_cast<char>(n)};
    };
    return length(name.size()) + length(value.size()) + std::string(name) + std::string(value);
}

std::string fastcgi_request(const Probe& probe) {
    constexpr unsigned char begin = 1, params = 4, input = 5;
    const std::string responder("\0\1\0\0\0\0\0\0", 8);
    const std::string parameters = parameter("SCRIPT_NAME", probe.path) + parameter("SCRIPT_FILENAME", probe.path) +
                                   parameter("REQUEST_METHOD", "GET") + parameter("REQUEST_URI", probe.path) +
                                   parameter("QUERY_STRING", "") + parameter("SERVER_PROTOCOL", "HTTP/1.1");
    return record(begin, responder) + record(params, parameters.substr(0, 65535)) + record(params, "") +
           record(input, "");
}

std::optional<ProbeAnswer> judge_fastcgi(const Probe& probe, std::string_view received, bool ended) {
    std::string out;
    bool complete = ended;
    for (std::size_t at = 0; at + 8 <= received.size();) {
        const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(received[at + i]); };
        if (byte(0) != 1) return ProbeAnswer{false, "not a FastCGI answer"};
        const std::size_t length = byte(4) * 256u + byte(5), padding = byte(6);
        if (at + 8 + length > received.size()) break;
        if (byte(1) == 6) out.append(received.substr(at + 8, length));
        if (byte(1) == 3) complete = true;
        at += 8 + length + padding;
    }
    if (!complete && received.size() < longest_answer) return std::nullopt;
    if (out.empty()) return ProbeAnswer{false, "no FastCGI answer"};
    int status = 200;
    for (const auto& line : split(out.substr(0, out.find("\r\n\r\n")), '\n'))
        if (starts_with_ignoring_case(line, "status: ") && line.size() >= 11)
            std::from_chars(line.data() + 8, line.data() + 11, status);
    const auto body_at = out.find("\r\n\r\n");
    const std::string body(trim(body_at == std::string::npos ? out : out.substr(body_at + 4)));
    const bool good = status >= probe.status_from && status <= probe.status_to &&
                      (probe.body.empty() || body.find(probe.body) != std::string::npos);
    return ProbeAnswer{good, "status " + std::to_string(status) + ": " + body.substr(0, 200)};
}

/// The server greets: a packet whose payload begins with the protocol's version, or with 0xff and why it refuses.
std::optional<ProbeAnswer> judge_mysql(std::string_view received, bool ended) {
    if (received.size() < 5) return ended ? std::optional(ProbeAnswer{false, "no greeting"}) : std::nullopt;
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(received[i]); };
    const std::size_t length = byte(0) + byte(1) * 256u + byte(2) * 65536u;
    if (received.size() < length + 4 && !ended && received.size() < longest_answer) return std::nullopt;
    const std::string_view payload = received.substr(4, length);
    if (payload.empty() || static_cast<unsigned char>(payload[0]) == 0xff)
        return ProbeAnswer{false,
                           "refused: " + std::string(payload.substr(std::min<std::size_t>(3, payload.size()), 200))};
    if (payload[0] != 10) return ProbeAnswer{false, "not a MySQL greeting"};
    return ProbeAnswer{true, "version " + std::string(payload.substr(1, payload.find('\0', 1) - 1)).substr(0, 100)};
}

std::optional<ProbeAnswer> judge_redis(std::string_view received, bool ended) {
    const auto end = received.find("\r\n");
    if (end == std::string_view::npos)
        return ended || received.size() > 512 ? std::optional(ProbeAnswer{false, "no answer to PING"}) : std::nullopt;
    const std::string line(received.substr(0, end));
    // One that asks for a password is up; one that is loading its data is not.
    return ProbeAnswer{line == "+PONG" || line.starts_with("-NOAUTH"), line.substr(0, 200)};
}

}  // namespace

std::string probe_request(const Probe& probe) {
    switch (probe.type) {
        case Probe::Type::http:
            return http_request(probe);
        case Probe::Type::fastcgi:
            return fastcgi_request(probe);
        case Probe::Type::redis:
            return "PING\r\n";
        default:
            return "";
    }
}

std::optional<ProbeAnswer> judge_probe(const Probe& probe, std::string_view received, bool ended) {
    switch (probe.type) {
        case Probe::Type::http:
            return judge_http(probe, received, ended);
        case Probe::Type::fastcgi:
            return judge_fastcgi(probe, received, ended);
        case Probe::Type::mysql:
            return judge_mysql(received, ended);
        case Probe::Type::redis:
            return judge_redis(received, ended);
        default:
            return ProbeAnswer{true, "connected"};
    }
}

}  // namespace hoist::orchestrator
