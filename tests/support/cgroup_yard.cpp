// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cgroup_yard.h"

#include <dirent.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <thread>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/text.h"

namespace hoist::test {
namespace {

/// Writes a control file; failures do not matter to the caller.
void put(const std::string& path, const std::string& text) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return;
    (void)!::write(fd, text.data(), text.size());
    ::close(fd);
}

/// Calls `act` for a directory and all below, deepest first.
void each_directory(const std::string& path, const std::function<void(const std::string&)>& act) {
    if (DIR* dir = ::opendir(path.c_str())) {
        while (const dirent* entry = ::readdir(dir))
            if (entry->d_type == DT_DIR && entry->d_name[0] != '.') each_directory(path + "/" + entry->d_name, act);
        ::closedir(dir);
    }
    act(path);
}

/// Lets the children of a v2 cgroup have all its controllers.
void hand_down(const std::string& directory) {
    for (const auto& one : split(trim(read_file_if_exists(directory + "/cgroup.controllers").value_or("")), ' '))
        if (!one.empty()) put(directory + "/cgroup.subtree_control", "+" + one);
}

/// "/path" of this process in the hierarchy with these controllers ("" for v2).
std::string own_path(const std::string& controllers) {
    for (const auto& line : split(read_file("/proc/self/cgroup"), '\n')) {
        const auto first = line.find(':'), second = line.find(':', first + 1);
        if (second == std::string::npos) continue;
        if (line.substr(first + 1, second - first - 1) == controllers) return line.substr(second + 1);
    }
    return "/";
}

}  // namespace

CgroupYard CgroupYard::make(const std::string& name) {
    CgroupYard yard;
    yard.name_ = name;
    for (const auto& line : split(read_file("/proc/self/mounts"), '\n')) {
        const auto fields = split(line, ' ');
        if (fields.size() < 4 || (fields[2] != "cgroup" && fields[2] != "cgroup2")) continue;
        std::vector<std::string> options;
        for (const auto& option : split(fields[3], ','))
            if (option != "rw" && option != "relatime" && option != "nosuid" && option != "nodev" &&
                option != "noexec" && option != "nsdelegate" && option != "memory_recursiveprot")
                options.push_back(option);
        const std::string controllers = fields[2] == "cgroup2" ? "" : join(options, ",");
        const std::string path = fields[1] + "/" + name;
        // Beside v1 the v2 tree stays without controllers: other runtimes refuse a mixture, and the root is not ours.
        if (controllers.empty() && fields[1] == "/sys/fs/cgroup") hand_down(fields[1]);
        if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) fail_errno(errno, "make {}", path);
        if (controllers == "cpuset") {  // an empty cpuset lets nobody in
            put(path + "/cpuset.cpus", read_file(fields[1] + "/cpuset.cpus"));
            put(path + "/cpuset.mems", read_file(fields[1] + "/cpuset.mems"));
            put(path + "/cgroup.clone_children", "1");
        }
        yard.hierarchies_.push_back({fields[1], controllers, fields[2], own_path(controllers)});
    }
    return yard;
}

void CgroupYard::enter() const {
    for (const auto& hierarchy : hierarchies_)
        put(hierarchy.mount_point + "/" + name_ + "/cgroup.procs", std::to_string(::getpid()));
}

void CgroupYard::leave() const {
    for (const auto& hierarchy : hierarchies_)
        put(hierarchy.mount_point + hierarchy.home + "/cgroup.procs", std::to_string(::getpid()));
}

void CgroupYard::mount_inside() const {
    check(::mount("tmpfs", "/sys/fs/cgroup", "tmpfs", 0, "mode=755"), "mount the cgroup folder");
    for (const auto& hierarchy : hierarchies_) {
        if (hierarchy.mount_point == "/sys/fs/cgroup") {
            check(::mount("cgroup", "/sys/fs/cgroup", "cgroup2", 0, nullptr), "mount cgroup2");
            // A v2 cgroup has processes or hands controllers down, but its root: the test moves out of the way.
            check(::mkdir("/sys/fs/cgroup/test", 0755), "make a cgroup for the test");
            put("/sys/fs/cgroup/test/cgroup.procs", "0");
            hand_down("/sys/fs/cgroup");
            continue;
        }
        make_directories(hierarchy.mount_point);
        check(::mount("cgroup", hierarchy.mount_point.c_str(), hierarchy.type.c_str(), 0, hierarchy.options.c_str()),
              "mount {}", hierarchy.mount_point);
    }
}

void CgroupYard::remove() const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    for (const auto& hierarchy : hierarchies_) {
        const std::string yard = hierarchy.mount_point + "/" + name_;
        // A frozen process survives even the end of its pid namespace.
        each_directory(yard, [](const std::string& path) {
            put(path + "/freezer.state", "THAWED");
            put(path + "/cgroup.freeze", "0");
        });
        while (::access(yard.c_str(), F_OK) == 0 && std::chrono::steady_clock::now() < deadline) {
            each_directory(yard, [](const std::string& path) {
                if (::rmdir(path.c_str()) == 0) return;
                const auto processes = read_file_if_exists(path + "/cgroup.procs");
                for (const auto& pid : split(processes.value_or(""), '\n'))
                    if (!pid.empty() && pid != "0") ::kill(std::stoi(pid), SIGKILL);
            });
            if (::access(yard.c_str(), F_OK) == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }
}

}  // namespace hoist::test
