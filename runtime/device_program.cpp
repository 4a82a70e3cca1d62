// SPDX-License-Identifier: Apache-2.0
#include "runtime/device_program.h"

#include <linux/bpf.h>
#include <sys/syscall.h>

#include <cstring>

#include "base/error.h"

namespace hoist::runtime {
namespace {

std::uint64_t instruction(std::uint8_t code, int to, int from, int offset, std::int32_t number) {
    bpf_insn made{};
    made.code = code;
    made.dst_reg = static_cast<std::uint8_t>(to) & 0xf;
    made.src_reg = static_cast<std::uint8_t>(from) & 0xf;
    made.off = static_cast<std::int16_t>(offset);
    made.imm = number;
    std::uint64_t word = 0;
    std::memcpy(&word, &made, sizeof word);
    return word;
}

std::int32_t access_mask(const std::string& letters) {
    std::int32_t mask = 0;
    for (const char letter : letters)
        mask |= letter == 'r' ? BPF_DEVCG_ACC_READ : letter == 'w' ? BPF_DEVCG_ACC_WRITE : BPF_DEVCG_ACC_MKNOD;
    return mask;
}

// Registers: r2 type, r3 access, r4 major, r5 minor.
std::vector<std::uint64_t> rule_block(const DeviceRule& rule) {
    // Each test that fails jumps to the next block; the distance is filled in when the length is known.
    std::vector<std::pair<std::uint8_t, std::pair<int, std::int32_t>>> tests;
    if (rule.type != 'a') tests.push_back({BPF_JNE, {2, rule.type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK}});
    const std::int32_t mask = access_mask(rule.access);
    std::vector<std::uint64_t> head;
    if (mask != 7) {
        // An allow rule must cover all that is asked, a deny rule is hit by any of it.
        const std::int32_t tested = rule.allow ? ~mask & 7 : mask;
        head.push_back(instruction(BPF_ALU | BPF_MOV | BPF_X, 1, 3, 0, 0));
        head.push_back(instruction(BPF_ALU | BPF_AND | BPF_K, 1, 0, 0, tested));
        tests.push_back({static_cast<std::uint8_t>(rule.allow ? BPF_JNE : BPF_JEQ), {1, 0}});
    }
    if (rule.major >= 0) tests.push_back({BPF_JNE, {4, static_cast<std::int32_t>(rule.major)}});
    if (rule.minor >= 0) tests.push_back({BPF_JNE, {5, static_cast<std::int32_t>(rule.minor)}});
    std::vector<std::uint64_t> block = head;
    const int end = static_cast<int>(tests.size()) + 2;
    for (int at = 0; const auto& [jump, operands] : tests)
        block.push_back(instruction(static_cast<std::uint8_t>(BPF_JMP | jump | BPF_K), operands.first, 0, end - ++at,
                                    operands.second));
    block.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, rule.allow ? 1 : 0));
    block.push_back(instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
    return block;
}

long bpf(int command, bpf_attr& attributes) {
    return ::syscall(SYS_bpf, command, &attributes, sizeof attributes);
}

}  // namespace

std::vector<std::uint64_t> device_program(const std::vector<DeviceRule>& rules) {
    const auto load = [](int to, std::size_t offset) {
        return instruction(BPF_LDX | BPF_MEM | BPF_W, to, 1, static_cast<int>(offset), 0);
    };
    std::vector<std::uint64_t> code = {
        load(2, offsetof(bpf_cgroup_dev_ctx, access_type)),
        instruction(BPF_ALU | BPF_MOV | BPF_X, 3, 2, 0, 0),
        instruction(BPF_ALU | BPF_AND | BPF_K, 2, 0, 0, 0xffff),
        instruction(BPF_ALU | BPF_RSH | BPF_K, 3, 0, 0, 16),
        load(4, offsetof(bpf_cgroup_dev_ctx, major)),
        load(5, offsetof(bpf_cgroup_dev_ctx, minor)),
    };
    // The last rule decides, so it is asked first. Behind a rule for everything nothing more can be reached, and the
    // verifier refuses dead code.
    bool open = true;
    for (auto rule = rules.rbegin(); rule != rules.rend() && open; ++rule) {
        const auto block = rule_block(*rule);
        code.insert(code.end(), block.begin(), block.end());
        open = !(rule->type == 'a' && rule->major < 0 && rule->minor < 0 && access_mask(rule->access) == 7);
    }
    if (open) {
        code.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1));
        code.push_back(instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
    }
    return code;
}

void attach_device_program(const Fd& cgroup, const std::vector<DeviceRule>& rules) {
    const auto code = device_program(rules);
    bpf_attr load{};
    load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    load.insns = reinterpret_cast<std::uint64_t>(code.data());
    load.insn_cnt = static_cast<std::uint32_t>(code.size());
    load.license = reinterpret_cast<std::uint64_t>("Apache-2.0");
    const Fd program(static_cast<int>(check(bpf(BPF_PROG_LOAD, load), "load the device program")));
    bpf_attr attach{};
    attach.target_fd = static_cast<std::uint32_t>(cgroup.get());
    attach.attach_bpf_fd = static_cast<std::uint32_t>(program.get());
    attach.attach_type = BPF_CGROUP_DEVICE;
    attach.attach_flags = BPF_F_ALLOW_MULTI;
    check(bpf(BPF_PROG_ATTACH, attach), "attach the device program");
}

}  // namespace hoist::runtime
