// SPDX-License-Identifier: Apache-2.0
#include "runtime/monitor/oom_watch.h"

#include <sys/eventfd.h>
#include <sys/inotify.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace hoist::runtime {
namespace {

Fd watch_v1(const std::string& directory) {
    Fd events(check(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "make an eventfd"));
    const Fd state = open_file(directory + "/memory.oom_control", O_RDONLY);
    const Fd control = open_file(directory + "/cgroup.event_control", O_WRONLY);
    write_all(control, fmt::format("{} {}", events.get(), state.get()), "cgroup.event_control");
    return events;
}

Fd watch_v2(const std::string& directory) {
    Fd events(check(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "make an inotify"));
    check(::inotify_add_watch(events.get(), (directory + "/memory.events").c_str(), IN_MODIFY), "watch memory.events");
    return events;
}

}  // namespace

Fd open_oom_watch(const Cgroup& cgroup) {
    try {
        for (const auto& place : cgroup.places()) {
            const auto controllers = split(place.controllers, ',');
            const bool memory = std::find(controllers.begin(), controllers.end(), "memory") != controllers.end();
            if (memory) return watch_v1(place.directory);
            if (cgroup.mode() == CgroupMode::v2 && place.controllers.empty()) return watch_v2(place.directory);
        }
    } catch (const Error&) {  // a convenience only
    }
    return Fd();
}

}  // namespace hoist::runtime
