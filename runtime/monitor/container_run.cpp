// SPDX-License-Identifier: Apache-2.0
#include "runtime/monitor/container_run.h"

#include <sys/wait.h>

#include "base/error.h"
#include "base/file.h"
#include "runtime/monitor/oom_watch.h"
#include "runtime/monitor/process_setup.h"

namespace hoist::runtime {
namespace {

/// waitid(2) for a process that has exited.
siginfo_t reap(const Fd& pidfd) {
    siginfo_t info{};
    while (::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, WEXITED) != 0)
        if (errno != EINTR) fail_errno(errno, "wait for process 1");
    return info;
}

std::uint64_t count_oom_kills(const Cgroup& cgroup) {
    try {
        return cgroup.oom_kills();
    } catch (const Error&) {  // no memory controller
        return 0;
    }
}

/// Process 1 took its pid namespace along; this is for what shared another's.
void kill_rest(const Cgroup& cgroup) {
    try {
        if (!cgroup.processes().empty()) cgroup.kill_all(SIGKILL);
    } catch (const Error&) {  // no cgroup, nothing to find
    }
}

void remove_quietly(const Cgroup& cgroup) {
    try {
        if (!cgroup.path().empty()) cgroup.remove();
    } catch (const Error&) {  // the error that led here is the one to tell; the next start replaces what is left
    }
}

}  // namespace

MonitorSpec read_monitor_spec(const std::string& run_directory) {
    const std::string path = run_directory + "/spec.json";
    try {
        return monitor_spec_from_json(parse_json(read_file(path, 16 << 20), path));
    } catch (Error& error) {
        throw error.during("read {}", path);
    }
}

SeccompProgram read_seccomp(const std::string& file) {
    if (file.empty()) return {};
    SeccompProgram program{.filter = read_file(file, 1 << 20)};
    if (program.filter.empty() || program.filter.size() % 8 != 0)
        fail(Kind::invalid, "{} is not a seccomp program: {} bytes", file, program.filter.size());
    return program;
}

ContainerRun begin_run(MonitorSpec spec, std::uint64_t number, const Fd* network_namespace, ContainerIo& io) {
    ContainerRun run{.number = number, .cgroups_path = spec.config.cgroups_path, .seccomp_file = spec.seccomp_file};
    // The monitor's own protection is not for the container. (REL-11)
    if (!spec.config.process.oom_score_adj) spec.config.process.oom_score_adj = inherited_oom_score();
    run.oom_score_adj = spec.config.process.oom_score_adj;
    const bool limited = spec.config.resources.memory_limit.has_value();
    Created created;
    try {
        CreateOptions options{.stdio = io.prepare(spec), .seccomp = read_seccomp(spec.seccomp_file)};
        options.config = std::move(spec.config);
        options.root = std::move(spec.root);
        options.id = spec.id.str();
        options.init = spec.init;
        if (network_namespace) options.network_namespace = network_namespace->duplicate();
        created = create_container(std::move(options));
        run.oom_kills_before = run.oom_kills_seen = count_oom_kills(created.cgroup);
        if (limited) run.oom_watch = open_oom_watch(created.cgroup);
        run.started_at = now();
        start_container(created);
        run.pid = created.pid;
        run.pidfd = std::move(created.pidfd);
        run.terminal = std::move(created.terminal);
        run.cgroup = std::move(created.cgroup);
    } catch (...) {
        io.abandon();
        remove_quietly(created.cgroup);
        throw;
    }
    return run;
}

ExitRecord end_run(ContainerRun& run, ContainerIo& io) {
    ExitRecord record{.run = run.number, .started_at = run.started_at};
    const siginfo_t info = reap(run.pidfd);
    record.finished_at = now();
    record.signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
    record.code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    record.oom_killed = was_oom_killed(run);
    kill_rest(run.cgroup);
    io.end();
    return record;
}

bool was_oom_killed(const ContainerRun& run) {
    return count_oom_kills(run.cgroup) > run.oom_kills_before;
}

int exit_code_of_failed_start(const std::string& message) {
    const auto says = [&](const char* words) { return message.find(words) != std::string::npos; };
    if (says("executable file not found") || says("No such file or directory")) return 127;
    if (says("Permission denied") || says("Exec format error") || says("Is a directory")) return 126;
    return 128;
}

}  // namespace hoist::runtime
