// SPDX-License-Identifier: Apache-2.0
// Hooks of the OCI life cycle.
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>

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

void run_hook(const Hook& hook, const std::string& state) {
    // A file, not a pipe: a hook that does not read its input must not hold us up.
    const Fd input(
        check(static_cast<int>(::memfd_create("state", MFD_CLOEXEC)), "write the state for hook {}", hook.path));
    write_all(input, state, "the state for a hook");
    ::lseek(input.get(), 0, SEEK_SET);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, input.get(), 0);
    const std::vector<std::string> own_name = {hook.path};
    auto argv = pointers(hook.args.empty() ? own_name : hook.args), envp = pointers(hook.env);
    pid_t pid = -1;
    const int code = ::posix_spawn(&pid, hook.path.c_str(), &actions, nullptr, argv.data(), envp.data());
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
        fail(Kind::internal, "hook {} failed with {} {}", hook.path, WIFEXITED(status) ? "status" : "signal",
             WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

}  // namespace

Json container_state(const Config& config, const std::string& id, const std::string& bundle, const char* status,
                     pid_t pid) {
    return {{"ociVersion", config.oci_version}, {"id", id}, {"status", status}, {"pid", pid}, {"bundle", bundle},
            {"annotations", config.annotations}};
}

void run_hooks(const std::vector<Hook>& hooks, const Json& state) {
    const std::string text = state.dump();
    for (const auto& hook : hooks) run_hook(hook, text);
}

}  // namespace hoist::runtime
