// SPDX-License-Identifier: Apache-2.0
#include "tests/support/pty_command.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <chrono>

#include "base/error.h"
#include "base/file.h"

namespace hoist::test {

PtyCommand::PtyCommand(const std::vector<std::string>& command, int rows, int columns) {
    std::vector<char*> words;
    for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    const winsize size{static_cast<unsigned short>(rows), static_cast<unsigned short>(columns), 0, 0};
    int master = -1;
    pid_ = check(::forkpty(&master, nullptr, nullptr, &size), "make a terminal");
    if (pid_ == 0) {
        ::execvp(words[0], words.data());
        ::_exit(127);
    }
    master_ = Fd(master);
    ::fcntl(master, F_SETFD, FD_CLOEXEC);
}

PtyCommand::~PtyCommand() {
    if (pid_ > 0) wait(0);
}

void PtyCommand::type(const std::string& keys) {
    write_all(master_, keys, "terminal");
}

void PtyCommand::resize(int rows, int columns) {
    const winsize size{static_cast<unsigned short>(rows), static_cast<unsigned short>(columns), 0, 0};
    check(::ioctl(master_.get(), TIOCSWINSZ, &size), "resize the terminal");
}

std::string PtyCommand::read_until(const std::string& text, int seconds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (seen_.find(text) == std::string::npos) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
        pollfd readable{master_.get(), POLLIN, 0};
        char bytes[4096];
        if (left <= 0 || ::poll(&readable, 1, static_cast<int>(left)) != 1) break;
        const ssize_t got = ::read(master_.get(), bytes, sizeof bytes);
        if (got <= 0) break;  // EIO: the program has gone
        seen_.append(bytes, static_cast<std::size_t>(got));
    }
    return std::exchange(seen_, {});
}

int PtyCommand::wait(int seconds) {
    const Fd pidfd = open_pidfd(pid_);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    for (;;) {  // its output is read meanwhile: a full terminal would hold it up
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
        pollfd both[] = {{pidfd.get(), POLLIN, 0}, {master_.get(), POLLIN, 0}};
        const bool time_up = ::poll(both, master_ ? 2 : 1, static_cast<int>(std::max<long>(left, 0))) == 0;
        if (time_up) ::kill(pid_, SIGKILL);
        if (time_up || both[0].revents) {
            int status = 0;
            ::waitpid(std::exchange(pid_, -1), &status, 0);
            return time_up ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        char bytes[4096];
        const ssize_t got = ::read(master_.get(), bytes, sizeof bytes);
        if (got > 0) seen_.append(bytes, static_cast<std::size_t>(got));
        if (got <= 0) master_.reset();
    }
}

}  // namespace hoist::test
