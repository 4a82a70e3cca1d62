// SPDX-License-Identifier: Apache-2.0
#include "runtime/namespaces.h"

#include <linux/sched.h>

#include <array>

namespace hoist::runtime {
namespace {

struct NamespaceRow {
    NamespaceType type;
    const char* name;
    std::uint64_t flag;
};
constexpr std::array<NamespaceRow, 8> rows = {{{NamespaceType::pid, "pid", CLONE_NEWPID},
                                               {NamespaceType::network, "network", CLONE_NEWNET},
                                               {NamespaceType::mount, "mount", CLONE_NEWNS},
                                               {NamespaceType::ipc, "ipc", CLONE_NEWIPC},
                                               {NamespaceType::uts, "uts", CLONE_NEWUTS},
                                               {NamespaceType::user, "user", CLONE_NEWUSER},
                                               {NamespaceType::cgroup, "cgroup", CLONE_NEWCGROUP},
                                               {NamespaceType::time, "time", CLONE_NEWTIME}}};

}  // namespace

std::optional<NamespaceType> namespace_type(const std::string& name) {
    for (const auto& row : rows) {
        if (name == row.name) return row.type;
    }
    return std::nullopt;
}

const char* to_string(NamespaceType type) {
    return rows[static_cast<std::size_t>(type)].name;
}

const char* proc_name(NamespaceType type) {
    if (type == NamespaceType::network) return "net";
    return type == NamespaceType::mount ? "mnt" : to_string(type);
}

std::uint64_t clone_flag(NamespaceType type) {
    return rows[static_cast<std::size_t>(type)].flag;
}

const Namespace* find_namespace(const Config& config, NamespaceType type) {
    for (const auto& one : config.namespaces) {
        if (one.type == type) return &one;
    }
    return nullptr;
}

}  // namespace hoist::runtime
