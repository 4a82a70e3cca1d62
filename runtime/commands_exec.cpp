// SPDX-License-Identifier: Apache-2.0
// exec and ps.
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "runtime/commands.h"
#include "runtime/container.h"

namespace hoist::runtime {
namespace {

void add_capabilities(Process& process, const std::vector<std::string>& names) {
    for (const auto& name : names) {
        const auto number = capability_number(name);
        if (!number) fail(Kind::invalid, "--cap: \"{}\" is not a capability", name);
        if (!process.capabilities) process.capabilities.emplace();
        const std::uint64_t bit = std::uint64_t{1} << *number;
        process.capabilities->bounding |= bit;
        process.capabilities->permitted |= bit;
        process.capabilities->effective |= bit;
    }
}

/// The container's own process as a pattern for another one.
Process process_from_options(const Config& config, const Arguments& arguments) {
    Process process = config.process;
    process.args.assign(arguments.words().begin() + 1, arguments.words().end());
    if (process.args.empty()) fail(Kind::invalid, "the command to run is missing");
    process.terminal = arguments.has("--tty");
    process.cwd = arguments.value("--cwd", process.cwd);
    for (const auto& entry : arguments.values("--env")) process.env.push_back(entry);
    if (arguments.has("--user")) process.user.name = arguments.value("--user");
    for (const auto& group : arguments.values("--additional-gids")) process.user.group_names.push_back(group);
    process.no_new_privileges |= arguments.has("--no-new-privs");
    add_capabilities(process, arguments.values("--cap"));
    return process;
}

int exec(const StateDirectory& state, const Arguments& arguments) {
    const auto record = state.read(arguments.word(0, "the container's id"));
    const Status status = state.status(record);
    if (status != Status::running && status != Status::created)
        fail(Kind::conflict, "exec in container {}: it is {}", record.id, to_string(status));
    const Config config = load_bundle(record.bundle);
    const Fd container = open_recorded_process(record);
    ExecOptions options;
    options.container_pid = record.pid;
    options.container_pidfd = &container;
    options.cgroup_of_id = record.cgroup_path;
    options.process = arguments.has("--process")
                          ? process_from_json(parse_json(read_file(arguments.value("--process")), "--process"))
                          : process_from_options(config, arguments);
    for (int n = 0; n < arguments.number("--preserve-fds", 0); ++n) options.preserved_fds.push_back(3 + n);
    if (!config.seccomp.is_null()) options.seccomp = cached_seccomp(config.seccomp, state.seccomp_cache());
    const bool detached = arguments.has("--detach"), socket = arguments.has("--console-socket");
    if (options.process.terminal && detached && !socket)
        fail(Kind::invalid, "a detached process with a terminal needs --console-socket");
    Executed made = exec_in_container(std::move(options));
    if (arguments.has("--pid-file"))
        write_file_atomic(arguments.value("--pid-file"), std::to_string(made.pid), 0644, Durable::no);
    if (socket && made.terminal) {
        send_terminal(arguments.value("--console-socket"), made.terminal);
        made.terminal.reset();
    }
    return detached ? 0 : wait_in_foreground(made.pid, made.pidfd, std::move(made.terminal));
}

std::string command_of(pid_t pid) {
    auto text = read_file_if_exists(fmt::format("/proc/{}/cmdline", pid)).value_or("");
    for (char& letter : text) {
        if (letter == '\0') letter = ' ';
    }
    return escape_for_terminal(trim(text));
}

int ps(const StateDirectory& state, const Arguments& arguments) {
    const auto record = state.read(arguments.word(0, "the container's id"));
    const auto pids = Cgroup::open(CgroupLayout::host(), record.cgroup_path).processes();
    if (arguments.value("--format") == "json") {
        fmt::print("{}\n", Json(pids).dump());
        return 0;
    }
    fmt::print("{:<9} {}\n", "PID", "COMMAND");
    for (const pid_t pid : pids) fmt::print("{:<9} {}\n", pid, command_of(pid));
    return 0;
}

}  // namespace

std::vector<Command> exec_commands() {
    return {{"exec",
             {{"--process", "-p", true},
              {"--tty", "-t", false},
              {"--user", "-u", true},
              {"--cwd", "", true},
              {"--env", "-e", true},
              {"--cap", "-c", true},
              {"--additional-gids", "-g", true},
              {"--no-new-privs", "", false},
              {"--detach", "-d", false},
              {"--pid-file", "", true},
              {"--console-socket", "", true},
              {"--preserve-fds", "", true}},
             true,
             exec},
            {"ps", {{"--format", "-f", true}}, true, ps}};
}

}  // namespace hoist::runtime
