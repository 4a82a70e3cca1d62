// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/kernel_features.h"
#include "base/path.h"
#include "base/text.h"
#include "runtime/cgroup_limits.h"
#include "runtime/device_program.h"

namespace hoist::runtime {
namespace {

/// Writes a control file in one write(2), as the kernel wants it. @return 0 or errno
int put_file(const std::string& path, const std::string& value) {
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd) return errno;
    return ::write(fd.get(), value.data(), value.size()) < 0 ? errno : 0;
}

std::string get_file(const std::string& path) {
    return std::string(trim(read_file(path)));
}

bool has_controller(const std::string& controllers, const std::string& name) {
    const auto list = split(controllers, ',');
    return std::find(list.begin(), list.end(), name) != list.end();
}

/// The controllers that a container with these limits is put under, on v1. Each one costs a directory and a join.
std::set<std::string> wanted_v1(const std::vector<CgroupWrite>& writes) {
    std::set<std::string> names = {"memory", "cpu", "cpuacct", "pids", "devices", "freezer"};
    for (const auto& one : writes) names.insert(one.controller);
    return names;
}

/// A new cpuset takes no process before it has processors and memory: the parent's.
void inherit_cpuset(const std::string& directory) {
    for (const char* file : {"/cpuset.cpus", "/cpuset.mems"}) {
        if (!get_file(directory + file).empty()) continue;
        const std::string parent = split_path(directory).parent;
        if (get_file(parent + file).empty()) inherit_cpuset(parent);
        put_file(directory + file, get_file(parent + file));
    }
}

void make_directory(const std::string& directory, Existing existing) {
    if (::mkdir(directory.c_str(), 0755) == 0) return;
    if (errno == ENOENT) {
        make_directories(split_path(directory).parent);
    } else if (errno != EEXIST) {
        fail_errno(errno, "make cgroup {}", directory);
    } else if (existing == Existing::adopt) {
        return;
    } else if (::rmdir(directory.c_str()) != 0) {
        if (existing == Existing::share) return;
        fail(Kind::conflict, "make cgroup {}: one of this name is there and in use", directory);
    }
    check(::mkdir(directory.c_str(), 0755), "make cgroup {}", directory);
}

/// v2: each level above has to hand the controllers down.
void delegate_controllers(const std::string& mount_point, const std::string& path,
                          const std::vector<CgroupWrite>& writes) {
    std::set<std::string> names = {"memory", "cpu", "pids", "io"};
    for (const auto& one : writes) names.insert(one.controller);
    const auto available = split(get_file(mount_point + "/cgroup.controllers"), ' ');
    std::string request;
    for (const auto& name : names) {
        if (std::find(available.begin(), available.end(), name) != available.end())
            request += (request.empty() ? "+" : " +") + name;
    }
    if (request.empty()) return;
    std::string directory = mount_point;
    for (const auto& part : split(split_path(path).parent, '/')) {
        if (!part.empty()) directory += "/" + part;
        if (directory != mount_point && part.empty()) continue;
        if (::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST) fail_errno(errno, "make cgroup {}", directory);
        if (const int code = put_file(directory + "/cgroup.subtree_control", request))
            fail_errno(code, "hand controllers down in cgroup {}", directory);
    }
}

void remove_directory(const std::string& directory) {
    if (::rmdir(directory.c_str()) == 0 || errno == ENOENT) return;
    DIR* dir = ::opendir(directory.c_str());
    if (!dir) return;
    while (const dirent* entry = ::readdir(dir)) {  // cgroups that the container made below its own
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.') remove_directory(directory + "/" + entry->d_name);
    }
    ::closedir(dir);
    ::rmdir(directory.c_str());
}

void collect_processes(const std::string& directory, std::set<pid_t>& found) {
    const auto text = read_file_if_exists(directory + "/cgroup.procs");
    if (!text) return;
    for (const auto& line : split(*text, '\n')) {
        if (!line.empty()) found.insert(std::stoi(line));
    }
    DIR* dir = ::opendir(directory.c_str());
    if (!dir) return;
    while (const dirent* entry = ::readdir(dir)) {
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            collect_processes(directory + "/" + entry->d_name, found);
    }
    ::closedir(dir);
}

}  // namespace

