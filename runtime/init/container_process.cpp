// SPDX-License-Identifier: Apache-2.0
#include "runtime/init/container_process.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cstring>

#include "runtime/init/console.h"
#include "runtime/init/identity.h"
#include "runtime/init/mounts.h"
#include "runtime/init/program.h"
#include "runtime/init/root.h"
#include "runtime/namespaces.h"

namespace hoist::runtime::init {
namespace {

/// Best effort: where the engine may not protect or expose a process, it runs with what it inherited.
void set_oom_score(const Process& process) {
    if (!process.oom_score_adj) return;
    const Fd file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
    const std::string value = std::to_string(*process.oom_score_adj);
    (void)!::write(file.get(), value.data(), value.size());
}

void bring_loopback_up() {
    const Fd socket(check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "open a socket"));
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    check(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "bring the loopback interface up");
}

void enter_namespaces(const Plan& plan) {
    for (const auto& [flag, fd] : plan.joined)
        check(::setns(fd.get(), static_cast<int>(flag)), "join a namespace of the configuration");
    if (plan.options.network_namespace)
        check(::setns(plan.options.network_namespace.get(), CLONE_NEWNET), "join the network namespace");
    if (plan.new_network) bring_loopback_up();
    // Only now: its root is the cgroup that this process is in at this moment.
    if (plan.new_cgroup_namespace) check(::unshare(CLONE_NEWCGROUP), "make a cgroup namespace");
}

void set_names(const CreateOptions& options) {
    const auto& config = options.config;
    const std::string& hostname = config.hostname.empty() ? options.id : config.hostname;
    if (!find_namespace(config, NamespaceType::uts)) {
        if (!config.hostname.empty()) fail(Kind::invalid, "a hostname needs a uts namespace");
        return;
    }
    const std::string name = config.hostname.empty() ? hostname.substr(0, 12) : hostname;
    check(::sethostname(name.data(), name.size()), "set the hostname to {}", name);
    if (!config.domainname.empty())
        check(::setdomainname(config.domainname.data(), config.domainname.size()), "set the domain name");
}

Json state_of(const CreateOptions& options, const char* status) {
    return container_state(options.config, options.id, options.bundle, status, 1);
}

/// The root as the container will see it. @return its top directory
RootDir build_root(Plan& plan, Reporter& reporter, Terminal& terminal) {
    const auto& config = plan.options.config;
    // The host's, in this mount namespace, while nothing of the container is in it yet. (SEC-09)
    const Fd null_device = open_file("/dev/null", O_PATH);
    RootDir root = mount_root(config, plan.options.root);
    mount_all(config, root, plan.cgroup);
    make_devices(config, root);
    if (config.process.terminal) {
        terminal = open_terminal(root, config.process);
        mount_console(terminal.slave, root);
    }
    apply_sysctl(config, root, static_cast<bool>(plan.options.network_namespace));
    if (!config.hooks.prestart.empty() || !config.hooks.create_runtime.empty()) reporter.wait_for_hooks();
    if (!config.hooks.create_container.empty())
        run_hooks(config.hooks.create_container, state_of(plan.options, "creating"), HookPlace::container);
    apply_masks(config, root, null_device);
    enter_root(root, plan.options.no_pivot);
    return root;
}

void start_program(const CreateOptions& options, Reporter& reporter) {
    const auto& process = options.config.process;
    const int preserved = static_cast<int>(options.preserved_fds.size());
    if (options.init) reporter.close_others(3 + preserved);
    confine(process, options.seccomp);
    if (options.init) {
        const pid_t program = check(::fork(), "fork behind the init process");
        if (program > 0) {
            for (int fd = 3; fd < 3 + preserved; ++fd) ::close(fd);
            reporter.close();
            run_reaper(program);
        }
    }
    execute(process);
}

void build_and_run(Plan& plan, Reporter& reporter) {
    auto& options = plan.options;
    auto& process = options.config.process;
    join_cgroups(plan.join_files);
    reset_signals();
    ::umask(0);
    check(::setsid(), "become a session leader");
    enter_namespaces(plan);
    set_oom_score(process);
    set_names(options);
    if (!options.keep_keyring) leave_keyring();
    Terminal terminal;
    const RootDir root = build_root(plan, reporter, terminal);
    const auto user = find_identity(process, root);
    enter_working_directory(process, root);
    finish_root(options.config);
    if (terminal.slave) {
        use_terminal(terminal.slave, user.uid);
        control_terminal();
    } else {
        use_streams(options.stdio, user.uid);
    }
    become(process, user);
    reporter.ready(terminal.master, std::move(options.report_fifo));
    if (options.start_fifo) reporter.start_by(std::move(options.start_fifo));
    keep_descriptors(options.preserved_fds, reporter);
    reporter.wait_for_go();
    if (!options.config.hooks.start_container.empty())
        run_hooks(options.config.hooks.start_container, state_of(options, "created"), HookPlace::container);
    start_program(options, reporter);
}

}  // namespace

void join_cgroups(const std::vector<Fd>& join_files) {
    for (const auto& file : join_files) check(::write(file.get(), "0", 1), "join a cgroup of the container");
}

void run_container_process(Plan& plan, Reporter reporter) {
    try {
        build_and_run(plan, reporter);
    } catch (const Error& error) {
        reporter.failed(error);
    } catch (const std::exception& error) {
        reporter.failed(Error(Kind::internal, error.what()));
    }
    ::_exit(1);
}

}  // namespace hoist::runtime::init
