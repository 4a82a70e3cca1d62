// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "base/error.h"

namespace hoist::cli {
namespace {

void write_out(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0 && errno == EPIPE) std::_Exit(141);  // as SIGPIPE would have ended it
        if (written < 0) fail_errno(errno, "write output");
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

// What a fatal signal has to put back.
int raw_fd = -1;
termios raw_before;

void restore_and_die(int signal) {
    if (raw_fd >= 0) ::tcsetattr(raw_fd, TCSANOW, &raw_before);
    ::signal(signal, SIG_DFL);
    ::raise(signal);
}

}  // namespace

bool is_terminal(int fd) {
    return ::isatty(fd) == 1;
}

TerminalSize terminal_size(int fd) {
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return {};
    return {size.ws_row, size.ws_col};
}

RawMode::RawMode(int fd) : fd_(fd) {
    check(::tcgetattr(fd_, &before_), "read the terminal's mode");
    raw_before = before_;
    raw_fd = fd_;
    for (const int signal : {SIGTERM, SIGHUP, SIGQUIT}) ::signal(signal, restore_and_die);
    termios raw = before_;
    ::cfmakeraw(&raw);
    check(::tcsetattr(fd_, TCSANOW, &raw), "put the terminal into raw mode");
}

RawMode::~RawMode() {
    ::tcsetattr(fd_, TCSANOW, &before_);
    raw_fd = -1;
}

SignalQueue::SignalQueue(const std::vector<int>& signals) {
    sigset_t wanted;
    ::sigemptyset(&wanted);
    for (const int signal : signals) ::sigaddset(&wanted, signal);
    check(::sigprocmask(SIG_BLOCK, &wanted, &before_), "block signals");
    fd_ = Fd(check(::signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC), "open a signalfd"));
}

SignalQueue::~SignalQueue() {
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

int SignalQueue::next() {
    signalfd_siginfo info{};
    return ::read(fd_.get(), &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
}

void print(std::string_view text) {
    write_out(STDOUT_FILENO, text);
}
void print_error(std::string_view text) {
    write_out(STDERR_FILENO, text);
}

bool use_color(Ansi choice, int fd) {
    if (choice != Ansi::automatic) return choice == Ansi::always;
    const char* refused = std::getenv("NO_COLOR");
    const char* kind = std::getenv("TERM");
    return is_terminal(fd) && !(refused && *refused) && !(kind && std::string_view(kind) == "dumb");
}

}  // namespace hoist::cli
