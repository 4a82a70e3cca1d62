// SPDX-License-Identifier: Apache-2.0
#include "runtime/cache_allocation.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace hoist::runtime {
namespace {

std::string asked_schemata(const CacheAllocation& wanted) {
    std::string text;
    for (const auto* one : {&wanted.l3_schema, &wanted.bandwidth_schema}) {
        if (!one->empty()) text += *one + "\n";
    }
    for (const auto& line : wanted.schemata) text += line + "\n";
    return text;
}

void put(const std::string& path, const std::string& text) {
    const Fd file = open_file(path, O_WRONLY);
    check(::write(file.get(), text.data(), text.size()), "linux.intelRdt: write to {}", path);
}

/// @return whether it had to be made
bool make_group(const std::string& directory) {
    if (::mkdir(directory.c_str(), 0755) == 0) return true;
    if (errno != EEXIST) fail_errno(errno, "linux.intelRdt: make group {}", directory);
    return false;
}

}  // namespace

std::string resctrl_mount() {
    for (const auto& line : split(read_file("/proc/self/mounts"), '\n')) {
        const auto fields = split(line, ' ');
        if (fields.size() > 2 && fields[2] == "resctrl") return fields[1];
    }
    return "";
}

std::string join_cache_group(const std::string& mount, const CacheAllocation& wanted, const std::string& id,
                             pid_t pid) {
    const std::string directory = mount + "/" + (wanted.group.empty() ? id : wanted.group);
    const std::string schemata = asked_schemata(wanted);
    const bool made = make_group(directory);
    try {
        if (!schemata.empty()) put(directory + "/schemata", schemata);
        put(directory + "/tasks", std::to_string(pid));
        if (wanted.monitoring) {
            make_group(directory + "/mon_groups/" + id);
            put(directory + "/mon_groups/" + id + "/tasks", std::to_string(pid));
        }
    } catch (const Error&) {
        if (made) ::rmdir(directory.c_str());
        throw;
    }
    if (made) return directory;
    return wanted.monitoring ? directory + "/mon_groups/" + id : "";
}

}  // namespace hoist::runtime
