#pragma once
// SPDX-License-Identifier: Apache-2.0
// Seccomp rules as classic BPF. A binary search over ranges of call numbers: about eight comparisons a call, and a
// program a half as long as libseccomp's, which the kernel checks and translates at each start of a container.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hoist::runtime {

enum class Comparison { ne, lt, le, eq, ge, gt, masked_eq };
struct ArgumentTest {
    unsigned index = 0;
    Comparison comparison = Comparison::eq;
    std::uint64_t value = 0;   ///< masked_eq: the mask
    std::uint64_t second = 0;  ///< masked_eq: what the masked argument must be
};
struct ConditionalAction {
    std::vector<ArgumentTest> tests;  ///< all must hold
    std::uint32_t action = 0;         ///< SECCOMP_RET_*
};
struct CallRule {
    std::vector<ConditionalAction> conditional;  ///< the first that holds decides
    std::optional<std::uint32_t> otherwise;      ///< else this, or the default
};
/// The calls of one value of seccomp_data.arch.
struct ArchitectureRules {
    std::uint32_t audit_arch = 0;
    std::map<std::uint32_t, CallRule> calls;
    /// From the given number on, another action than the default (ENOSYS for what is newer than the rules), up to the
    /// next boundary.
    std::map<std::uint32_t, std::uint32_t> default_from = {};
};

/// The program as bytes of struct sock_filter; calls of an architecture that is not listed kill the process.
std::string build_filter(const std::vector<ArchitectureRules>& architectures);

}  // namespace hoist::runtime
