// SPDX-License-Identifier: Apache-2.0
// The system calls that a container may make are those of its profile, in every table of numbers. SEC-19
#include <sys/syscall.h>

#include <map>

#include "tests/support/seccomp_answer.h"
#include "tests/system/bundle.h"

namespace hoist::test {
namespace {

constexpr int last_number = 500;

/// "x86_64 57" -> "allow", "kill" or an errno.
using Answers = std::map<std::string, std::string>;

bool runs_32_bit_programs() {
    static const bool runs = sh(PROGRAM_DIR "/hoist-32-bit 2>/dev/null || true") == "32 bits\n";
    return runs;
}

/// uretprobe and uprobe belong to the kernel's own trampolines: newer kernels ask no filter about them, and answer
/// everybody else with a signal or an error. Some hosts have no 32-bit calls: there they kill before a filter is asked.
void forget_unasked(Answers& all) {
    all.erase("x86_64 335");
    all.erase("x86_64 336");
    if (!runs_32_bit_programs()) std::erase_if(all, [](const auto& one) { return one.first.starts_with("i386 "); });
}

Answers parse(const std::string& text) {
    Answers all;
    for (const auto& line : split(trim(text), '\n')) {
        const auto words = split(line, ' ');
        if (words.size() == 3) all[words[0] + " " + words[1]] = words[2];
    }
    forget_unasked(all);
    return all;
}

std::string in_words(std::uint32_t answer) {
    switch (answer & SECCOMP_RET_ACTION_FULL) {
        case SECCOMP_RET_ALLOW:
            return "allow";
        case SECCOMP_RET_ERRNO:
            return std::to_string(answer & SECCOMP_RET_DATA);
        default:
            return "kill";
    }
}

Answers expected(const Json& profile, std::uint64_t first) {
    const auto program = runtime::compile_seccomp(profile);
    Answers all;
    for (int number = 0; number <= last_number; ++number) {
        const std::string text = std::to_string(number);
        all["x86_64 " + text] = in_words(seccomp_answer(program.filter, number, first));
        all["x32 " + text] = in_words(seccomp_answer(program.filter, number | 0x40000000, first));
        all["i386 " + text] = in_words(seccomp_answer(program.filter, number, first, AUDIT_ARCH_I386));
    }
    forget_unasked(all);
    return all;
}

class Syscalls : public Bundle {
protected:
    Answers ask(std::uint64_t first = 0) {
        const auto done =
            run({"/bin/hoist-inside", "syscalls", "0", std::to_string(last_number), std::to_string(first)});
        EXPECT_EQ(done.status, 0) << done.err;
        return parse(done.out);
    }
    void expect_profile(std::uint64_t first) {
        const auto found = ask(first);
        const auto wanted = expected(config_.seccomp, first);
        ASSERT_EQ(found.size(), wanted.size());
        for (const auto& [call, answer] : wanted) EXPECT_EQ(found.at(call), answer) << call << " with " << first;
    }
};

TEST_F(Syscalls, AreThoseOfTheDefaultProfile) {
    for (const std::uint64_t first : {0x0ul, 0x26ul, 0x28ul, 0x11ul, 0x10000000ul}) expect_profile(first);
}

TEST_F(Syscalls, AreThoseOfTheContainersCapabilities) {
    config_.process.capabilities = runtime::Capabilities{};
    use_profile();
    expect_profile(0);
    allow(21);  // CAP_SYS_ADMIN
    allow(12);  // CAP_NET_ADMIN
    expect_profile(0);
}

TEST_F(Syscalls, HoldBackWhatReachesTheKernelsDepths) {
    const auto found = ask();
    const auto call = [&](int number) { return found.at("x86_64 " + std::to_string(number)); };
    for (const int number : {SYS_mount,
                             SYS_umount2,
                             SYS_pivot_root,
                             SYS_unshare,
                             SYS_setns,
                             SYS_bpf,
                             SYS_keyctl,
                             SYS_add_key,
                             SYS_request_key,
                             SYS_userfaultfd,
                             SYS_io_uring_setup,
                             SYS_io_uring_enter,
                             SYS_io_uring_register,
                             SYS_open_tree,
                             SYS_move_mount,
                             SYS_fsopen,
                             SYS_fsmount,
                             SYS_mount_setattr,
                             SYS_init_module,
                             SYS_finit_module,
                             SYS_kexec_load,
                             SYS_reboot,
                             SYS_swapon,
                             SYS_acct,
                             SYS_perf_event_open,
                             SYS_open_by_handle_at,
                             SYS_quotactl,
                             SYS_settimeofday,
                             SYS_iopl,
                             SYS_ioperm})
        EXPECT_EQ(call(number), "1") << number;
    EXPECT_EQ(call(SYS_clone3), "38") << "so that libc takes clone(2), whose flags can be looked at";
    for (int number = 470; number <= last_number; ++number) EXPECT_EQ(call(number), "38") << number;
    EXPECT_EQ(call(SYS_read), "allow");
    EXPECT_EQ(call(SYS_execve), "allow");
    EXPECT_EQ(ask(38).at("x86_64 " + std::to_string(SYS_socket)), "1") << "AF_ALG";
    EXPECT_EQ(ask(40).at("x86_64 " + std::to_string(SYS_socket)), "1") << "AF_VSOCK";
    EXPECT_EQ(ask(2).at("x86_64 " + std::to_string(SYS_socket)), "allow");
    EXPECT_EQ(ask(0x20000).at("x86_64 " + std::to_string(SYS_clone)), "1") << "CLONE_NEWNS";
    EXPECT_EQ(ask(0x10000000).at("x86_64 " + std::to_string(SYS_clone)), "1") << "CLONE_NEWUSER";
}

TEST_F(Syscalls, AlsoInFurtherProcesses) {
    start_sleeper();
    const auto done = command({"exec", "c", "/bin/hoist-inside", "syscalls", "0", std::to_string(last_number)});
    ASSERT_EQ(done.status, 0) << done.err;
    EXPECT_EQ(parse(done.out), expected(config_.seccomp, 0));
}

TEST_F(Syscalls, ThirtyTwoBitProgramsRun) {
    if (!runs_32_bit_programs()) GTEST_SKIP() << "this kernel runs no 32-bit programs";
    sh("cp " PROGRAM_DIR "/hoist-32-bit /tmp/b/rootfs/bin/");
    EXPECT_EQ(run({"/bin/hoist-32-bit"}).out, "32 bits\n");
}

}  // namespace
}  // namespace hoist::test
