// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>

#include <string_view>

#include "base/error.h"
#include "base/fail_point.h"
#include "runtime/monitor_protocol.h"
#include "runtime/runtime_process.h"

extern char** environ;

namespace hoist::runtime {
namespace {

constexpr int inherited_socket = 3;

/// posix_spawn's two objects, which want to be destroyed.
struct Recipe {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;

    Recipe() {
        ::posix_spawn_file_actions_init(&files);
        ::posix_spawnattr_init(&attributes);
    }
    ~Recipe() {
        ::posix_spawn_file_actions_destroy(&files);
        ::posix_spawnattr_destroy(&attributes);
    }
    Recipe(const Recipe&) = delete;
    Recipe& operator=(const Recipe&) = delete;
};

/// The socket as 3, nothing on 0, 1 and 2. Descriptors that others left inheritable the monitor closes first thing; not
/// here, since the program's own path may be /proc/self/fd/N.
void describe(Recipe& recipe, const Fd& socket) {
    ::posix_spawn_file_actions_adddup2(&recipe.files, socket.get(), inherited_socket);
    for (const int stream : {0, 1, 2})
        ::posix_spawn_file_actions_addopen(&recipe.files, stream, "/dev/null", O_RDWR, 0);
    ::posix_spawn_file_actions_addchdir_np(&recipe.files, "/");
    sigset_t all, none;
    ::sigfillset(&all);
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigdefault(&recipe.attributes, &all);
    ::posix_spawnattr_setsigmask(&recipe.attributes, &none);
    ::posix_spawnattr_setflags(&recipe.attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
}

std::vector<char*> own_environment() {
    std::vector<char*> kept;
    for (char** entry = environ; *entry; ++entry)
        if (std::string_view(*entry).starts_with("HOIST_")) kept.push_back(*entry);
    kept.push_back(nullptr);
    return kept;
}

}  // namespace

RuntimeProcess spawn_runtime(const std::string& runtime_program, std::vector<std::string> words) {
    int ends[2];
    check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), "make a socket for {}",
          runtime_program);
    RuntimeProcess process{.socket = Fd(ends[0])};
    const Fd theirs(ends[1]);
    Recipe recipe;
    describe(recipe, theirs);
    std::string program = runtime_program;
    std::vector<char*> arguments = {program.data()};
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const int code = ::posix_spawn(&process.pid, program.c_str(), &recipe.files, &recipe.attributes, arguments.data(),
                                   own_environment().data());
    if (code != 0) fail_errno(code, "start {} {}", program, words.front());
    fail_point("runtime-spawned");
    process.pidfd = open_pidfd(process.pid);
    return process;
}

LaunchedMonitor launch_monitor(const std::string& runtime_program, const std::string& run_directory) {
    auto process = spawn_runtime(runtime_program, {"monitor", run_directory});
    fail_point("monitor-launched");
    return {process.pid, std::move(process.pidfd), std::move(process.socket)};
}

}  // namespace hoist::runtime
