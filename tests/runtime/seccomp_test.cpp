// SPDX-License-Identifier: Apache-2.0
#include "runtime/seccomp.h"

#include <sys/syscall.h>

#include "base/error.h"
#include "base/file.h"
#include "runtime/capabilities.h"
#include "runtime/oci.h"
#include "tests/support/seccomp_answer.h"
#include "tests/support/temp_dir.h"

namespace hoist::runtime {
namespace {

std::uint32_t answer(const SeccompProgram& program, int number, std::uint64_t first = 0,
                     std::uint32_t arch = AUDIT_ARCH_X86_64) {
    return test::seccomp_answer(program.filter, number, first, arch);
}

/// moby's profile with its conditions on capabilities and architecture resolved.
Json moby_profile(const Json& moby, std::uint64_t capabilities) {
    const auto has_all = [&](const Json& names) {
        return std::all_of(names.begin(), names.end(),
                           [&](const Json& name) { return capabilities >> *capability_number(name) & 1; });
    };
    const auto here = [](const Json& arches) {
        return std::find(arches.begin(), arches.end(), "amd64") != arches.end();
    };
    Json rules = Json::array();
    for (const auto& rule : moby["syscalls"]) {
        const Json in = rule.value("includes", Json::object()), out = rule.value("excludes", Json::object());
        if (in.contains("caps") && !has_all(in["caps"])) continue;
        if (in.contains("arches") && !here(in["arches"])) continue;
        if (out.contains("caps") && has_all(out["caps"])) continue;
        if (out.contains("arches") && here(out["arches"])) continue;
        rules.push_back(rule);
    }
    return {{"defaultAction", moby["defaultAction"]},
            {"defaultErrnoRet", 1},
            {"syscalls", rules},
            {"architectures", {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"}}};
}

TEST(SeccompProfile, AgreesWithDockers) {
    const auto text = read_file_if_exists(SOURCE_DIR "/../shared/data/seccomp/moby-default.json");
    if (!text) GTEST_SKIP() << "Docker's profile is not on this machine";
    const Json moby = parse_json(*text, "moby");
    for (const std::uint64_t capabilities : {default_capabilities(), ~std::uint64_t{0} >> 23, std::uint64_t{0}}) {
        const auto ours = compile_seccomp(default_seccomp_profile(capabilities));
        const auto theirs = compile_seccomp(moby_profile(moby, capabilities));
        for (const int base : {0, 0x40000000}) {
            for (int number = base; number < base + 600; ++number) {
                for (const std::uint64_t first : {0u, 38u, 40u, 8u, 0x20000u, 0xffffffffu, 0x10000000u}) {
                    const bool stricter = first == 38 && (number & 0xfff) == SYS_socket;  // AF_ALG
                    if (stricter) continue;
                    EXPECT_EQ(answer(ours, number, first), answer(theirs, number, first))
                        << number << " with " << first;
                }
            }
        }
        for (int number = 0; number < 600; ++number)
            EXPECT_EQ(answer(ours, number, 0, AUDIT_ARCH_I386), answer(theirs, number, 0, AUDIT_ARCH_I386))
                << "i386 " << number;
    }
}

TEST(SeccompProfile, AnswersForTheDefaultContainer) {
    const auto program = compile_seccomp(default_seccomp_profile(default_capabilities()));
    constexpr std::uint32_t allowed = SECCOMP_RET_ALLOW, not_permitted = SECCOMP_RET_ERRNO | 1,
                            not_there = SECCOMP_RET_ERRNO | 38;
    EXPECT_EQ(answer(program, SYS_read), allowed);
    EXPECT_EQ(answer(program, SYS_execve), allowed);
    for (const int number : {SYS_mount, SYS_unshare, SYS_setns, SYS_bpf, SYS_keyctl, SYS_userfaultfd,
                             SYS_io_uring_setup, SYS_open_tree, SYS_move_mount, SYS_reboot})
        EXPECT_EQ(answer(program, number), not_permitted) << number;
    EXPECT_EQ(answer(program, SYS_clone3), not_there);
    EXPECT_EQ(answer(program, 500), not_there);
    EXPECT_EQ(answer(program, 0x40000000 + 900), not_there);
    EXPECT_EQ(answer(program, SYS_clone, 0x11), allowed);
    EXPECT_EQ(answer(program, SYS_clone, 0x10000000), not_permitted);
    EXPECT_EQ(answer(program, SYS_socket, 2), allowed);
    // AF_ALG and AF_VSOCK, however the bits above the 32 that the kernel looks at are set
    for (const std::uint64_t above : {0x0ull, 0x100000000ull, 0xffffffff00000000ull}) {
        EXPECT_EQ(answer(program, SYS_socket, 38 | above), not_permitted);
        EXPECT_EQ(answer(program, SYS_socket, 40 | above), not_permitted);
    }
    EXPECT_EQ(answer(program, 359, 38, AUDIT_ARCH_I386), not_permitted);
    EXPECT_EQ(answer(program, SYS_read, 0, AUDIT_ARCH_AARCH64), SECCOMP_RET_KILL_PROCESS);
}

TEST(Seccomp, ComparesArgumentsIn64Bits) {
    const std::uint64_t limit = 0x100000005;
    struct Case {
        const char* op;
        std::vector<std::uint64_t> holds, fails;
    };
    const Case cases[] = {
        {"SCMP_CMP_EQ", {limit}, {5, limit + 1}},        {"SCMP_CMP_NE", {5, 0}, {limit}},
        {"SCMP_CMP_LT", {5, limit - 1}, {limit, ~0ull}}, {"SCMP_CMP_LE", {9, limit}, {limit + 1, 0x200000000}},
        {"SCMP_CMP_GT", {limit + 1, ~0ull}, {limit, 9}}, {"SCMP_CMP_GE", {limit, 0x200000000}, {limit - 1, 9}}};
    for (const auto& one : cases) {
        const Json profile = {{"defaultAction", "SCMP_ACT_ERRNO"},
                              {"syscalls",
                               {{{"names", {"read"}},
                                 {"action", "SCMP_ACT_ALLOW"},
                                 {"args", {{{"index", 0}, {"value", limit}, {"op", one.op}}}}}}}};
        const auto program = compile_seccomp(profile);
        for (const auto value : one.holds)
            EXPECT_EQ(answer(program, SYS_read, value), SECCOMP_RET_ALLOW) << one.op << value;
        for (const auto value : one.fails)
            EXPECT_NE(answer(program, SYS_read, value), SECCOMP_RET_ALLOW) << one.op << value;
    }
}

TEST(Seccomp, IsKeptAndReadBack) {
    const test::TempDir dir;
    const Json profile = default_seccomp_profile(default_capabilities());
    const auto first = cached_seccomp(profile, dir / "cache"), second = cached_seccomp(profile, dir / "cache");
    EXPECT_EQ(first.filter, second.filter);
    EXPECT_EQ(first.filter, compile_seccomp(profile).filter);
}

TEST(Seccomp, RefusesWhatItDoesNotKnow) {
    EXPECT_THROW(compile_seccomp({{"defaultAction", "SCMP_ACT_MAYBE"}}), Error);
    EXPECT_THROW(compile_seccomp({{"defaultAction", "SCMP_ACT_ALLOW"}, {"flags", {"SECCOMP_FILTER_FLAG_ODD"}}}), Error);
}

TEST(Seccomp, NotifyNeedsAListener) {
    const Json without = {{"defaultAction", "SCMP_ACT_ALLOW"},
                          {"flags", {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"}},
                          {"syscalls", {{{"names", {"mkdir"}}, {"action", "SCMP_ACT_NOTIFY"}}}}};
    const auto program = compile_seccomp(without);
    EXPECT_EQ(program.flags, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
    EXPECT_TRUE(needs_listener(program));
    EXPECT_EQ(answer(program, __NR_mkdir), SECCOMP_RET_USER_NOTIF);
    EXPECT_THROW(seccomp_listener(without, program), Error);
    Json with = without;
    with["listenerPath"] = "/run/agent.sock";
    with["listenerMetadata"] = "foo";
    EXPECT_EQ(seccomp_listener(with, program).path, "/run/agent.sock");
    EXPECT_EQ(seccomp_listener(with, program).metadata, "foo");
    const auto plain = compile_seccomp({{"defaultAction", "SCMP_ACT_ALLOW"}});
    EXPECT_FALSE(needs_listener(plain));
    EXPECT_TRUE(needs_listener(compile_seccomp({{"defaultAction", "SCMP_ACT_ALLOW"}, {"listenerPath", "/x"}})));
    EXPECT_THROW(seccomp_listener({{"listenerMetadata", "x"}}, plain), Error);
    EXPECT_THROW(
        compile_seccomp({{"defaultAction", "SCMP_ACT_ALLOW"}, {"flags", {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"}}}),
        Error);
}

}  // namespace
}  // namespace hoist::runtime
