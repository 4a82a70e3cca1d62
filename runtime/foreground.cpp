// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>

#include <array>
#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "runtime/clone.h"
#include "runtime/commands.h"

namespace hoist::runtime {
namespace {

/// Our own terminal in raw mode, for one scope.
class RawTerminal {
public:
    RawTerminal() : active_(::tcgetattr(0, &before_) == 0) {
        if (!active_) return;
        termios raw = before_;
        ::cfmakeraw(&raw);
        ::tcsetattr(0, TCSADRAIN, &raw);
    }
    RawTerminal(const RawTerminal&) = delete;
    ~RawTerminal() {
        if (active_) ::tcsetattr(0, TCSADRAIN, &before_);
    }

private:
    termios before_{};
    bool active_;
};

void copy_size(const Fd& terminal) {
    winsize size{};
    if (::ioctl(0, TIOCGWINSZ, &size) == 0) ::ioctl(terminal.get(), TIOCSWINSZ, &size);
}

/// Moves what is there from one descriptor to the other. @return false at the end
bool pump(int from, int to) {
    std::array<char, 16384> buffer;
    const ssize_t got = ::read(from, buffer.data(), buffer.size());
    if (got <= 0) return got < 0 && (errno == EAGAIN || errno == EINTR);
    for (ssize_t done = 0; done < got;) {
        const ssize_t put = ::write(to, buffer.data() + done, static_cast<std::size_t>(got - done));
        if (put < 0 && errno != EINTR) return false;
        if (put > 0) done += put;
    }
    return true;
}

void forward_signals(const Fd& signals, const Fd& pidfd, const Fd& terminal) {
    signalfd_siginfo info{};
    if (::read(signals.get(), &info, sizeof info) != sizeof info) return;
    const int number = static_cast<int>(info.ssi_signo);
    if (number == SIGWINCH && terminal) {
        copy_size(terminal);
    } else if (number != SIGCHLD) {
        signal_process(pidfd, number);
    }
}

/// Relays until the process has ended and, with a terminal, its last output is through.
void relay(const Fd& pidfd, const Fd& signals, const Fd& terminal) {
    enum { process, signal, output, input };
    std::array<pollfd, 4> waiting = {{{pidfd.get(), POLLIN, 0},
                                      {signals.get(), POLLIN, 0},
                                      {terminal.get(), POLLIN, 0},
                                      {terminal ? 0 : -1, POLLIN, 0}}};
    for (;;) {
        if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) return;
        if (waiting[signal].revents) forward_signals(signals, pidfd, terminal);
        if (waiting[output].revents && !pump(terminal.get(), 1)) waiting[output].fd = -1;
        if (waiting[input].revents && !pump(0, terminal.get())) waiting[input].fd = -1;
        if (waiting[process].revents && waiting[output].fd < 0) return;
        if (waiting[process].revents) waiting[process].fd = -1, waiting[process].revents = 0;
        if (waiting[process].fd < 0 && waiting[output].fd < 0) return;
    }
}

}  // namespace

int wait_in_foreground(pid_t pid, const Fd& pidfd, Fd terminal) {
    sigset_t all;
    ::sigfillset(&all);
    for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) ::sigdelset(&all, own);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    const Fd signals(check(::signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK), "listen to signals"));
    if (terminal) {
        const RawTerminal raw;
        copy_size(terminal);
        relay(pidfd, signals, terminal);
    } else {
        relay(pidfd, signals, terminal);
    }
    const int status = reap(pid);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void send_terminal(const std::string& socket_path, const Fd& terminal) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket_path.size() >= sizeof address.sun_path)
        fail(Kind::invalid, "--console-socket {}: the path is too long", socket_path);
    std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);
    const Fd socket(check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "make a socket"));
    check(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), "connect to {}", socket_path);
    char name[] = "/dev/pts/ptmx";
    iovec data{name, sizeof name - 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    const int raw = terminal.get();
    std::memcpy(CMSG_DATA(header), &raw, sizeof raw);
    check(::sendmsg(socket.get(), &message, MSG_NOSIGNAL), "hand the terminal to {}", socket_path);
}

}  // namespace hoist::runtime
