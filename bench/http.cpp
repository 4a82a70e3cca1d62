// SPDX-License-Identifier: Apache-2.0
#include "bench/http.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace hoist::bench {
namespace {

/// Value of a header, lower-cased text; empty if absent.
std::string header(const std::string& head, const std::string& name) {
    for (const auto& line : split(head, '\n'))
        if (starts_with_ignoring_case(line, name + ":")) return std::string(trim(line.substr(name.size() + 1)));
    return "";
}

}  // namespace

void Connection::connect() {
    socket_ = Fd(check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "make a socket"));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    check(::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), "connect to {}", path_);
    buffer_.clear();
}

std::string Connection::read_answer(int& status) {
    const auto more = [&] {
        char bytes[65536];
        const ssize_t got = check(::read(socket_.get(), bytes, sizeof bytes), "read the answer");
        if (got == 0) fail(Kind::unavailable, "the daemon closed the connection");
        buffer_.append(bytes, static_cast<std::size_t>(got));
    };
    while (buffer_.find("\r\n\r\n") == std::string::npos) more();
    const auto end = buffer_.find("\r\n\r\n") + 4;
    const std::string head = buffer_.substr(0, end);
    buffer_.erase(0, end);
    status = std::stoi(head.substr(9, 3));
    std::string body;
    if (status == 204 || status == 304) return body;
    if (header(head, "transfer-encoding") == "chunked") {
        for (;;) {
            while (buffer_.find("\r\n") == std::string::npos) more();
            const auto size = std::stoul(buffer_, nullptr, 16);
            const auto line = buffer_.find("\r\n") + 2;
            while (buffer_.size() < line + size + 2) more();
            body += buffer_.substr(line, size);
            buffer_.erase(0, line + size + 2);
            if (size == 0) return body;
        }
    }
    const auto length = std::stoul("0" + header(head, "content-length"));
    while (buffer_.size() < length) more();
    body = buffer_.substr(0, length);
    buffer_.erase(0, length);
    return body;
}

void Connection::send(const std::string& method, const std::string& target, const Json& body) {
    if (!socket_) connect();
    const std::string text = body.is_null() ? "" : body.dump();
    std::string message = fmt::format("{} {} HTTP/1.1\r\nHost: hoist\r\n", method, target);
    if (!text.empty()) message += "Content-Type: application/json\r\n";
    message += fmt::format("Content-Length: {}\r\n\r\n{}", text.size(), text);
    write_all(socket_, message, "request");
}

Json Connection::request(const std::string& method, const std::string& target, const Json& body) {
    send(method, target, body);
    int status = 0;
    const std::string answer = read_answer(status);
    if (status >= 400) fail(Kind::internal, "{} {}: status {}: {}", method, target, status, answer);
    return answer.empty() ? Json() : Json::parse(answer, nullptr, false);
}

void Connection::request_stream(const std::string& target, const Json& body) {
    send("POST", target, body);
    std::string all;
    char bytes[65536];
    for (ssize_t got; (got = check(::read(socket_.get(), bytes, sizeof bytes), "read the stream")) > 0;)
        all.append(bytes, static_cast<std::size_t>(got));
    socket_.reset();
    buffer_.clear();
    if (!all.starts_with("HTTP/1.1 200") && !all.starts_with("HTTP/1.1 101"))
        fail(Kind::internal, "{}: {}", target, all);
}

bool Connection::answers(const std::string& path) {
    try {
        Connection connection(path);
        connection.request("GET", "/_ping");
        return true;
    } catch (const Error&) {
        return false;
    }
}

}  // namespace hoist::bench
