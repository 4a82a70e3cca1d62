// SPDX-License-Identifier: Apache-2.0
#include "runtime/monitor/connection.h"

#include "base/error.h"

namespace hoist::runtime {

Connection::Connection(Loop& loop, Fd socket, Handlers handlers)
    : loop_(loop), socket_(std::move(socket)), handlers_(std::move(handlers)) {
    loop_.watch(socket_, EPOLLIN, [this](std::uint32_t events) { on_ready(events); });
}

Connection::~Connection() {
    loop_.unwatch(socket_);
}

bool Connection::send(const Json& body, const std::vector<int>& fds) {
    try {
        if (waiting_.empty() && send_message(socket_, body, fds)) return true;
        Waiting message{.body = body, .fds = {}};
        for (const int fd : fds)
            message.fds.emplace_back(check(::fcntl(fd, F_DUPFD_CLOEXEC, 3), "keep a descriptor for the daemon"));
        waiting_.push_back(std::move(message));
        loop_.change(socket_, EPOLLOUT);
        return true;
    } catch (const Error&) {
        return false;  // its end comes as an event of the socket, too
    }
}

bool Connection::send_waiting() {
    while (!waiting_.empty()) {
        std::vector<int> fds;
        for (const Fd& fd : waiting_.front().fds) fds.push_back(fd.get());
        if (!send_message(socket_, waiting_.front().body, fds)) return true;
        waiting_.pop_front();
    }
    loop_.change(socket_, EPOLLIN);
    return true;
}

bool Connection::receive() {
    auto message = receive_message(socket_);
    if (!message) return false;
    handlers_.message(*this, std::move(*message));
    return true;
}

void Connection::on_ready(std::uint32_t events) {
    try {
        if (events & EPOLLOUT)
            send_waiting();
        else
            receive();
    } catch (const Error&) {  // gone, or it speaks another language
        handlers_.closed(*this);
    }
}

}  // namespace hoist::runtime
