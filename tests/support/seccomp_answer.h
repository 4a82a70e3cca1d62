#pragma once
// SPDX-License-Identifier: Apache-2.0
// What a seccomp filter answers to one call, without a kernel.

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace hoist::test {

/// @param filter  an array of sock_filter as bytes, of the few instructions that ours are made of
inline std::uint32_t seccomp_answer(const std::string& filter, const seccomp_data& data) {
    std::vector<sock_filter> code(filter.size() / sizeof(sock_filter));
    std::memcpy(code.data(), filter.data(), filter.size());
    std::uint32_t a = 0;
    for (std::size_t at = 0; at < code.size(); ++at) {
        const auto& one = code[at];
        const auto take = [&](bool yes) { at += yes ? one.jt : one.jf; };
        switch (one.code) {
            case BPF_LD | BPF_W | BPF_ABS:
                std::memcpy(&a, reinterpret_cast<const char*>(&data) + one.k, 4);
                break;
            case BPF_ALU | BPF_AND | BPF_K:
                a &= one.k;
                break;
            case BPF_JMP | BPF_JA:
                at += one.k;
                break;
            case BPF_JMP | BPF_JEQ | BPF_K:
                take(a == one.k);
                break;
            case BPF_JMP | BPF_JGE | BPF_K:
                take(a >= one.k);
                break;
            case BPF_JMP | BPF_JGT | BPF_K:
                take(a > one.k);
                break;
            case BPF_RET | BPF_K:
                return one.k;
            default:
                ADD_FAILURE() << "instruction " << one.code;
                return 0;
        }
    }
    return 0;
}

inline std::uint32_t seccomp_answer(const std::string& filter, int number, std::uint64_t first = 0,
                                    std::uint32_t arch = AUDIT_ARCH_X86_64) {
    seccomp_data data{};
    data.nr = number;
    data.arch = arch;
    data.args[0] = first;
    return seccomp_answer(filter, data);
}

}  // namespace hoist::test
