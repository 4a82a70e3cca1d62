// SPDX-License-Identifier: Apache-2.0
#include "runtime/sysctl.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace hoist::runtime {
namespace {

std::optional<NamespaceType> owner_of(const std::string& path) {
    static constexpr std::array<std::string_view, 11> ipc = {
        "kernel/msgmax",      "kernel/msgmnb",      "kernel/msgmni",     "kernel/sem",
        "kernel/shmall",      "kernel/shmmax",      "kernel/shmmni",     "kernel/shm_rmid_forced",
        "kernel/msg_next_id", "kernel/sem_next_id", "kernel/shm_next_id"};
    if (path.starts_with("net/")) return NamespaceType::network;
    if (path.starts_with("fs/mqueue/")) return NamespaceType::ipc;
    if (std::find(ipc.begin(), ipc.end(), path) != ipc.end()) return NamespaceType::ipc;
    if (path == "kernel/domainname" || path == "kernel/hostname") return NamespaceType::uts;
    return std::nullopt;
}

}  // namespace

std::optional<Sysctl> parse_sysctl(const std::string& name) {
    Sysctl made{name, std::nullopt};
    const auto first = name.find_first_of("./");
    if (first != std::string::npos && name[first] == '.') {
        for (char& letter : made.path) letter = letter == '.' ? '/' : letter == '/' ? '.' : letter;
    }
    for (const auto& part : split(made.path, '/')) {
        if (part.empty() || part == "." || part == "..") return std::nullopt;
    }
    made.owner = owner_of(made.path);
    return made;
}

}  // namespace hoist::runtime
