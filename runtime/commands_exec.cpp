// SPDX-License-Identifier: Apache-2.0
// exec.
#include <csignal>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "runtime/clone.h"
#include "runtime/command_log.h"
#include "runtime/launch.h"

namespace hoist::runtime {
namespace {

/// Further capabilities. Root has them by what is permitted; anybody else keeps them over an exec only as ambient ones.
void add_capabilities(Process& process, const std::vector<std::string>& names) {
    const bool root = process.user.uid == 0 && process.user.name.empty();
    for (const auto& name : names) {
        const auto number = capability_number(name);
        if (!number) {  // the specification wants no more
            log_warning(fmt::format("--cap: \"{}\" is not a capability, and is left out", escape_for_terminal(name)));
            continue;
        }
        if (!process.capabilities) process.capabilities.emplace();
        auto& sets = *process.capabilities;
        const std::uint64_t bit = std::uint64_t{1} << *number;
        for (auto* set : {&sets.bounding, &sets.permitted, &sets.effective}) *set |= bit;
        if (!root) sets.inheritable |= bit, sets.ambient |= bit;
    }
}

/// A program looks at the first variable of a name, so there may be no other before it.
void set_variable(std::vector<std::string>& env, const std::string& entry) {
    const std::string start = entry.substr(0, entry.find('=')) + "=";
    std::erase_if(env, [&](const std::string& other) { return other.starts_with(start); });
    env.push_back(entry);
}

/// The container's own process as a pattern for another one.
Process process_from_options(const Config& config, const Arguments& arguments) {
    Process process = config.process;
    process.args.assign(arguments.words().begin() + 1, arguments.words().end());
    if (process.args.empty()) fail(Kind::invalid, "process args cannot be empty: the command to run is missing");
    process.terminal = arguments.has("--tty");
    process.console_rows = process.console_columns = 0;
    process.cwd = arguments.value("--cwd", process.cwd);
    for (const auto& entry : arguments.values("--env")) set_variable(process.env, entry);
    if (arguments.has("--user")) process.user = {.umask = process.user.umask, .name = arguments.value("--user")};
    process.no_new_privileges |= arguments.has("--no-new-privs");
    add_capabilities(process, arguments.values("--cap"));
    return process;
}

/// --process. What it leaves out is as restricted as the container is, never more than that.
Process process_from_file(const Config& config, const std::string& path) {
    Process process = process_from_json(parse_json(read_file(path, 16u << 20), path));
    if (!process.capabilities) process.capabilities = config.process.capabilities;
    if (process.rlimits.empty()) process.rlimits = config.process.rlimits;
    if (!process.oom_score_adj) process.oom_score_adj = config.process.oom_score_adj;
    if (process.apparmor_profile.empty()) process.apparmor_profile = config.process.apparmor_profile;
    if (process.selinux_label.empty()) process.selinux_label = config.process.selinux_label;
    return process;
}

Process process_of(const Config& config, const Arguments& arguments) {
    Process process = arguments.has("--process") ? process_from_file(config, arguments.value("--process"))
                                                 : process_from_options(config, arguments);
    for (const auto& group : arguments.values("--additional-gids")) process.user.group_names.push_back(group);
    process.apparmor_profile = arguments.value("--apparmor", process.apparmor_profile);
    process.selinux_label = arguments.value("--process-label", process.selinux_label);
    return process;
}

ContainerRecord record_to_enter(const StateDirectory& state, const Arguments& arguments) {
    const auto record = state.read(arguments.word(0, "the container's id"));
    const Status status = state.status(record);
    if (status == Status::stopped) fail(Kind::conflict, "cannot exec in a stopped container: {}", record.id);
    if (status == Status::paused && !arguments.has("--ignore-paused"))
        fail(Kind::conflict, "cannot exec in a paused container (resume {} first, or use --ignore-paused)", record.id);
    return record;
}

/// Hands over what the caller asked for: the process's id, and its terminal.
void tell_of(Executed& made, const Arguments& arguments) {
    if (arguments.has("--pid-file"))
        write_file_atomic(arguments.value("--pid-file"), std::to_string(made.pid), 0644, Durable::no);
    if (arguments.has("--console-socket") && made.terminal) {
        send_terminal(arguments.value("--console-socket"), made.terminal);
        made.terminal.reset();
    }
}

int run_in_container(const Invocation& invocation, const Arguments& arguments) {
    const auto& state = invocation.state;
    const auto record = record_to_enter(state, arguments);
    const Config config = state.config_of(record);
    const Fd container = open_recorded_process(record);
    const bool detached = arguments.has("--detach"), socket = arguments.has("--console-socket");
    ExecOptions options;
    options.container_pid = record.pid;
    options.container_pidfd = &container;
    options.cgroup_of_id = record.cgroup_path;
    options.sub_cgroups = arguments.values("--cgroup");
    options.process = process_of(config, arguments);
    options.preserved_fds = preserved_descriptors(invocation, arguments.number("--preserve-fds", 0));
    if (!config.seccomp.is_null()) options.seccomp = cached_seccomp(config.seccomp, state.seccomp_cache());
    options.seccomp_profile = config.seccomp;
    options.listener_state = container_state(config, record.id, record.bundle, "running", record.pid);
    options.personality = config.personality;
    options.memory_policy = config.memory_policy;
    if (options.process.terminal && detached && !socket)
        fail(Kind::invalid, "a detached process with a terminal needs --console-socket");
    if (!detached) hold_signals();
    Executed made = exec_in_container(std::move(options));
    log_debug("container {}: runs further process {}", record.id, made.pid);
    try {
        tell_of(made, arguments);
    } catch (...) {
        signal_process(made.pidfd, SIGKILL);
        reap(made.pid);
        throw;
    }
    return detached ? 0 : wait_in_foreground(made.pid, made.pidfd, std::move(made.terminal));
}

int exec(const Invocation& invocation, const Arguments& arguments) {
    try {
        return run_in_container(invocation, arguments);
    } catch (Error& error) {
        throw error.during("exec failed");
    }
}

}  // namespace

std::vector<Command> exec_commands() {
    constexpr int nothing_ran = 255;  // as runc: the other numbers are the program's own
    return {{"exec",
             "[OPTION...] ID COMMAND [ARGUMENT...] | -p FILE ID",
             "run a further program in a container",
             {{"--process", "-p", "FILE",
               "the process as JSON, as in config.json; other options about it are not looked at"},
              {"--tty", "-t", "", "give it a terminal"},
              {"--user", "-u", "USER", "who it runs as: uid, uid:gid, or names"},
              {"--cwd", "", "DIR", "its working directory"},
              {"--env", "-e", "NAME=VALUE", "add to its environment"},
              {"--cap", "-c", "CAPABILITY", "give it a further capability"},
              {"--additional-gids", "-g", "GROUP", "give it a further group"},
              {"--no-new-privs", "", "", "setuid programs gain it nothing"},
              {"--apparmor", "", "PROFILE", "confine it by this AppArmor profile"},
              {"--process-label", "", "LABEL", "confine it by this SELinux label"},
              {"--cgroup", "", "PATH", "put it in a cgroup below the container's; on v1 [CONTROLLER,...:]PATH"},
              {"--ignore-paused", "", "", "also in a paused container: it runs when that is resumed"},
              {"--detach", "-d", "", "do not wait for it"},
              {"--pid-file", "", "FILE", "where to write its process id"},
              {"--console-socket", "", "SOCKET", "where to send the terminal's master end"},
              {"--preserve-fds", "", "N", "pass N descriptors from 3 on to it"}},
             true,
             1,
             ~std::size_t{0},
             exec,
             nothing_ran,
             true}};
}

}  // namespace hoist::runtime
