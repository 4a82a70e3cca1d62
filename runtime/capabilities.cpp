// SPDX-License-Identifier: Apache-2.0
// Names and numbers of capabilities. @see linux/capability.h
#include <sys/prctl.h>

#include <array>
#include <string_view>

#include "base/text.h"
#include "runtime/capabilities.h"
#include "runtime/oci.h"

namespace hoist::runtime {
namespace {

constexpr std::array<const char*, 41> capability_names = {"CHOWN",
                                                          "DAC_OVERRIDE",
                                                          "DAC_READ_SEARCH",
                                                          "FOWNER",
                                                          "FSETID",
                                                          "KILL",
                                                          "SETGID",
                                                          "SETUID",
                                                          "SETPCAP",
                                                          "LINUX_IMMUTABLE",
                                                          "NET_BIND_SERVICE",
                                                          "NET_BROADCAST",
                                                          "NET_ADMIN",
                                                          "NET_RAW",
                                                          "IPC_LOCK",
                                                          "IPC_OWNER",
                                                          "SYS_MODULE",
                                                          "SYS_RAWIO",
                                                          "SYS_CHROOT",
                                                          "SYS_PTRACE",
                                                          "SYS_PACCT",
                                                          "SYS_ADMIN",
                                                          "SYS_BOOT",
                                                          "SYS_NICE",
                                                          "SYS_RESOURCE",
                                                          "SYS_TIME",
                                                          "SYS_TTY_CONFIG",
                                                          "MKNOD",
                                                          "LEASE",
                                                          "AUDIT_WRITE",
                                                          "AUDIT_CONTROL",
                                                          "SETFCAP",
                                                          "MAC_OVERRIDE",
                                                          "MAC_ADMIN",
                                                          "SYSLOG",
                                                          "WAKE_ALARM",
                                                          "BLOCK_SUSPEND",
                                                          "AUDIT_READ",
                                                          "PERFMON",
                                                          "BPF",
                                                          "CHECKPOINT_RESTORE"};

}  // namespace

std::uint64_t default_capabilities() {
    return 0xa80425fb;
}

std::optional<int> capability_number(const std::string& name) {
    std::string_view word = name;
    if (starts_with_ignoring_case(word, "CAP_")) word.remove_prefix(4);
    for (std::size_t number = 0; number < capability_names.size(); ++number) {
        if (word.size() == std::string_view(capability_names[number]).size() &&
            starts_with_ignoring_case(word, capability_names[number]))
            return static_cast<int>(number);
    }
    return std::nullopt;
}

std::string capability_name(int number) {
    return std::string("CAP_") + capability_names.at(static_cast<std::size_t>(number));
}

std::uint64_t all_capabilities() {
    std::uint64_t mask = 0;
    for (std::size_t number = 0; number < capability_names.size(); ++number) {
        if (::prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0) mask |= std::uint64_t{1} << number;
    }
    return mask;
}

}  // namespace hoist::runtime
