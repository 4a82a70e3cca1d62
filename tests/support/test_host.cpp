// SPDX-License-Identifier: Apache-2.0
#include "tests/support/test_host.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "tests/support/cgroup_yard.h"

namespace hoist::test {
namespace {

void mount_on(const char* source, const std::string& target, const char* type, unsigned long flags = 0,
              const char* options = nullptr) {
    check(::mount(source, target.c_str(), type, flags, options), "test host: mount {} on {}", type ? type : source,
          target);
}

void make_dev() {
    mount_on("tmpfs", "/dev", "tmpfs", MS_NOSUID, "mode=755");
    const struct {
        const char* name;
        unsigned minor;
        unsigned major;
    } nodes[] = {{"null", 3, 1},    {"zero", 5, 1}, {"full", 7, 1}, {"random", 8, 1},
                 {"urandom", 9, 1}, {"tty", 0, 5},  {"kmsg", 11, 1}};
    for (const auto& node : nodes) {
        const std::string path = std::string("/dev/") + node.name;
        check(::mknod(path.c_str(), S_IFCHR | 0666, makedev(node.major, node.minor)), "make {}", path);
        check(::chmod(path.c_str(), 0666), "chmod {}", path);
    }
    for (const char* dir : {"/dev/pts", "/dev/shm", "/dev/mqueue"}) check(::mkdir(dir, 0755), "make {}", dir);
    mount_on("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=0620");
    mount_on("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777");
    mount_on("mqueue", "/dev/mqueue", "mqueue");
    for (const auto& [name, target] : {std::pair{"/dev/ptmx", "pts/ptmx"},
                                       {"/dev/fd", "/proc/self/fd"},
                                       {"/dev/stdin", "/proc/self/fd/0"},
                                       {"/dev/stdout", "/proc/self/fd/1"},
                                       {"/dev/stderr", "/proc/self/fd/2"}})
        check(::symlink(target, name), "link {}", name);
}

/// Runs in process 1 of the new host.
void furnish(const std::string& disk, const CgroupYard& yard) {
    // Private first, so that nothing spreads outside; then shared inside, as on a real host: tests of rshared need it.
    mount_on(nullptr, "/", nullptr, MS_REC | MS_PRIVATE);
    mount_on(nullptr, "/", nullptr, MS_REC | MS_SHARED);
    mount_on("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC);
    mount_on("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC);
    yard.mount_inside();
    make_dev();
    mount_on("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
    mount_on("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
    make_directories("/var/lib/hoist");
    mount_on(disk.c_str(), "/var/lib/hoist", nullptr, MS_BIND);
    check(::sethostname("testhost", 8), "set the hostname");
    sh("ip link set lo up");
}

[[noreturn]] void stay_outside(pid_t child, const std::string& disk, const CgroupYard& yard) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    yard.remove();
    try {
        remove_tree(disk);
    } catch (const Error& error) {
        ::fprintf(stderr, "test host: %s\n", error.what());
    }
    std::_Exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

}  // namespace

void enter_test_host() {
    // A background shell ignores these for its children; containers would inherit that.
    for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGPIPE}) ::signal(number, SIG_DFL);
    std::string disk = "/var/tmp/hoist-test-host-XXXXXX";
    if (!::mkdtemp(disk.data())) fail_errno(errno, "make {}", disk);
    const CgroupYard yard = CgroupYard::make("hoist-test-" + std::to_string(::getpid()));
    yard.enter();
    // One clone with everything: an unshare here would put the outside process into the new mount namespace too.
    constexpr unsigned long spaces =
        CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
    const auto child =
        static_cast<pid_t>(check(::syscall(SYS_clone, spaces | SIGCHLD, nullptr, nullptr, nullptr, nullptr),
                                 "test host: new namespaces (are you root?)"));
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        furnish(disk, yard);
        return;
    }
    yard.leave();
    stay_outside(child, disk, yard);
}

Neighbour::Neighbour() {
    const auto ready = make_pipe();
    holder_ = check(::fork(), "fork");
    if (holder_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::unshare(CLONE_NEWNET) != 0) std::_Exit(1);
        (void)!::write(ready.write_end.get(), "x", 1);
        for (;;) ::pause();
    }
    char byte = 0;
    check(::read(ready.read_end.get(), &byte, 1), "wait for the neighbour");
    sh(fmt::format(
        "ip link add up0 type veth peer name up1 netns {} && ip addr add {}/24 dev up0 && ip link set up0 up", holder_,
        host_address));
    run(fmt::format("ip link set lo up; ip addr add {}/24 dev up1; ip link set up1 up; ip route add default via {}",
                    address, host_address));
}

Neighbour::~Neighbour() {
    ::kill(holder_, SIGKILL);
    ::waitpid(holder_, nullptr, 0);
}

std::string Neighbour::run(const std::string& command) const {
    const auto done = test::run({"nsenter", "-t", std::to_string(holder_), "-n", "sh", "-c", command});
    return done.status == 0 ? done.out : fmt::format("{}{}[status {}]", done.out, done.err, done.status);
}

}  // namespace hoist::test
