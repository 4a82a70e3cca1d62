// SPDX-License-Identifier: Apache-2.0
#include "runtime/init/report.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/descriptors.h"

namespace hoist::runtime::init {
namespace {

/// One message with at most one descriptor.
void send_message(const Fd& socket, const std::string& text, const Fd& attached) {
    iovec data{const_cast<char*>(text.data()), text.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    if (attached) {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        const int raw = attached.get();
        std::memcpy(CMSG_DATA(header), &raw, sizeof raw);
    }
    check(::sendmsg(socket.get(), &message, MSG_NOSIGNAL), "tell the starter");
}

/// Reads one byte; ends the process when the other side is gone, since then nobody will ever start or reap it.
void wait_for_byte(const Fd& fd) {
    char byte = 0;
    for (;;) {
        const ssize_t got = ::read(fd.get(), &byte, 1);
        if (got == 1) return;
        if (got == 0 || errno != EINTR) ::_exit(1);
    }
}

void wait_until_readable(const Fd& socket, std::chrono::milliseconds limit) {
    pollfd waiting{socket.get(), POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(limit.count()));
    if (ready == 0)
        fail(Kind::timeout, "nothing was heard of the new process for {} s: something inside holds it",
             limit.count() / 1000);
}

}  // namespace

void Reporter::wait_for_hooks() {
    send_message(socket_, "H", Fd());
    wait_for_byte(socket_);
}

void Reporter::ready(const Fd& terminal, Fd report) {
    send_message(socket_, "R", terminal);
    if (!report) return;
    socket_ = std::move(report);
    plain_ = true;
}

void Reporter::wait_for_go() {
    if (go_) wait_for_byte(go_);
    go_.reset();
}

void Reporter::failed(const Error& error) noexcept {
    try {
        const std::string text = std::string("E") + to_string(error.kind()) + "\n" + error.message();
        if (plain_) {
            (void)!::write(socket_.get(), text.data(), text.size());
        } else {
            send_message(socket_, text, Fd());
        }
    } catch (const std::exception&) {  // nobody listens: the exit status has to do
    }
}

void Reporter::move_above(int lowest) {
    for (Fd* fd : {&socket_, &go_}) {
        if (*fd && fd->get() < lowest)
            *fd = Fd(check(::fcntl(fd->get(), F_DUPFD_CLOEXEC, lowest), "move a descriptor"));
    }
}

void Reporter::close_others(int lowest) {
    close_from_except(lowest, socket_.get());
}

void Reporter::close() {
    socket_.reset();
    go_.reset();
}

std::optional<Error> parse_error_report(const std::string& text) {
    const auto end = text.find('\n');
    if (text.empty() || text[0] != 'E' || end == std::string::npos) return std::nullopt;
    return Error(kind_from_string(text.substr(1, end - 1)), text.substr(end + 1));
}

Report receive_report(const Fd& socket, std::optional<std::chrono::milliseconds> limit) {
    if (limit) wait_until_readable(socket, *limit);
    std::array<char, 8192> buffer;
    iovec data{buffer.data(), buffer.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ssize_t got;
    do {
        got = ::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    Report report;
    if (got < 0 && errno == ECONNRESET) return report;  // it ended with a message of ours unread
    check(got, "listen to the container's process");
    if (got == 0) return report;
    report.type = buffer[0];
    report.error = parse_error_report(std::string(buffer.data(), static_cast<std::size_t>(got)));
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS) {
        int raw = -1;
        std::memcpy(&raw, CMSG_DATA(header), sizeof raw);
        report.terminal = Fd(raw);
    }
    return report;
}

}  // namespace hoist::runtime::init
