// SPDX-License-Identifier: Apache-2.0
// What Docker gives a container that asks for nothing.
#include <unistd.h>

#include "runtime/oci.h"

namespace hoist::runtime {
namespace {

std::vector<Mount> default_mounts() {
    return {
        {"/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}},
        {"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
        {"/dev/pts", "devpts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
        {"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}},
        {"/sys/fs/cgroup", "cgroup", "cgroup", {"ro", "nosuid", "noexec", "nodev"}},
        {"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}},
        {"/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=67108864"}},
    };
}

/// Nothing but making nodes, which is harmless while opening them is refused, and the devices every program needs.
std::vector<DeviceRule> default_device_rules() {
    std::vector<DeviceRule> rules = {{false, 'a', -1, -1, "rwm"}, {true, 'c', -1, -1, "m"}, {true, 'b', -1, -1, "m"}};
    const std::pair<int, int> allowed[] = {{1, 3}, {1, 5}, {1, 7}, {1, 8},    {1, 9},
                                           {5, 0}, {5, 1}, {5, 2}, {136, -1}, {10, 200}};
    for (const auto& [major, minor] : allowed) rules.push_back({true, 'c', major, minor, "rwm"});
    return rules;
}

std::vector<std::string> default_masked_paths() {
    std::vector<std::string> paths = {"/proc/acpi",        "/proc/asound",  "/proc/interrupts",
                                      "/proc/kcore",       "/proc/keys",    "/proc/latency_stats",
                                      "/proc/sched_debug", "/proc/scsi",    "/proc/timer_list",
                                      "/proc/timer_stats", "/sys/firmware", "/sys/devices/virtual/powercap"};
    // The throttle counters of each processor tell what other tenants do.
    const long processors = ::sysconf(_SC_NPROCESSORS_CONF);
    for (long n = 0; n < processors; ++n) {
        const std::string path = "/sys/devices/system/cpu/cpu" + std::to_string(n) + "/thermal_throttle";
        if (::access(path.c_str(), F_OK) == 0) paths.push_back(path);
    }
    return paths;
}

}  // namespace

Config default_config() {
    Config config;
    const std::uint64_t mask = default_capabilities();
    config.process.capabilities = Capabilities{.bounding = mask, .effective = mask, .permitted = mask};
    config.process.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
    config.mounts = default_mounts();
    for (const auto type : {NamespaceType::pid, NamespaceType::network, NamespaceType::mount, NamespaceType::ipc,
                            NamespaceType::uts, NamespaceType::cgroup})
        config.namespaces.push_back({type, ""});
    config.resources.devices = default_device_rules();
    config.masked_paths = default_masked_paths();
    config.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
    // As Docker: programs that are not root may use low ports and ping inside a network namespace of their own.
    config.sysctl = {{"net.ipv4.ip_unprivileged_port_start", "0"}, {"net.ipv4.ping_group_range", "0 2147483647"}};
    return config;
}

}  // namespace hoist::runtime
