// SPDX-License-Identifier: Apache-2.0
// _ping, version, info, system/df.
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "api/router.h"
#include "base/file.h"
#include "base/text.h"
#include "orchestrator/log_config.h"
#include "wire/time.h"

namespace hoist::api {
namespace {

std::string version_text(ApiVersion version) {
    return fmt::format("{}.{}", version.major, version.minor);
}

utsname kernel() {
    utsname name{};
    ::uname(&name);
    return name;
}

/// Docker's names for processors are Go's.
std::string architecture(const std::string& machine) {
    if (machine == "x86_64") return "amd64";
    if (machine == "aarch64") return "arm64";
    return machine;
}

/// PRETTY_NAME of os-release(5).
std::string operating_system() {
    for (const auto& line : split(read_file_if_exists("/etc/os-release").value_or(""), '\n')) {
        if (line.rfind("PRETTY_NAME=", 0) != 0) continue;
        std::string name = line.substr(12);
        std::erase(name, '"');
        return name;
    }
    return "Linux";
}

asio::awaitable<void> ping(Exchange& exchange, Services&) {
    exchange.extra_headers =
        "Builder-Version: 1\r\nSwarm: inactive\r\nCache-Control: no-cache, no-store, must-revalidate\r\n"
        "Pragma: no-cache\r\n";
    co_await exchange.send(200, "text/plain; charset=utf-8", exchange.request.method == "HEAD" ? "" : "OK");
}

asio::awaitable<void> show_version(Exchange& exchange, Services&) {
    const utsname name = kernel();
    const std::string api = version_text(newest_version), oldest = version_text(oldest_version);
    const std::string machine = architecture(name.machine);
    Json details = {{"ApiVersion", api},    {"MinAPIVersion", oldest},       {"Arch", machine},
                    {"Os", "linux"},        {"KernelVersion", name.release}, {"Experimental", "false"},
                    {"GitCommit", "hoist"}, {"GoVersion", "none"},           {"BuildTime", ""}};
    Json answer = {{"Platform", {{"Name", "hoist"}}},
                   {"Components", {{{"Name", "Engine"}, {"Version", HOIST_VERSION}, {"Details", details}}}},
                   {"Version", HOIST_VERSION},
                   {"Experimental", false}};
    for (const auto& [key, value] : details.items())
        if (key != "Experimental") answer[key] = value;
    co_await exchange.send_json(200, std::move(answer));
}

struct Counts {
    int running = 0, paused = 0, stopped = 0, all = 0;
};
Counts count_containers(const orchestrator::Engine& engine) {
    Counts counts;
    for (const auto& view : engine.list()) {
        ++counts.all;
        const auto* up = std::get_if<orchestrator::Running>(&view.state);
        ++(!up ? counts.stopped : up->paused ? counts.paused : counts.running);
    }
    return counts;
}

void add_host(Json& info) {
    const utsname name = kernel();
    struct sysinfo memory {};
    ::sysinfo(&memory);
    info["KernelVersion"] = name.release;
    info["Name"] = name.nodename;
    info["Architecture"] = name.machine;
    info["OperatingSystem"] = operating_system();
    info["OSType"] = "linux";
    info["NCPU"] = ::sysconf(_SC_NPROCESSORS_ONLN);
    info["MemTotal"] = static_cast<std::uint64_t>(memory.totalram) * memory.mem_unit;
    const bool pure_v2 = ::access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
    info["CgroupVersion"] = pure_v2 ? "2" : "1";
    info["CgroupDriver"] = "cgroupfs";
}

/// What keeps the engine from protecting containers as well as it could.
Json warnings() {
    Json list = Json::array();
    // The family of a socket made by the 32-bit socketcall lies in memory, out of seccomp's sight.
    const auto modules = read_file_if_exists("/sys/kernel/security/lsm").value_or("");
    const bool mediates = modules.find("apparmor") != std::string::npos || modules.find("selinux") != std::string::npos;
    const bool has_32_bit = ::access("/proc/sys/abi/vsyscall32", F_OK) == 0;
    if (!mediates && has_32_bit)
        list.push_back(
            "WARNING: no AppArmor or SELinux: 32-bit programs in containers can reach the kernel's AF_ALG sockets "
            "through socketcall");
    return list;
}

asio::awaitable<void> show_info(Exchange& exchange, Services& services) {
    auto& engine = services.engine;
    const Counts counts = count_containers(engine);
    Json info = {
        {"ID", "hoist"},
        {"Containers", counts.all},
        {"ContainersRunning", counts.running},
        {"ContainersPaused", counts.paused},
        {"ContainersStopped", counts.stopped},
        {"Images", engine.images().list().size()},
        {"Driver", "overlayfs"},
        {"DriverStatus", Json::array()},
        {"Plugins",
         {{"Volume", {"local"}},
          {"Network", {"bridge", "host", "none"}},
          {"Authorization", nullptr},
          {"Log", orchestrator::log_drivers()}}},
        {"MemoryLimit", true},
        {"SwapLimit", true},
        {"CpuCfsPeriod", true},
        {"CpuCfsQuota", true},
        {"CPUShares", true},
        {"CPUSet", true},
        {"PidsLimit", true},
        {"IPv4Forwarding", true},
        {"OomKillDisable", false},
        {"Debug", false},
        {"SystemTime", format_time(now())},
        {"LoggingDriver", "local"},
        {"IndexServerAddress", "https://index.docker.io/v1/"},
        {"RegistryConfig",
         {{"IndexConfigs", Json::object()}, {"InsecureRegistryCIDRs", Json::array()}, {"Mirrors", nullptr}}},
        {"DockerRootDir", engine.config().root},
        {"ServerVersion", HOIST_VERSION},
        {"Runtimes", {{"hoist-runtime", {{"path", engine.config().runtime_program}}}}},
        {"DefaultRuntime", "hoist-runtime"},
        {"Swarm", {{"LocalNodeState", "inactive"}, {"ControlAvailable", false}, {"RemoteManagers", nullptr}}},
        {"LiveRestoreEnabled", true},
        {"InitBinary", "hoist-runtime"},
        {"SecurityOptions", {"name=seccomp,profile=builtin", "name=cgroupns"}},
        {"DefaultAddressPools", Json::array()},
        {"Warnings", warnings()},
    };
    for (const auto& pool : engine.config().address_pools)
        info["DefaultAddressPools"].push_back({{"Base", netmgr::to_string(pool.base)}, {"Size", pool.size}});
    add_host(info);
    co_await exchange.send_json(200, std::move(info));
}

asio::awaitable<void> audit(Exchange& exchange, Services& services) {
    const auto found = co_await services.engine.audit();
    Json findings = Json::array();
    for (const auto& finding : found) findings.push_back({{"object", finding.object}, {"problem", finding.problem}});
    Json answer = {{"findings", std::move(findings)}};
    co_await exchange.send_json(200, std::move(answer));
}

asio::awaitable<void> no_plugins(Exchange& exchange, Services&) {
    return exchange.send_json(200, Json::array());
}

}  // namespace

std::vector<Route> system_routes() {
    return {{"GET", "/_ping", ping},     {"HEAD", "/_ping", ping},        {"GET", "/version", show_version},
            {"GET", "/info", show_info}, {"GET", "/plugins", no_plugins}, {"GET", "/hoist/v1/system/audit", audit}};
}

}  // namespace hoist::api
