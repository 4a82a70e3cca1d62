// SPDX-License-Identifier: Apache-2.0
#include "runtime/systemd_scope.h"

#include <signal.h>
#include <sys/prctl.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "runtime/cgroup_limits.h"
#include "runtime/clone.h"
#include "runtime/command_log.h"
#include "runtime/dbus.h"
#include "runtime/systemd_properties.h"

namespace hoist::runtime {
namespace {

/// A process that does nothing, and ends with us.
pid_t make_holder() {
    const auto cloned = clone_process(0, Fd());
    if (cloned.pid > 0) return cloned.pid;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) ::pause();
}

std::vector<UnitProperty> scope_properties(const ScopeName& name, const std::string& id, pid_t holder, CgroupMode mode,
                                           const Resources& resources) {
    std::vector<UnitProperty> made = {{"Description", "hoist container " + id},
                                      {"Slice", name.slice},
                                      {"PIDs", std::vector<std::uint32_t>{static_cast<std::uint32_t>(holder)}},
                                      {"Delegate", true},  // what is below is ours to arrange
                                      {"DefaultDependencies", false},
                                      {"CollectMode", std::string("inactive-or-failed")},
                                      {"MemoryAccounting", true},
                                      {"CPUAccounting", true},
                                      {"TasksAccounting", true},
                                      {mode == CgroupMode::v2 ? "IOAccounting" : "BlockIOAccounting", true}};
    const auto devices = with_default_devices(resources.devices);
    for (auto& list : {limit_properties(mode, resources), device_properties(devices, read_file("/proc/devices"))})
        made.insert(made.end(), list.begin(), list.end());
    return made;
}

void listen_for_jobs(Dbus& bus) {
    DbusWriter rule;
    rule.put_string(
        "type='signal',sender='org.freedesktop.systemd1',path='/org/freedesktop/systemd1',"
        "interface='org.freedesktop.systemd1.Manager',member='JobRemoved'");
    bus.call_bus("AddMatch", "s", rule);
    bus.call_systemd("Subscribe", "", {});
}

/// Waits until systemd has done a job.
void wait_for_job(Dbus& bus, const std::string& job, const std::string& unit) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    for (;;) {
        const DbusMessage signal = bus.wait_for_signal(deadline);
        if (signal.member != "JobRemoved") continue;
        DbusReader reader(signal.body);
        reader.take_u32();
        if (reader.take_string() != job) continue;
        reader.take_string();
        const std::string result = reader.take_string();
        if (result != "done") fail(Kind::internal, "systemd could not start {}: {}", unit, escape_for_terminal(result));
        return;
    }
}

void start_unit(const ScopeName& name, const std::vector<UnitProperty>& properties) {
    Dbus bus = Dbus::connect_system();
    listen_for_jobs(bus);
    DbusWriter arguments;
    arguments.put_string(name.unit);
    arguments.put_string("replace");
    put_properties(arguments, properties);
    arguments.put_array(8, [] {});  // no further units
    const auto answer = bus.call_systemd("StartTransientUnit", "ssa(sv)a(sa(sv))", arguments);
    wait_for_job(bus, DbusReader(answer.body).take_string(), name.unit);
}

/// The cgroup that systemd has put a process in.
std::string systemd_cgroup_of(pid_t pid) {
    for (const auto& line : split(read_file(fmt::format("/proc/{}/cgroup", pid)), '\n')) {
        const auto named = line.find(":name=systemd:");
        if (named != std::string::npos) return line.substr(named + std::string_view(":name=systemd:").size());
    }
    for (const auto& line : split(read_file(fmt::format("/proc/{}/cgroup", pid)), '\n')) {
        if (line.rfind("0::", 0) == 0) return line.substr(3);
    }
    fail(Kind::internal, "find the cgroup of systemd's scope: process {} is in none of its hierarchies", pid);
}

}  // namespace

ScopeName parse_scope_name(const std::string& cgroups_path, const std::string& id) {
    if (cgroups_path.empty()) return {"system.slice", "hoist-" + id + ".scope"};
    const auto parts = split(cgroups_path, ':');
    if (parts.size() != 3 || parts[2].empty())
        fail(Kind::invalid,
             "linux.cgroupsPath \"{}\": with the systemd cgroup manager it has the form slice:prefix:name",
             cgroups_path);
    const std::string name = parts[1].empty() ? parts[2] : parts[1] + "-" + parts[2];
    return {parts[0].empty() ? "system.slice" : parts[0], name + ".scope"};
}

SystemdScope SystemdScope::start(const std::string& cgroups_path, const std::string& id, const Resources& resources) {
    const ScopeName name = parse_scope_name(cgroups_path, id);
    SystemdScope made;
    made.holder_ = make_holder();
    start_unit(name, scope_properties(name, id, made.holder_, CgroupLayout::host().mode, resources));
    made.name_ = name.unit;
    made.cgroup_path_ = systemd_cgroup_of(made.holder_);
    log_debug("container {}: systemd made {} with cgroup {}", id, made.name_, made.cgroup_path_);
    return made;
}

SystemdScope::SystemdScope(SystemdScope&& other) noexcept
    : name_(std::move(other.name_)),
      cgroup_path_(std::move(other.cgroup_path_)),
      holder_(std::exchange(other.holder_, -1)) {}

SystemdScope& SystemdScope::operator=(SystemdScope other) noexcept {
    std::swap(name_, other.name_);
    std::swap(cgroup_path_, other.cgroup_path_);
    std::swap(holder_, other.holder_);
    return *this;
}

void SystemdScope::release() noexcept {
    if (holder_ <= 0) return;
    ::kill(holder_, SIGKILL);
    reap(std::exchange(holder_, -1));
}

void SystemdScope::stop() noexcept {
    release();
    if (!name_.empty()) stop(std::exchange(name_, ""));
}

void SystemdScope::update(const std::string& name, CgroupMode mode, const Resources& resources) {
    const auto properties = limit_properties(mode, resources);
    if (properties.empty()) return;
    Dbus bus = Dbus::connect_system();
    DbusWriter arguments;
    arguments.put_string(name);
    arguments.put_bool(true);  // until it ends, as the scope itself
    put_properties(arguments, properties);
    bus.call_systemd("SetUnitProperties", "sba(sv)", arguments);
}

void SystemdScope::stop(const std::string& name) noexcept {
    try {
        Dbus bus = Dbus::connect_system();
        DbusWriter arguments;
        arguments.put_string(name);
        arguments.put_string("replace");
        bus.call_systemd("StopUnit", "ss", arguments);
    } catch (const Error& error) {
        if (error.kind() != Kind::not_found) log_warning(fmt::format("stop {}: {}", name, error.message()));
    }
}

}  // namespace hoist::runtime