Cgroup Cgroup::create(const CgroupLayout& layout, const std::string& path, const Resources& resources,
                      Existing existing, bool everywhere) {
    const auto writes = limit_writes(layout.mode, resources);
    const auto wanted = wanted_v1(writes);
    Cgroup made;
    made.mode_ = layout.mode;
    made.path_ = clean_path(path);
    if (made.path_ == "/") fail(Kind::invalid, "cgroupsPath must name a cgroup below the root");
    try {
        for (const auto& one : layout.hierarchies) {
            const auto names = split(one.controllers, ',');
            const bool use =
                everywhere || layout.mode == CgroupMode::v2 ||
                std::any_of(names.begin(), names.end(), [&](const auto& name) { return wanted.count(name); });
            if (!use) continue;
            if (layout.mode == CgroupMode::v2) delegate_controllers(one.mount_point, made.path_, writes);
            made.add_place(one, existing);
        }
        made.apply(resources);
    } catch (...) {
        for (const auto& place : made.places_) ::rmdir(place.directory.c_str());
        throw;
    }
    return made;
}

void Cgroup::add_place(const CgroupLayout::Hierarchy& hierarchy, Existing existing) {
    const std::string directory = hierarchy.mount_point + path_;
    make_directory(directory, existing);
    places_.push_back({hierarchy.controllers, directory});
    if (has_controller(hierarchy.controllers, "cpuset")) inherit_cpuset(directory);
}

Cgroup Cgroup::open(const CgroupLayout& layout, const std::string& path) {
    Cgroup made;
    made.mode_ = layout.mode;
    made.path_ = clean_path(path);
    for (const auto& one : layout.hierarchies) {
        const std::string directory = one.mount_point + made.path_;
        if (made.path_ != "/" && ::access(directory.c_str(), F_OK) == 0)
            made.places_.push_back({one.controllers, directory});
    }
    return made;
}

const Cgroup::Place* Cgroup::place_of(const std::string& controller) const {
    for (const auto& place : places_) {
        if (mode_ == CgroupMode::v2 || has_controller(place.controllers, controller)) return &place;
    }
    return nullptr;
}

void Cgroup::write(const std::string& controller, const std::string& file, const std::string& value) const {
    const Place* place = place_of(controller);
    if (!place)
        fail(Kind::invalid, "set {} to {}: the kernel's cgroup controller \"{}\" is not mounted", file, value,
             controller);
    if (const int code = put_file(place->directory + "/" + file, value))
        fail_errno(code, "set {} of cgroup {} to {}", file, path_, value);
}

/// v2 takes a limit below the present use and then kills; who wants that checked is told instead.
void Cgroup::check_use(const Resources& resources) const {
    if (!resources.check_before_update || mode_ != CgroupMode::v2 || places_.empty()) return;
    const auto used = read_file_if_exists(places_[0].directory + "/memory.current");
    if (!used || resources.memory_limit.value_or(0) <= 0) return;
    const long long bytes = std::stoll(*used);
    if (bytes > *resources.memory_limit)
        fail(Kind::conflict, "linux.resources.memory.limit {}: the container uses more than that ({} bytes)",
             *resources.memory_limit, bytes);
}

