// SPDX-License-Identifier: Apache-2.0
#include "runtime/init/container_process.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <array>
#include <cstring>

#include "runtime/init/console.h"
#include "runtime/init/identity.h"
#include "runtime/init/mounts.h"
#include "runtime/init/program.h"
#include "runtime/init/root.h"
#include "runtime/scheduling.h"

namespace hoist::runtime::init {
namespace {

void bring_loopback_up() {
    const Fd socket(check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "open a socket"));
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    check(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "bring the loopback interface up");
}

void join_namespaces(const Plan& plan) {
    for (const auto& [flag, fd] : plan.joined)
        check(::setns(fd.get(), static_cast<int>(flag)), "join a namespace of the configuration");
    if (plan.options.network_namespace)
        check(::setns(plan.options.network_namespace.get(), CLONE_NEWNET), "join the network namespace");
}

void enter_namespaces(const Plan& plan) {
    if (plan.joined_mounts)
        check(::setns(plan.joined_mounts.get(), CLONE_NEWNS), "join the mount namespace of the configuration");
    if (plan.new_network) bring_loopback_up();
    // Only now: its root is the cgroup that this process is in at this moment.
    if (plan.new_cgroup_namespace) check(::unshare(CLONE_NEWCGROUP), "make a cgroup namespace");
}

void set_names(const Plan& plan) {
    const auto& config = plan.options.config;
    // In a namespace that is joined, the name is others' too.
    if (config.hostname.empty() && !plan.new_uts) return;
    const std::string name = config.hostname.empty() ? plan.options.id.substr(0, 12) : config.hostname;
    check(::sethostname(name.data(), name.size()), "set the hostname to {}", name);
    if (!config.domainname.empty())
        check(::setdomainname(config.domainname.data(), config.domainname.size()), "set the domain name");
}

Json state_of(const CreateOptions& options, const char* status) {
    return container_state(options.config, options.id, options.bundle, status, 1);
}

RootDir open_root(Plan& plan) {
    const auto& config = plan.options.config;
    if (plan.joined_mounts) return RootDir::open(config.root_path);
    if (plan.host_side.root) return attach_root(config, std::move(plan.host_side.root));
    return mount_root(config, plan.options.root);
}

/// Those of a joined network in which this process has no rights were set by the outer one.
void apply_own_sysctl(const Plan& plan, const RootDir& root) {
    std::set<NamespaceType> owners = {NamespaceType::ipc, NamespaceType::uts};
    if (plan.new_network || !plan.user_namespace) owners.insert(NamespaceType::network);
    apply_sysctl(plan.options.config, root, owners);
}

RootChange root_change(const Plan& plan) {
    if (plan.joined_mounts) return RootChange::chroot;
    return plan.options.no_pivot ? RootChange::move : RootChange::pivot;
}

/// The root as the container will see it. @return its top directory
RootDir build_root(Plan& plan, Reporter& reporter, Terminal& terminal) {
    const auto& config = plan.options.config;
    // The host's, in this mount namespace, while nothing of the container is in it yet. (SEC-09)
    const Fd null_device = open_file("/dev/null", O_PATH);
    RootDir root = open_root(plan);
    mount_all(config, root, plan.cgroup, plan.host_side, plan.pid_namespace);
    make_devices(config, root, plan.host_side);
    if (config.process.terminal) {
        terminal = open_terminal(root, config.process);
        mount_console(terminal.slave, root);
    }
    close_dev(config, root);
    apply_own_sysctl(plan, root);
    if (!config.hooks.prestart.empty() || !config.hooks.create_runtime.empty()) reporter.wait_for_hooks();
    if (!config.hooks.create_container.empty())
        run_hooks(config.hooks.create_container, state_of(plan.options, "creating"), HookPlace::container);
    apply_masks(config, root, null_device);
    enter_root(root, root_change(plan));
    return root;
}

/// Confined already.
[[noreturn]] void run_program(const CreateOptions& options, Reporter& reporter) {
    if (options.init) {
        const pid_t program = check(::fork(), "fork behind the init process");
        if (program > 0) {
            for (std::size_t i = 0; i < options.preserved_fds.size(); ++i) ::close(3 + static_cast<int>(i));
            reporter.close();
            run_reaper(program);
        }
    }
    execute(options.config.process);
}

void run_start_hooks(const CreateOptions& options) {
    if (!options.config.hooks.start_container.empty())
        run_hooks(options.config.hooks.start_container, state_of(options, "created"), HookPlace::container);
}

/// These hooks run with more rights than the container has, so they stay where it cannot see them: in a process that
/// waits for the word to start, and hands it on.
void leave_start_hooks_outside(const CreateOptions& options, Reporter& reporter) {
    if (options.config.hooks.start_container.empty()) return;
    Pipe go = make_pipe();
    if (check(::fork(), "fork for the hooks") > 0) return reporter.start_by(std::move(go.read_end));
    go.read_end.reset();
    reporter.use_fifos();
    reporter.wait_for_go_while_read(go.write_end);
    try {
        run_start_hooks(options);
        check(::write(go.write_end.get(), "g", 1), "let the program start");
    } catch (const Error& error) {
        reporter.failed(error);  // while the pipe is open: its end ends the other process, which is taken for a start
        ::_exit(1);
    }
    ::_exit(0);
}

/// The last that is done with rights of the runtime's.
void take_what_is_left(const CreateOptions& options, Confinement& confinement) {
    const auto& config = options.config;
    if (config.personality) apply_personality(*config.personality);
    if (config.memory_policy) apply_memory_policy(*config.memory_policy);
    confinement.label.apply();
}

/// Processes of another container see what is born in its pid namespace, and with CAP_SYS_PTRACE can take it over: it
/// is born there last, when it has nothing and may do nothing that its program will not have or do. (SEC-04)
[[noreturn]] void run_in_pid_namespace(Plan& plan, Reporter& reporter, Confinement& confinement) {
    const auto& options = plan.options;
    leave_start_hooks_outside(options, reporter);
    take_what_is_left(options, confinement);
    confinement.listener.start_helper(&plan.note);
    check(::setns(plan.pid_namespace.get(), CLONE_NEWPID), "join the pid namespace of the configuration");
    reporter.close_others(3 + static_cast<int>(options.preserved_fds.size()), confinement.listener.descriptor());
    confine(options.config.process, confinement);
    if (plan.note.clone_sibling() > 0) ::_exit(0);
    reporter.use_fifos();
    const int session = ::setsid();  // a seccomp profile may refuse it, which matters to a terminal only
    if (options.config.process.terminal) {
        check(session, "become a session leader");
        control_terminal();
    }
    reporter.wait_for_go();
    run_program(options, reporter);
}

/// This process as the host's /proc counts.
pid_t host_pid() {
    std::array<char, 16> text{};
    check(::readlink("/proc/self", text.data(), text.size() - 1), "read /proc/self");
    return std::atoi(text.data());
}

Confinement confinement_of(Plan& plan) {
    const auto& options = plan.options;
    const pid_t pid = host_pid();
    Json state = container_state(options.config, options.id, options.bundle, "creating", pid);
    return open_confinement(options.config.process, options.seccomp, options.config.seccomp, std::move(state), pid);
}

/// All that the program will find, and who it will be.
Confinement build(Plan& plan, Reporter& reporter) {
    auto& options = plan.options;
    auto& process = options.config.process;
    reset_signals();
    ::umask(0);
    if (!plan.pid_namespace) check(::setsid(), "become a session leader");
    Confinement confinement = confinement_of(plan);
    enter_namespaces(plan);
    set_names(plan);
    if (!options.keep_keyring) leave_keyring();
    Terminal terminal;
    const RootDir root = build_root(plan, reporter, terminal);
    const auto user = find_identity(process, root);
    enter_working_directory(process, root);
    if (!plan.joined_mounts) finish_root(options.config);
    if (terminal.slave) {
        use_terminal(terminal.slave, user.uid);
        if (!plan.pid_namespace) control_terminal();
    } else {
        use_streams(options.stdio, user.uid);
    }
    become(process, user);
    // Whoever makes and starts a container in two steps wants to hear of this at the first.
    if (options.start_fifo) find_program(process);
    reporter.keep_fifos(std::move(options.start_fifo), std::move(options.report_fifo));
    reporter.ready(terminal.master);
    if (!plan.pid_namespace) reporter.use_fifos();
    keep_descriptors(options.preserved_fds, reporter, confinement);
    return confinement;
}

}  // namespace

void join_cgroups(const std::vector<Fd>& join_files) {
    for (const auto& file : join_files) check(::write(file.get(), "0", 1), "join a cgroup of the container");
}

void begin(Plan& plan) {
    join_cgroups(plan.join_files);
    join_namespaces(plan);
    set_oom_score(plan.options.config.process);
}

void build_and_run(Plan& plan, Reporter& reporter) {
    auto confinement = build(plan, reporter);
    if (plan.pid_namespace) run_in_pid_namespace(plan, reporter, confinement);
    reporter.wait_for_go();
    const auto& options = plan.options;
    run_start_hooks(options);
    take_what_is_left(options, confinement);
    confinement.listener.start_helper(nullptr);
    if (options.init)
        reporter.close_others(3 + static_cast<int>(options.preserved_fds.size()), confinement.listener.descriptor());
    confine(options.config.process, confinement);
    run_program(options, reporter);
}

void run_container_process(Plan& plan, Reporter reporter) {
    run_reporting(reporter, [&] {
        begin(plan);
        build_and_run(plan, reporter);
    });
}

}  // namespace hoist::runtime::init
