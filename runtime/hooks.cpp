// SPDX-License-Identifier: Apache-2.0
// Hooks of the OCI life cycle.
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "runtime/clone.h"
#include "runtime/container.h"

namespace hoist::runtime {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (const auto& text : texts) list.push_back(const_cast<char*>(text.c_str()));
    list.push_back(nullptr);
    return list;
}

std::string how_it_ended(int status) {
    if (WIFEXITED(status)) return fmt::format("exit status {}", WEXITSTATUS(status));
    std::string words = ::strsignal(WTERMSIG(status));
    words[0] = static_cast<char>(words[0] | 0x20);
    return fmt::format("signal {}: {}", WTERMSIG(status), words);
}

void run_hook(const Hook& hook, const std::string& state, HookPlace place) {
    // A file, not a pipe: a hook that does not read its input must not hold us up.
    const Fd input(
        check(static_cast<int>(::memfd_create("state", MFD_CLOEXEC)), "write the state for hook {}", hook.path));
    write_all(input, state, "the state for a hook");
    ::lseek(input.get(), 0, SEEK_SET);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, input.get(), 0);
    // Held-back signals of ours (hold_signals) are not the hook's.
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    const std::vector<std::string> own_name = {hook.path};
    auto argv = pointers(hook.args.empty() ? own_name : hook.args), envp = pointers(hook.env);
    pid_t pid = -1;
    // Without an environment of its own a host's program has ours, as with runc and crun.
    const bool inherits = hook.env.empty() && place == HookPlace::host;
    const int code =
        ::posix_spawn(&pid, hook.path.c_str(), &actions, &attributes, argv.data(), inherits ? environ : envp.data());
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (code != 0) fail_errno(code, "run hook {}", hook.path);
    const Fd pidfd = open_pidfd(pid);
    pollfd waiting{pidfd.get(), POLLIN, 0};
    const int limit = hook.timeout_seconds.value_or(0) > 0 ? *hook.timeout_seconds * 1000 : -1;
    const bool late = ::poll(&waiting, 1, limit) == 0;
    if (late) signal_process(pidfd, SIGKILL);
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (late) fail(Kind::timeout, "hook {} did not end within {} s", hook.path, *hook.timeout_seconds);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail(Kind::internal, "error running hook {}: {}", hook.path, how_it_ended(status));
}

}  // namespace

Json container_state(const Config& config, const std::string& id, const std::string& bundle, const char* status,
                     pid_t pid) {
    return {{"ociVersion", config.oci_version}, {"id", id}, {"status", status}, {"pid", pid}, {"bundle", bundle},
            {"annotations", config.annotations}};
}

void run_hooks(const std::vector<Hook>& hooks, const Json& state, HookPlace place) {
    const std::string text = state.dump();
    for (const auto& hook : hooks) run_hook(hook, text, place);
}

}  // namespace hoist::runtime
