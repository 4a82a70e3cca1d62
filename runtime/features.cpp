// SPDX-License-Identifier: Apache-2.0
#include "runtime/features.h"

#include "runtime/capabilities.h"
#include "runtime/mount_options.h"
#include "runtime/namespaces.h"
#include "runtime/oci.h"

namespace hoist::runtime {

Json features() {
    Json capabilities = Json::array(), namespaces = Json::array();
    for (int number = 0; number <= 40; ++number) {
        if (all_capabilities() >> number & 1) capabilities.push_back(capability_name(number));
    }
    for (const auto type : {NamespaceType::cgroup, NamespaceType::ipc, NamespaceType::mount, NamespaceType::network,
                            NamespaceType::pid, NamespaceType::time, NamespaceType::user, NamespaceType::uts})
        namespaces.push_back(to_string(type));
    const Json seccomp_flags = {"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
                                "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
    const Json seccomp = {
        {"enabled", true},
        {"actions",
         {"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
          "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP"}},
        {"operators",
         {"SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ",
          "SCMP_CMP_NE"}},
        {"archs",
         {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", "SCMP_ARCH_PPC64LE", "SCMP_ARCH_RISCV64", "SCMP_ARCH_S390X",
          "SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64"}},
        {"knownFlags", seccomp_flags},
        {"supportedFlags", seccomp_flags}};
    return {{"ociVersionMin", "1.0.0"},
            {"ociVersionMax", "1.2.0"},
            {"hooks", {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"}},
            {"mountOptions", known_mount_options()},
            {"linux",
             {{"namespaces", namespaces},
              {"capabilities", capabilities},
              {"cgroup", {{"v1", true}, {"v2", true}, {"systemd", true}, {"systemdUser", false}, {"rdma", true}}},
              {"seccomp", seccomp},
              {"apparmor", {{"enabled", true}}},
              {"selinux", {{"enabled", true}}},
              {"intelRdt", {{"enabled", true}}},
              {"memoryPolicy",
               {{"modes",
                 {"MPOL_BIND", "MPOL_DEFAULT", "MPOL_INTERLEAVE", "MPOL_LOCAL", "MPOL_PREFERRED", "MPOL_PREFERRED_MANY",
                  "MPOL_WEIGHTED_INTERLEAVE"}},
                {"flags", {"MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"}}}},
              {"mountExtensions", {{"idmap", {{"enabled", true}}}}},
              {"netDevices", {{"enabled", true}}}}}};
}

}  // namespace hoist::runtime
