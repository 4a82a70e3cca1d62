// SPDX-License-Identifier: Apache-2.0
// A protection that cannot be applied stops the start. Each system call that one rests on is made to fail in turn, and
// then nothing of the container's program may have run, the error has to say what could not be done, and nothing is
// left.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tests/system/bundle.h"

namespace hoist::test {
namespace {

/// A system call, with one argument by which it is meant if it has several uses.
struct Call {
    long number;
    int argument = -1;
    unsigned long value = 0;
};

std::string in_words(const Call& call) {
    if (call.argument < 0) return std::to_string(call.number);
    return fmt::format("{}:{}={}", call.number, call.argument, static_cast<unsigned>(call.value));
}

class MissingProtection : public Bundle {
protected:
    MissingProtection() { config_.process.args = {"/bin/sh", "-c", "echo started; echo started > /tmp/started"}; }

    Outcome run_without(const Call& call, int code) {
        save();
        return test::run({PROGRAM_DIR "/hoist-refuse", in_words(call), std::to_string(code), runtime_program(),
                          "--root", "/run/rt", "run", "-b", "/tmp/b", "c"});
    }
    void expect_nothing_ran(const Outcome& done, const std::string& what, const std::string& words) {
        EXPECT_NE(done.status, 0) << what;
        EXPECT_EQ(done.out, "") << what;
        EXPECT_FALSE(read_file_if_exists("/tmp/b/rootfs/tmp/started")) << what;
        EXPECT_NE(done.err.find(words), std::string::npos) << what << ": " << done.err;
        EXPECT_EQ(command({"list", "-q"}).out, "") << what;
        EXPECT_EQ(sh("find /sys/fs/cgroup -name hoist-c"), "") << what;
    }
    void expect_refused(const Call& call, const std::string& what, const std::string& words, int code = EPERM) {
        expect_nothing_ran(run_without(call, code), what, words);
    }
    void expect_started(const Call& call, const std::string& what, int code) {
        const auto done = run_without(call, code);
        EXPECT_EQ(done.out, "started\n") << what << ": " << done.err;
        sh("rm -f /tmp/b/rootfs/tmp/started");
    }
};

TEST_F(MissingProtection, OfOurselves) {
    expect_refused({SYS_prctl, 0, PR_SET_DUMPABLE}, "hiding from tracers", "non-dumpable");
    expect_refused({SYS_keyctl}, "a keyring of its own", "session keyring");
}

TEST_F(MissingProtection, OfItsRoot) {
    expect_refused({SYS_openat2}, "paths below the root", "");
    expect_refused({SYS_mount, 3, MS_REC | MS_SLAVE}, "leaving the host's propagation", "propagation");
    expect_refused({SYS_pivot_root}, "leaving the host's root", "pivot to the root file system");
    expect_refused({SYS_umount2}, "letting go of the host's root", "let go of the host's root");
    expect_refused({SYS_fstatfs}, "telling procfs from others", "look at a file system");
    expect_refused({SYS_getcwd}, "looking where the working directory is", "working directory");
    expect_refused({SYS_fchdir}, "entering the root", "");
}

TEST_F(MissingProtection, OfTheHostsKernel) {
    expect_refused({SYS_move_mount}, "putting mounts in their places", "mount");
    expect_refused({SYS_open_tree}, "binding", "");
    expect_refused({SYS_fsmount}, "new file systems", "mount");
    expect_refused({SYS_mount_setattr, 2, AT_EMPTY_PATH}, "options of mounts", "set the options of mount", EINVAL);
}

TEST_F(MissingProtection, OfItsRights) {
    expect_refused({SYS_seccomp}, "the filter", "load the seccomp filter");
    expect_refused({SYS_capset}, "capabilities", "set the capabilities");
    expect_refused({SYS_prctl, 0, PR_CAPBSET_DROP}, "the bounding set", "bounding set");
    expect_refused({SYS_prctl, 0, PR_CAP_AMBIENT}, "ambient capabilities", "ambient capabilities");
    expect_refused({SYS_setgroups}, "leaving the engine's groups", "supplementary groups");
    expect_refused({SYS_setresgid}, "its group", "become group");
    config_.process.user = {.uid = 500, .gid = 500};
    expect_refused({SYS_setresuid}, "its user", "become user 500");
    expect_refused({SYS_prctl, 0, PR_SET_KEEPCAPS}, "capabilities over the change of user", "keep capabilities");
    config_.process.user = {};
    config_.process.no_new_privileges = true;
    expect_refused({SYS_prctl, 0, PR_SET_NO_NEW_PRIVS}, "no_new_privs", "no_new_privs");
}

TEST_F(MissingProtection, OfItsNamespaces) {
    expect_refused({SYS_unshare, 0, CLONE_NEWCGROUP}, "a cgroup namespace", "cgroup namespace");
    expect_refused({SYS_clone3}, "namespaces", "");
    expect_refused({SYS_sethostname}, "a hostname of its own", "hostname");
    expect_refused({SYS_setsid}, "a session of its own", "session leader");
}

TEST_F(MissingProtection, OfItsLimits) {
    config_.process.rlimits = {{"RLIMIT_NOFILE", 100, 200}};
    expect_refused({SYS_prlimit64, 1, 7}, "RLIMIT_NOFILE", "RLIMIT_NOFILE", EINVAL);
    config_.process.rlimits.clear();
    save();
    // No cgroup is made, or none can be joined.
    for (const char* step : {"runtime.cgroup_made:1:EIO", "runtime.cloned:1:EIO"}) {
        const auto done = test::run({"env", std::string("HOIST_FAIL=") + step, runtime_program(), "--root", "/run/rt",
                                     "run", "-b", "/tmp/b", "c"});
        expect_nothing_ran(done, step, "create container c");
    }
    expect_refused({SYS_mkdir}, "its cgroup", "");
}

// Where one way fails there may be another that protects as well.
TEST_F(MissingProtection, WithAnotherWay) {
    expect_started({SYS_close_range}, "descriptors are marked one by one", ENOSYS);
    expect_started({SYS_close_range}, "the same", EPERM);
    expect_started({SYS_clone3}, "clone(2)", ENOSYS);
    expect_started({SYS_mount_setattr}, "mount(2)", ENOSYS);
    expect_started({SYS_openat2}, "step by step", ENOSYS);
    expect_started({SYS_keyctl}, "a kernel without keyrings has none to share", ENOSYS);
    expect_started({SYS_fsopen}, "mount(2)", ENOSYS);
}

TEST_F(MissingProtection, OfOurProgram) {
    // Neither a read-only mount of it nor a sealed copy can be had.
    save();
    const std::string refuse = PROGRAM_DIR "/hoist-refuse";
    const auto done = test::run({refuse, std::to_string(SYS_open_tree), "38", refuse, std::to_string(SYS_memfd_create),
                                 "1", runtime_program(), "--root", "/run/rt", "run", "-b", "/tmp/b", "c"});
    expect_nothing_ran(done, "its own program", "copy");
    start_sleeper();
    const auto exec =
        test::run({refuse, std::to_string(SYS_open_tree), "38", refuse, std::to_string(SYS_memfd_create), "1",
                   runtime_program(), "--root", "/run/rt", "exec", "c", "/bin/sh", "-c", "echo started"});
    EXPECT_NE(exec.status, 0);
    EXPECT_EQ(exec.out, "");
}

TEST_F(MissingProtection, OfAFurtherProcess) {
    start_sleeper();
    const auto expect = [&](const Call& call, const char* words) {
        const auto done = test::run({PROGRAM_DIR "/hoist-refuse", in_words(call), "1", runtime_program(), "--root",
                                     "/run/rt", "exec", "-u", "500", "c", "/bin/sh", "-c", "echo started"});
        EXPECT_EQ(done.status, 255) << words;
        EXPECT_EQ(done.out, "") << words;
        EXPECT_NE(done.err.find(words), std::string::npos) << done.err;
    };
    expect({SYS_prctl, 0, PR_SET_DUMPABLE}, "non-dumpable");
    expect({SYS_seccomp}, "load the seccomp filter");
    expect({SYS_capset}, "set the capabilities");
    expect({SYS_prctl, 0, PR_CAPBSET_DROP}, "bounding set");
    expect({SYS_setgroups}, "supplementary groups");
    expect({SYS_setresuid}, "become user 500");
    expect({SYS_keyctl}, "session keyring");
    expect({SYS_setns}, "join the container's pid namespace");
    expect({SYS_getcwd}, "working directory");
}

}  // namespace
}  // namespace hoist::test
