// SPDX-License-Identifier: Apache-2.0
// Changing the limits of what runs: all of them, or none.
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "runtime/cgroup.h"
#include "runtime/cgroup_limits.h"

namespace hoist::runtime {
namespace {

struct Change {
    std::string path, file, before, after;
};

/// @return 0 or errno
int put_limit(const std::string& path, const std::string& value) {
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd) return errno;
    return ::write(fd.get(), value.data(), value.size()) < 0 ? errno : 0;
}

std::string content(const std::string& path) {
    return std::string(trim(read_file_if_exists(path).value_or("")));
}

struct Refusal {
    const Change* change = nullptr;
    int code = 0;
};

/// Limits bound each other (memory and memory with swap, quota and period), so one may be refused until another has
/// changed: what is invalid now is tried again after the others.
Refusal write_all_of(const std::vector<Change>& changes, std::string Change::*value, std::size_t& done) {
    std::vector<const Change*> again;
    for (const auto& change : changes) {
        const int code = put_limit(change.path, change.*value);
        if (code == EINVAL)
            again.push_back(&change);
        else if (code != 0)
            return {&change, code};
        ++done;
    }
    for (const Change* change : again)
        if (const int code = put_limit(change->path, change->*value)) return {change, code};
    return {};
}

std::string directory_of_change(const Change& change) {
    return change.path.substr(0, change.path.rfind('/'));
}

/// What the kernel's number means for the person who asked.
std::string reason(const Change& change, int code) {
    const std::string directory = directory_of_change(change), &file = change.file;
    const bool v1_memory = file == "memory.limit_in_bytes", v1_swap = file == "memory.memsw.limit_in_bytes";
    if (code == EBUSY && (v1_memory || v1_swap || file == "memory.max"))
        return fmt::format("the container uses more than that ({} bytes), and the kernel could not take enough back",
                           content(directory + (file == "memory.max" ? "/memory.current" : "/memory.usage_in_bytes")));
    if (code == EINVAL && v1_memory)
        return fmt::format("that is more than its limit of memory and swap together, {}: change that, too",
                           content(directory + "/memory.memsw.limit_in_bytes"));
    if (code == EINVAL && v1_swap)
        return fmt::format("memory and swap together cannot be less than the memory limit, {}",
                           content(directory + "/memory.limit_in_bytes"));
    if (file == "cpuset.cpus" || file == "cpuset.mems") {
        const std::string above = content(directory.substr(0, directory.rfind('/')) + "/" + file);
        return fmt::format("{}; there are {}", std::strerror(code), above);
    }
    return std::strerror(code);
}

/// v2 takes a limit below the present use and then kills; v1 refuses it, and so do we.
void check_room(const std::string& directory, const std::vector<Change>& changes) {
    for (const auto& change : changes) {
        if (change.file != "memory.max" || change.after == "max") continue;
        std::uint64_t in_use = std::strtoull(content(directory + "/memory.current").c_str(), nullptr, 10);
        for (const auto& line : split(content(directory + "/memory.stat"), '\n'))
            if (line.starts_with("file ")) in_use -= std::min<std::uint64_t>(in_use, std::stoull(line.substr(5)));
        if (in_use > std::stoull(change.after))
            fail(Kind::conflict, "set memory.max to {}: {}", change.after, reason(change, EBUSY));
    }
}

std::set<std::string> processes_in(const std::string& directory) {
    const auto lines = split(content(directory + "/cgroup.procs"), '\n');
    return {lines.begin(), lines.end()};
}

}  // namespace

void Cgroup::update(const CgroupLayout& layout, const Resources& resources) {
    const auto writes = limit_writes(mode_, resources);
    const std::size_t joined = places_.size();
    for (const auto& one : writes)
        if (!place_of(one.controller)) add_place_for(layout, one.controller, one.optional);
    try {
        std::vector<Change> changes;
        for (const auto& one : writes) {
            const Place* place = place_of(one.controller);
            const std::string path = place ? limit_file(place->directory, one) : "";
            if (one.optional && (!place || ::access(path.c_str(), F_OK) != 0)) continue;
            changes.push_back({path, one.file, content(path), one.value});
        }
        if (mode_ == CgroupMode::v2 && !places_.empty()) check_room(places_[0].directory, changes);
        std::size_t done = 0;
        if (const Refusal refused = write_all_of(changes, &Change::after, done); refused.change) {
            const std::string why = reason(*refused.change, refused.code);
            changes.resize(std::min(done + 1, changes.size()));
            write_all_of(changes, &Change::before, done);
            fail(kind_of(refused.code), "set {} to {}: {}", refused.change->file, refused.change->after, why);
        }
    } catch (...) {
        for (; places_.size() > joined; places_.pop_back()) ::rmdir(places_.back().directory.c_str());
        throw;
    }
    for (std::size_t i = joined; i < places_.size(); ++i) move_into(places_[i]);
}

void Cgroup::add_place_for(const CgroupLayout& layout, const std::string& controller, bool optional) {
    for (const auto& one : layout.hierarchies) {
        const auto names = split(one.controllers, ',');
        if (std::find(names.begin(), names.end(), controller) != names.end()) return add_place(one);
    }
    if (!optional) fail(Kind::invalid, "the kernel's cgroup controller \"{}\" is not mounted", controller);
}

/// Children of what has been moved are born in the new place; those of what has not yet been are found in a next round.
void Cgroup::move_into(const Place& place) const {
    for (int round = 0; round < 100; ++round) {
        const auto inside = processes_in(place.directory);
        bool all = true;
        for (const pid_t pid : processes()) {
            if (inside.count(std::to_string(pid))) continue;
            const int code = put_limit(place.directory + "/cgroup.procs", std::to_string(pid));
            if (code != 0 && code != ESRCH) fail_errno(code, "move process {} to cgroup {}", pid, place.directory);
            all = false;
        }
        if (all) return;
    }
}

}  // namespace hoist::runtime
