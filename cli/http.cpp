// SPDX-License-Identifier: Apache-2.0
#include "cli/http.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <charconv>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "wire/errors.h"

namespace hoist::cli {
namespace {

constexpr std::size_t largest_head = 64 * 1024;

std::optional<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return std::nullopt;
    path.copy(address.sun_path, path.size());
    return address;
}

/// @return false if the daemon has closed its end
bool try_send(const Fd& socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) return false;
        if (sent < 0) fail_errno(errno, "send to the daemon");
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

void send_all(const Fd& socket, std::string_view bytes) {
    if (!try_send(socket, bytes)) fail(Kind::unavailable, "the daemon closed the connection");
}

/// Receives once. @return 0 at the end of the connection
std::size_t receive(const Fd& socket, char* to, std::size_t size) {
    for (;;) {
        const auto got = ::recv(socket.get(), to, size, 0);
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno == ECONNRESET) return 0;
        if (errno != EINTR) fail_errno(errno, "receive from the daemon");
    }
}

/// The value of a header field, or nothing.
std::optional<std::string> field(std::string_view head, std::string_view name) {
    for (const auto& line : split(head, '\n')) {
        const auto colon = line.find(':');
        if (colon == name.size() && starts_with_ignoring_case(line, name))
            return std::string(trim(std::string_view(line).substr(colon + 1)));
    }
    return std::nullopt;
}

BodyDecoder decoder_for(std::string_view head, const std::string& method, int status) {
    if (method == "HEAD" || status == 204 || status == 304) return BodyDecoder::sized(0);
    if (field(head, "transfer-encoding")) return BodyDecoder::chunked();
    const auto length = field(head, "content-length");
    if (!length) return BodyDecoder::to_end();
    std::uint64_t size = 0;
    std::from_chars(length->data(), length->data() + length->size(), size);
    return BodyDecoder::sized(size);
}

std::string request_head(const std::string& method, const std::string& target) {
    return fmt::format("{} {} HTTP/1.1\r\nHost: hoist\r\nUser-Agent: hoist/" HOIST_VERSION "\r\n", method, target);
}

}  // namespace

std::optional<std::string> Answer::header(std::string_view name) const {
    return field(head_, name);
}

bool Answer::read_some(std::string& to) {
    if (!early_.empty()) {
        decoder_.feed(std::exchange(early_, {}), to);
        return !decoder_.done();
    }
    if (decoder_.done()) return false;
    static std::array<char, 128 << 10> part;  // no page of it is touched that is not needed
    const auto size = receive(socket_, part.data(), part.size());
    if (size == 0) {
        if (!decoder_.may_end()) fail(Kind::unavailable, "the daemon closed the connection in the middle of an answer");
        return false;
    }
    decoder_.feed({part.data(), size}, to);
    return !decoder_.done();  // who polls the connection would wait for more in vain
}

std::string Answer::read_all() {
    std::string body;
    while (read_some(body)) {
    }
    return body;
}

std::string Answer::take_early() {
    return std::exchange(early_, {});
}

int Client::try_connect() const {
    const auto address = address_of(path_);
    if (!address) return ENAMETOOLONG;
    const Fd socket(check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "make a socket"));
    const auto* generic = reinterpret_cast<const sockaddr*>(&*address);
    return ::connect(socket.get(), generic, sizeof *address) == 0 ? 0 : errno;
}

Fd Client::connect() const {
    const auto address = address_of(path_);
    if (!address) fail(Kind::invalid, "connect to {}: the path is too long for a socket", path_);
    Fd socket(check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "make a socket"));
    check(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address),
          "connect to the daemon at {}", path_);
    return socket;
}

Answer Client::open(const std::string& method, const std::string& target, const std::optional<Json>& body,
                    bool upgrade, const std::string& fields) const {
    std::string request = request_head(method, target) + fields;
    if (upgrade) request += "Connection: Upgrade\r\nUpgrade: tcp\r\n";
    if (body) {
        const std::string text = wire::dump(*body);
        request += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n", text.size()) + text;
    } else {
        request += method == "POST" ? "Content-Length: 0\r\n\r\n" : "\r\n";
    }
    Fd socket = connect();
    send_all(socket, request);
    return read_head(std::move(socket), method);
}

Answer Client::read_head(Fd socket, const std::string& method) const {
    std::string bytes;
    std::array<char, 16384> part;
    std::size_t end = std::string::npos;
    while ((end = bytes.find("\r\n\r\n")) == std::string::npos) {
        const auto size = receive(socket, part.data(), part.size());
        if (size == 0 || bytes.size() > largest_head) fail(Kind::unavailable, "the daemon closed the connection");
        bytes.append(part.data(), size);
    }
    const std::string head = bytes.substr(0, end + 2);
    Answer answer;
    const auto blank = head.find(' ');
    if (head.rfind("HTTP/1.", 0) != 0 || blank == std::string::npos)
        fail(Kind::internal, "what listens at {} does not speak HTTP", path_);
    answer.status = std::atoi(head.c_str() + blank + 1);
    answer.upgraded = answer.status == 101;
    answer.decoder_ = answer.upgraded ? BodyDecoder::to_end() : decoder_for(head, method, answer.status);
    answer.head_ = head;
    answer.early_ = bytes.substr(end + 4);
    answer.socket_ = std::move(socket);
    return answer;
}

Answer Client::stream(const std::string& method, const std::string& target, const std::optional<Json>& body,
                      bool upgrade, const std::string& fields) const {
    Answer answer = open(method, target, body, upgrade, fields);
    if (answer.status >= 400) throw wire::error_from(answer.status, answer.read_all());
    return answer;
}

Json Client::call(const std::string& method, const std::string& target, const std::optional<Json>& body) const {
    Answer answer = stream(method, target, body);
    const std::string text = answer.read_all();
    return trim(text).empty() ? Json() : parse_json(text, "the daemon's answer", 1000);
}

Json Client::upload(const std::string& method, const std::string& target, const Fd& file,
                    const std::function<void(std::uint64_t)>& progress) const {
    const std::string text = upload_text(method, target, file, progress);
    return trim(text).empty() ? Json() : parse_json(trim(text), "the daemon's answer");
}

std::string Client::upload_text(const std::string& method, const std::string& target, const Fd& file,
                                const std::function<void(std::uint64_t)>& progress) const {
    Fd socket = connect();
    send_all(socket,
             request_head(method, target) + "Content-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n");
    std::string part(64 * 1024, '\0');
    std::uint64_t sent = 0;
    for (;;) {
        const auto size = ::read(file.get(), part.data(), part.size());
        if (size < 0 && errno == EINTR) continue;
        check(size, "read what is to be sent");
        const std::string_view bytes(part.data(), static_cast<std::size_t>(size));
        // A daemon that refuses the body has answered and closed: then the answer says why.
        if (!try_send(socket, fmt::format("{:x}\r\n{}\r\n", size, bytes)) || size == 0) break;
        sent += static_cast<std::uint64_t>(size);
        if (progress) progress(sent);
    }
    Answer answer = read_head(std::move(socket), method);
    const std::string text = answer.read_all();
    if (answer.status >= 400) throw wire::error_from(answer.status, text);
    return text;
}

}  // namespace hoist::cli
