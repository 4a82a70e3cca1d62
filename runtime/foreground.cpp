// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>

#include <array>

#include "base/error.h"
#include "runtime/clone.h"
#include "runtime/commands.h"
#include "runtime/unix_socket.h"

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

/// All that can be forwarded: not what tells of a mistake of our own.
sigset_t forwarded_signals() {
    sigset_t set;
    ::sigfillset(&set);
    for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) ::sigdelset(&set, own);
    return set;
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
void relay(const Fd& pidfd, const Fd& signals, const Fd& terminal, const NotifySocket& notify) {
    enum { process, signal, output, input, ready };
    std::array<pollfd, 5> waiting = {{{pidfd.get(), POLLIN, 0},
                                      {signals.get(), POLLIN, 0},
                                      {terminal.get(), POLLIN, 0},
                                      {terminal ? 0 : -1, POLLIN, 0},
                                      {notify.fd().get(), POLLIN, 0}}};
    // The kernel hands on a terminal's last bytes some time after their writer's end, and tells when that was all: but
    // not while somebody else, outside of a pid namespace, still holds the terminal.
    constexpr int silence_ms = 200;
    bool ended = false;
    for (;;) {
        const int got = ::poll(waiting.data(), waiting.size(), ended ? silence_ms : -1);
        if (got < 0 && errno != EINTR) return;
        if (got == 0) return;
        if (got < 0) continue;
        if (waiting[signal].revents) forward_signals(signals, pidfd, terminal);
        if (waiting[ready].revents && notify.pass_on()) waiting[ready].fd = -1;
        if (waiting[output].revents && !pump(terminal.get(), 1)) waiting[output].fd = -1;
        if (waiting[input].revents && !pump(0, terminal.get())) waiting[input].fd = -1;
        if (waiting[process].revents) {
            ended = true;
            waiting[process].fd = waiting[input].fd = -1;
        }
        if (ended && waiting[output].fd < 0) return;
    }
}

}  // namespace

void hold_signals() {
    const sigset_t set = forwarded_signals();
    ::sigprocmask(SIG_SETMASK, &set, nullptr);
}

int wait_in_foreground(pid_t pid, const Fd& pidfd, Fd terminal, const NotifySocket& notify) {
    hold_signals();
    const sigset_t set = forwarded_signals();
    const Fd signals(check(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), "listen to signals"));
    if (terminal) {
        const RawTerminal raw;
        copy_size(terminal);
        relay(pidfd, signals, terminal, notify);
    } else {
        relay(pidfd, signals, terminal, notify);
    }
    const int status = reap(pid);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void send_terminal(const std::string& socket_path, const Fd& terminal) {
    try {
        send_descriptor(connect_unix(socket_path, SOCK_STREAM), terminal, "/dev/pts/ptmx");
    } catch (Error& error) {
        throw error.during("--console-socket");
    }
}

}  // namespace hoist::runtime
