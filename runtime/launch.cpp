// SPDX-License-Identifier: Apache-2.0
#include "runtime/launch.h"

#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/units.h"
#include "runtime/clone.h"
#include "runtime/command_log.h"
#include "runtime/namespaces.h"

namespace hoist::runtime {
namespace {

Fd make_fifo(const std::string& path) {
    check(::mkfifo(path.c_str(), 0600), "make {}", path);
    return open_file(path, O_RDWR);  // both ends, so that neither open blocks and no end-of-file comes early
}

/// --config, from the bundle.
std::string config_path(const Arguments& arguments, const std::string& bundle) {
    const std::string path = arguments.value("--config", "config.json");
    return path[0] == '/' ? path : bundle + "/" + path;
}

/// Sockets that systemd listens on for this program are meant for the container's process 1. @return how many
int pass_on_listen_fds(Process& process) {
    const char* text = std::getenv("LISTEN_FDS");
    const int count = text ? std::atoi(text) : 0;
    if (count <= 0) return 0;
    process.env.push_back("LISTEN_FDS=" + std::to_string(count));
    process.env.push_back("LISTEN_PID=1");
    if (const char* names = std::getenv("LISTEN_FDNAMES"))
        process.env.push_back(std::string("LISTEN_FDNAMES=") + names);
    return count;
}

void look_at_present_cgroup(const std::string& path) {
    const auto present = Cgroup::open(CgroupLayout::host(), path);
    if (present.frozen()) fail(Kind::conflict, "container's cgroup unexpectedly frozen: {}", path);
    const auto count = present.processes().size();
    if (count > 0) log_warning(fmt::format("container's cgroup is not empty: {} processes are in {}", count, path));
}

}  // namespace

std::string absolute_path(const std::string& path) {
    if (!path.empty() && path[0] == '/') return clean_path(path);
    char here[4096];
    if (!::getcwd(here, sizeof here)) fail_errno(errno, "find the working directory");
    return clean_path(std::string(here) + "/" + path);
}

std::vector<int> preserved_descriptors(const Invocation& invocation, int count) {
    std::vector<int> fds;
    for (int fd = 3; fd < 3 + count; ++fd) {
        const auto& open = invocation.inherited;
        fds.push_back(std::find(open.begin(), open.end(), fd) != open.end() ? fd : -1);
    }
    while (!fds.empty() && fds.back() < 0) fds.pop_back();
    return fds;
}

void run_poststop_hooks(const Config& config, const std::string& id, const std::string& bundle) {
    if (config.hooks.poststop.empty()) return;
    const Json state = container_state(config, id, bundle, "stopped", 0);
    for (const auto& hook : config.hooks.poststop) {
        try {
            run_hooks({hook}, state);
        } catch (const Error& problem) {
            log_warning(problem.message());
        }
    }
}

Launch::Launch(const Invocation& invocation, const Arguments& arguments, bool detached)
    : invocation_(invocation),
      arguments_(arguments),
      detached_(detached),
      id_(arguments.word(0, "the container's id")),
      bundle_(absolute_path(arguments.value("--bundle", "."))) {
    const std::string path = config_path(arguments, bundle_);
    config_text_ = read_file(path, 16u << 20);
    config_ = read_config(config_text_, path, bundle_);
    check_terminal();
}

void Launch::check_terminal() const {
    const bool terminal = config_.process.terminal, socket = arguments_.has("--console-socket");
    if (terminal && detached_ && !socket)
        fail(Kind::invalid, "process.terminal: a container that is left to itself needs --console-socket");
    if (!terminal && socket) fail(Kind::invalid, "--console-socket is for containers with process.terminal");
    if (!detached_ && socket)
        fail(Kind::invalid, "--console-socket is for containers that are left to themselves (-d)");
}

CreateOptions Launch::options() {
    CreateOptions made;
    made.config = config_;
    made.id = id_;
    made.bundle = bundle_;
    made.no_pivot = arguments_.has("--no-pivot");
    made.keep_keyring = arguments_.has("--no-new-keyring");
    const int sockets = pass_on_listen_fds(made.config.process);
    made.preserved_fds = preserved_descriptors(invocation_, sockets + arguments_.number("--preserve-fds", 0));
    if (!config_.seccomp.is_null()) made.seccomp = cached_seccomp(config_.seccomp, invocation_.state.seccomp_cache());
    notify_ = NotifySocket::make(invocation_.state.of(id_), made.config);
    made.without_cgroup = invocation_.cgroup_manager == CgroupManager::disabled;
    choose_cgroup(made);
    return made;
}

/// Who names a cgroup looks for the container there in every hierarchy, and may have put others there too.
void Launch::choose_cgroup(CreateOptions& options) {
    if (invocation_.cgroup_manager == CgroupManager::systemd) {
        scope_ = SystemdScope::start(config_.cgroups_path, id_, config_.resources);
        options.config.cgroups_path = scope_.cgroup_path();
        options.existing_cgroup = Existing::adopt;
    } else if (!config_.cgroups_path.empty()) {
        look_at_present_cgroup(config_.cgroups_path);
        options.existing_cgroup = Existing::share;
    }
    options.cgroup_everywhere = !options.config.cgroups_path.empty();
    // In a pid namespace of its own, nothing of the container outlives its process 1.
    const Namespace* pids = find_namespace(config_, NamespaceType::pid);
    if (options.existing_cgroup != Existing::refuse && pids && pids->path.empty()) leftovers_ = Leftovers::leave;
}

void Launch::build(bool by_another_process) {
    CreateOptions made = options();
    const std::string directory = invocation_.state.of(id_);
    if (by_another_process) {
        made.start_fifo = make_fifo(directory + "/start.fifo");
        made.report_fifo = make_fifo(directory + "/report.fifo");
    }
    created_ = create_container(std::move(made));
    scope_.release();
    log_debug("container {}: process {} waits for its start in cgroup {}", id_, created_.pid, created_.cgroup.path());
    hand_over_terminal();
    record();
}

void Launch::create(bool by_another_process) {
    invocation_.state.reserve(id_);
    if (!detached_) hold_signals();
    try {
        build(by_another_process);
    } catch (...) {
        undo();
        throw;
    }
}

void Launch::record() const {
    ContainerRecord made;
    made.id = id_;
    made.bundle = bundle_;
    made.rootfs = config_.root_path;
    made.cgroup_path = created_.cgroup.path();
    made.scope = scope_.name();
    made.cache_group = created_.cache_group;
    made.leftovers = leftovers_;
    made.created = format_time(now());
    made.pid = created_.pid;
    made.start_time = process_start_time(created_.pid);
    made.runtime = program_of(::getpid());
    made.annotations = config_.annotations;
    invocation_.state.write(made, config_text_);
    if (arguments_.has("--pid-file"))
        write_file_atomic(arguments_.value("--pid-file"), std::to_string(created_.pid), 0644, Durable::no);
}

void Launch::hand_over_terminal() {
    if (!arguments_.has("--console-socket") || !created_.terminal) return;
    send_terminal(arguments_.value("--console-socket"), created_.terminal);
    created_.terminal.reset();
}

void Launch::start() {
    try {
        notify_.listen();
        start_container(created_);
        log_debug("container {}: its program runs", id_);
        if (detached_) notify_.wait_until_ready(created_.pidfd);
        if (config_.hooks.poststart.empty()) return;
        run_hooks(config_.hooks.poststart, container_state(config_, id_, bundle_, "running", created_.pid));
    } catch (...) {
        undo();
        throw;
    }
}

int Launch::finish(bool keep) {
    const int code = wait_in_foreground(created_.pid, created_.pidfd, std::move(created_.terminal), notify_);
    created_.pid = -1;
    if (keep) return code;
    created_.cgroup.remove(leftovers_);
    scope_.stop();
    if (!created_.cache_group.empty()) ::rmdir(created_.cache_group.c_str());
    invocation_.state.remove(id_);
    run_poststop_hooks(config_, id_, bundle_);
    return code;
}

void Launch::undo() noexcept {
    try {
        if (created_.pid > 0) {
            signal_process(created_.pidfd, SIGKILL);
            reap(created_.pid);
        }
        created_.cgroup.remove(leftovers_);
        scope_.stop();
        if (!created_.cache_group.empty()) ::rmdir(created_.cache_group.c_str());
        invocation_.state.remove(id_);
        run_poststop_hooks(config_, id_, bundle_);
    } catch (const std::exception&) {  // the error that led here is the one to tell
    }
}

}  // namespace hoist::runtime