void Cgroup::apply(const Resources& resources) const {
    check_use(resources);
    for (const auto& one : limit_writes(mode_, resources)) {
        const Place* place = place_of(one.controller);
        const std::string path = place ? limit_file(place->directory, one) : "";
        if (one.optional && (!place || ::access(path.c_str(), F_OK) != 0)) continue;
        if (!place)
            fail(Kind::invalid, "set {} to {}: the kernel's cgroup controller \"{}\" is not mounted", one.file,
                 one.value, one.controller);
        int code = put_file(path, one.value);
        // v1 holds memory <= memory+swap at each moment, so a raised limit has to wait for the raised sum.
        if (code == EINVAL && one.file == "memory.limit_in_bytes" && resources.memory_swap.value_or(0)) {
            write("memory", "memory.memsw.limit_in_bytes", std::to_string(*resources.memory_swap));
            code = put_file(path, one.value);
        }
        if (code == ENOTSUP && one.optional) continue;  // a file that the kernel keeps for the name's sake
        if (code != 0) fail_errno(code, "set {} of cgroup {} to {}", one.file, path_, one.value);
    }
    if (!resources.devices.empty()) apply_devices(with_default_devices(resources.devices));
}

void Cgroup::apply_devices(const std::vector<DeviceRule>& rules) const {
    const Place* place = place_of("devices");
    if (!place) fail(Kind::invalid, "apply device rules: the kernel's cgroup controller \"devices\" is not mounted");
    if (mode_ == CgroupMode::v2) {
        attach_device_program(open_file(place->directory, O_RDONLY | O_DIRECTORY), rules);
        return;
    }
    const Fd allow = open_file(place->directory + "/devices.allow", O_WRONLY);
    const Fd deny = open_file(place->directory + "/devices.deny", O_WRONLY);
    for (const auto& rule : rules) {
        const std::string line = device_rule_line(rule);
        if (::write((rule.allow ? allow : deny).get(), line.data(), line.size()) < 0)
            fail_errno(errno, "apply device rule \"{}\" to cgroup {}", line, path_);
    }
}

void Cgroup::add(pid_t pid) const {
    for (const auto& place : places_) {
        if (const int code = put_file(place.directory + "/cgroup.procs", std::to_string(pid)))
            fail_errno(code, "move process {} to cgroup {}", pid, place.directory);
    }
}

std::optional<Fd> Cgroup::clone_into() const {
    if (mode_ != CgroupMode::v2 || places_.empty() || !kernel_has(KernelFeature::clone_into_cgroup) ||
        !kernel_has(KernelFeature::clone3))
        return std::nullopt;
    return open_file(places_[0].directory, O_PATH | O_DIRECTORY);
}

std::vector<Fd> Cgroup::join_files() const {
    std::vector<Fd> files;
    if (clone_into()) return files;
    for (const auto& place : places_) {
        // Not the named and the unified ones: nothing of ours is there, unless they were made for us.
        files.push_back(
            open_file(place.directory + (place.controllers.empty() ? "/cgroup.procs" : "/tasks"), O_WRONLY));
    }
    return files;
}

std::vector<pid_t> Cgroup::processes() const {
    std::set<pid_t> found;
    if (!places_.empty()) collect_processes(places_[0].directory, found);
    return {found.begin(), found.end()};
}

bool Cgroup::exists() const {
    return std::any_of(places_.begin(), places_.end(),
                       [](const Place& p) { return ::access(p.directory.c_str(), F_OK) == 0; });
}

void Cgroup::remove(Leftovers leftovers) const {
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + std::chrono::seconds(5);
    long pause_ns = 500'000;
    for (;;) {
        for (const auto& place : places_) remove_directory(place.directory);
        if (!exists() || (leftovers == Leftovers::leave && !processes().empty())) return;
        if (Clock::now() > deadline) fail(Kind::timeout, "remove cgroup {}: still in use after 5 s", path_);
        if (leftovers == Leftovers::kill) kill_all(SIGKILL);
        // Only here: a process that was killed leaves its cgroup some moments after its end is told.
        const timespec pause{0, pause_ns};
        ::nanosleep(&pause, nullptr);
        pause_ns = std::min(pause_ns * 2, 50'000'000L);
    }
}

}  // namespace hoist::runtime
