// SPDX-License-Identifier: Apache-2.0
// Cgroups inside a container's own.
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "runtime/cgroup.h"

namespace hoist::runtime {
namespace {

struct SubCgroup {
    std::vector<std::string> controllers;  ///< empty: all
    std::string path;                      ///< "" or "/a/b"
};

SubCgroup parse(const std::string& written, std::size_t of_how_many) {
    const auto parts = split(written, ':');
    if (parts.size() > 2) fail(Kind::invalid, "invalid cgroup \"{}\": [CONTROLLER,...:]PATH is wanted", written);
    SubCgroup made;
    if (parts.size() == 2) made.controllers = split(parts[0], ',');
    if (parts.size() == 1 && of_how_many > 1)
        fail(Kind::invalid, "invalid cgroup \"{}\": one of several has to name its controllers", written);
    for (const auto& part : split(parts.back(), '/')) {
        if (part == "..") fail(Kind::invalid, "{} is not a sub cgroup path", parts.back());
    }
    made.path = clean_path(parts.back());
    if (made.path == "/") made.path.clear();
    return made;
}

}  // namespace

Cgroup Cgroup::below(const std::vector<std::string>& paths) const {
    Cgroup made = *this;
    for (const auto& written : paths) {
        const auto sub = parse(written, paths.size());
        for (const auto& controller : sub.controllers) {
            const Place* place = place_of(controller);
            if (!place) fail(Kind::invalid, "unknown controller \"{}\" in cgroup \"{}\"", controller, written);
            made.places_[static_cast<std::size_t>(place - places_.data())].directory = place->directory + sub.path;
        }
        for (auto& place : made.places_) {
            if (sub.controllers.empty()) place.directory += sub.path;
        }
    }
    return made;
}

void Cgroup::give_to(std::uint32_t uid) const {
    const auto told = read_file_if_exists("/sys/kernel/cgroup/delegate");  // since Linux 4.15
    auto files = split(told.value_or("cgroup.procs\ncgroup.threads\ncgroup.subtree_control"), '\n');
    files.push_back(".");
    for (const auto& place : places_) {
        for (const auto& file : files) {
            const std::string path = place.directory + "/" + file;
            if (file.empty() || ::chown(path.c_str(), uid, static_cast<gid_t>(-1)) == 0 || errno == ENOENT) continue;
            fail_errno(errno, "give {} to user {}", path, uid);
        }
    }
}

std::optional<std::string> Cgroup::place_below(pid_t pid) const {
    const auto text = read_file_if_exists(fmt::format("/proc/{}/cgroup", pid));
    for (const auto& line : split(text.value_or(""), '\n')) {
        const std::string start = "0::" + path_ + "/";
        if (line.compare(0, start.size(), start) == 0) return line.substr(start.size() - 1);
    }
    return std::nullopt;
}

}  // namespace hoist::runtime
