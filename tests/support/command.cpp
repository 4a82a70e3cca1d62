// SPDX-License-Identifier: Apache-2.0
// Running programs from tests.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "tests/support/test_host.h"

extern char** environ;

namespace hoist::test {
namespace {

pid_t spawn(const std::vector<std::string>& command, int in, int out, int err) {
    std::vector<char*> words;
    for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in, 0);
    ::posix_spawn_file_actions_adddup2(&actions, out, 1);
    ::posix_spawn_file_actions_adddup2(&actions, err, 2);
    pid_t pid = -1;
    const int code = ::posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (code != 0) fail_errno(code, "run {}", command[0]);
    return pid;
}

Fd memory_file(const std::string& content) {
    Fd fd(check(static_cast<int>(::syscall(SYS_memfd_create, "input", 1u)), "make a memory file"));
    write_all(fd, content, "memory file");
    ::lseek(fd.get(), 0, SEEK_SET);
    return fd;
}

}  // namespace

Outcome run(const std::vector<std::string>& command, int seconds, const std::string& input) {
    // Files, not pipes: a daemon that the program leaves behind may hold its output open.
    const Fd in = memory_file(input), out = memory_file(""), err = memory_file("");
    const pid_t pid = spawn(command, in.get(), out.get(), err.get());
    const Fd pidfd = open_pidfd(pid);
    pollfd ready{pidfd.get(), POLLIN, 0};
    // A bound against waiting for ever, not a claim: hosts' speeds differ by more than this.
    seconds *= 4;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    int got = 0;
    do {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        got = ::poll(&ready, 1, static_cast<int>(std::max<long>(left.count(), 0)));
    } while (got < 0 && errno == EINTR);
    if (got == 0) ::kill(pid, SIGKILL);
    int status = 0;
    ::waitpid(pid, &status, 0);
    Outcome outcome;
    outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    ::lseek(out.get(), 0, SEEK_SET);
    ::lseek(err.get(), 0, SEEK_SET);
    outcome.out = read_all(out, 1u << 30);
    outcome.err = read_all(err, 1u << 30);
    if (got == 0) fail(Kind::timeout, "{}: no end within {} s; {}{}", command[0], seconds, outcome.out, outcome.err);
    return outcome;
}

std::string sh(const std::string& line, int seconds) {
    const auto done = run({"sh", "-c", line}, seconds);
    EXPECT_EQ(done.status, 0) << line << "\n" << done.out << done.err;
    return done.out;
}

}  // namespace hoist::test
