// SPDX-License-Identifier: Apache-2.0
#include "runtime/init/report.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/descriptors.h"
#include "base/text.h"

namespace hoist::runtime::init {
namespace {

constexpr std::size_t longest_text = 4000;  // one write to a FIFO of up to 4096 bytes is never torn

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

[[noreturn]] void give_up(std::chrono::milliseconds limit) {
    fail(Kind::timeout, "nothing was heard of the new process for {} s: something inside holds it",
         limit.count() / 1000);
}

void wait_until_readable(const Fd& socket, std::chrono::milliseconds limit) {
    pollfd waiting{socket.get(), POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(limit.count()));
    if (ready == 0) give_up(limit);
}

/// An 'E' message's content. Whoever can trace the sender may have written it.
std::optional<Error> parse_error_report(std::string_view text) {
    const auto end = text.find('\n');
    if (text.empty() || text[0] != 'E' || end == std::string_view::npos) return std::nullopt;
    return Error(kind_from_string(std::string(text.substr(1, end - 1))),
                 escape_for_terminal(text.substr(end + 1, longest_text)));
}

/// What stands in the channel. @throws the Error that it is
void read_report(const Fd& channel) {
    std::array<char, 8192> buffer;
    ssize_t got;
    do {
        got = ::read(channel.get(), buffer.data(), buffer.size());
    } while (got < 0 && errno == EINTR);
    if (got < 0 && errno != ECONNRESET && errno != EAGAIN) fail_errno(errno, "listen to the container's process");
    if (got <= 0) return;
    if (const auto error = parse_error_report({buffer.data(), static_cast<std::size_t>(got)})) throw *error;
}

bool runs_another_program(const Starting& process) {
    const auto now = program_of(process.pid);
    return now && process.ours && *now != *process.ours;
}

}  // namespace

void Reporter::wait_for_hooks() {
    send_message(socket_, "H", Fd());
    wait_for_byte(socket_);
}

void Reporter::ready(const Fd& terminal) {
    send_message(socket_, "R", terminal);
}

void Reporter::keep_fifos(Fd start, Fd report) {
    start_fifo_ = std::move(start);
    report_fifo_ = std::move(report);
}

void Reporter::use_fifos() {
    if (start_fifo_) go_ = std::move(start_fifo_);
    if (!report_fifo_) return;
    socket_ = std::move(report_fifo_);
    plain_ = true;
}

void Reporter::start_by(Fd pipe) {
    go_ = std::move(pipe);
    start_fifo_.reset();
}

void Reporter::wait_for_go() {
    if (go_) wait_for_byte(go_);
    go_.reset();
}

void Reporter::wait_for_go_while_read(const Fd& pipe) {
    for (;;) {
        std::array<pollfd, 2> waiting{{{go_.get(), POLLIN, 0}, {pipe.get(), 0, 0}}};
        if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;
        if (waiting[1].revents) ::_exit(0);
        if (waiting[0].revents) return wait_for_go();
    }
}

void Reporter::failed(const Error& error) noexcept {
    try {
        const std::string text =
            (std::string("E") + to_string(error.kind()) + "\n" + error.message()).substr(0, longest_text);
        if (plain_) {
            (void)!::write(socket_.get(), text.data(), text.size());
        } else {
            send_message(socket_, text, Fd());
        }
    } catch (const std::exception&) {  // nobody listens: the exit status has to do
    }
}

void Reporter::move_above(int lowest) {
    for (Fd* fd : own()) {
        if (*fd && fd->get() < lowest)
            *fd = Fd(check(::fcntl(fd->get(), F_DUPFD_CLOEXEC, lowest), "move a descriptor"));
    }
}

void Reporter::close_others(int lowest, int also_kept) {
    std::vector<int> kept;
    if (also_kept >= 0) kept.push_back(also_kept);
    for (const Fd* fd : own()) {
        if (*fd) kept.push_back(fd->get());
    }
    close_from_except(lowest, std::move(kept));
}

void Reporter::close() {
    for (Fd* fd : own()) fd->reset();
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
    report.error = parse_error_report({buffer.data(), static_cast<std::size_t>(got)});
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS) {
        int raw = -1;
        std::memcpy(&raw, CMSG_DATA(header), sizeof raw);
        report.terminal = Fd(raw);
    }
    return report;
}

void await_program(const Fd& channel, const Starting& process, std::optional<std::chrono::milliseconds> limit) {
    constexpr std::chrono::milliseconds between_looks(50);
    const auto start = std::chrono::steady_clock::now();
    for (;;) {
        std::array<pollfd, 2> waiting{{{channel.get(), POLLIN, 0}, {process.pidfd.get(), POLLIN, 0}}};
        const int ready = ::poll(waiting.data(), waiting.size(), static_cast<int>(between_looks.count()));
        if (ready < 0 && errno != EINTR) fail_errno(errno, "wait for the container's program");
        if (ready > 0 && waiting[0].revents) return read_report(channel);
        if ((ready > 0 && waiting[1].revents) || runs_another_program(process)) return;
        if (limit && std::chrono::steady_clock::now() - start > *limit) give_up(*limit);
    }
}

}  // namespace hoist::runtime::init
