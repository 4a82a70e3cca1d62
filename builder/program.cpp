// SPDX-License-Identifier: Apache-2.0
#include "builder/program.h"

#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <memory>

#include "base/error.h"
#include "base/fd.h"

namespace hoist::builder {
namespace {

constexpr std::size_t kept_of_program = 8192;

std::vector<char*> pointers(const std::vector<std::string>& words) {
    std::vector<char*> list;
    for (const auto& word : words) list.push_back(const_cast<char*>(word.c_str()));
    list.push_back(nullptr);
    return list;
}

/// posix_spawn with /dev/null for input and a pipe for output; all else is close-on-exec.
pid_t spawn(const std::vector<std::string>& command, const std::vector<std::string>& environment, const Fd& output) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    const std::unique_ptr<posix_spawn_file_actions_t, int (*)(posix_spawn_file_actions_t*)> free_actions(
        &actions, posix_spawn_file_actions_destroy);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output.get(), 1);
    posix_spawn_file_actions_adddup2(&actions, output.get(), 2);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    const std::unique_ptr<posix_spawnattr_t, int (*)(posix_spawnattr_t*)> free_attributes(&attributes,
                                                                                          posix_spawnattr_destroy);
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    // A group of its own: what it starts itself is killed with it.
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    auto arguments = pointers(command), variables = pointers(environment);
    pid_t pid = -1;
    const int problem = ::posix_spawnp(&pid, arguments[0], &actions, &attributes, arguments.data(), variables.data());
    if (problem == ENOENT) fail(Kind::not_found, "{} is not installed on this host", command.front());
    if (problem != 0) fail_errno(problem, "start {}", command.front());
    return pid;
}

int wait_for(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

ProgramEnd run_program(const std::vector<std::string>& command, const std::vector<std::string>& environment,
                       std::stop_token stop) {
    Pipe pipe = make_pipe();
    const pid_t pid = spawn(command, environment, pipe.write_end);
    pipe.write_end.reset();
    const std::stop_callback killing(stop, [pid] { ::kill(-pid, SIGKILL); });
    ProgramEnd end;
    std::array<char, 4096> part{};
    for (;;) {
        const auto size = ::read(pipe.read_end.get(), part.data(), part.size());
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) break;
        end.output.append(part.data(), static_cast<std::size_t>(size));
        if (end.output.size() > 2 * kept_of_program) end.output.erase(0, end.output.size() - kept_of_program);
    }
    end.status = wait_for(pid);
    if (stop.stop_requested()) fail(Kind::unavailable, "{} was stopped", command.front());
    return end;
}

}  // namespace hoist::builder
