// SPDX-License-Identifier: Apache-2.0
// pause, resume, update, events.
#include <poll.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "base/units.h"
#include "runtime/cgroup_events.h"
#include "runtime/command_log.h"
#include "runtime/commands.h"
#include "runtime/container.h"
#include "runtime/json_fields.h"
#include "runtime/systemd_scope.h"
#include "runtime/update_options.h"

namespace hoist::runtime {
namespace {

struct Live {
    ContainerRecord record;
    Status status;
    Cgroup cgroup;
};

/// A container that has processes, and its cgroup.
Live live_container(const Invocation& invocation, const Arguments& arguments) {
    Live found{invocation.state.read(arguments.word(0, "the container's id")), Status::stopped, {}};
    found.status = invocation.state.status(found.record);
    if (found.status == Status::stopped) fail(Kind::conflict, "container not running: {}", found.record.id);
    if (found.record.cgroup_path.empty()) fail(Kind::invalid, "container {} has no cgroup of its own", found.record.id);
    found.cgroup = Cgroup::open(CgroupLayout::host(), found.record.cgroup_path);
    return found;
}

int pause(const Invocation& invocation, const Arguments& arguments) {
    live_container(invocation, arguments).cgroup.freeze();
    return 0;
}

int resume(const Invocation& invocation, const Arguments& arguments) {
    const auto live = live_container(invocation, arguments);
    if (!live.cgroup.frozen()) fail(Kind::conflict, "container not paused: {}", live.record.id);
    live.cgroup.thaw();
    return 0;
}

int update(const Invocation& invocation, const Arguments& arguments) {
    const auto live = live_container(invocation, arguments);
    const Resources wanted = complete_update(resources_from_options(arguments), live.cgroup);
    if (!live.record.scope.empty()) SystemdScope::update(live.record.scope, live.cgroup.mode(), wanted);
    live.cgroup.apply(wanted);
    return 0;
}

void print_stats(const Live& live) {
    fmt::print("{}\n", json_line({{"type", "stats"}, {"id", live.record.id}, {"data", stats_document(live.cgroup)}}));
    std::fflush(stdout);
}

void print_oom(const Live& live) {
    fmt::print("{}\n", json_line({{"type", "oom"}, {"id", live.record.id}}));
    std::fflush(stdout);
}

int milliseconds(const Arguments& arguments) {
    const auto interval = parse_duration(arguments.value("--interval", "5s"));
    const auto count = interval ? std::chrono::duration_cast<std::chrono::milliseconds>(*interval).count() : 0;
    if (count <= 0 || count > std::numeric_limits<int>::max())
        fail(Kind::invalid, "duration interval must be greater than 0, as in \"500ms\" or \"5s\"");
    return static_cast<int>(count);
}

/// Tells until the container has ended.
void follow(const Live& live, int interval) {
    const Fd process = open_recorded_process(live.record);
    const OomEvents oom(live.cgroup);
    std::array<pollfd, 2> waiting = {{{process.get(), POLLIN, 0}, {oom.fd().get(), POLLIN, 0}}};
    for (;;) {
        const int ready = ::poll(waiting.data(), waiting.size(), interval);
        if (ready == 0) print_stats(live);
        if (waiting[1].revents && ready > 0 && oom.happened()) print_oom(live);
        if (waiting[0].revents && ready > 0) return;
    }
}

int events(const Invocation& invocation, const Arguments& arguments) {
    const int interval = milliseconds(arguments);
    const auto live = live_container(invocation, arguments);
    print_stats(live);
    if (!arguments.has("--stats")) follow(live, interval);
    return 0;
}

}  // namespace

std::vector<Command> limit_commands() {
    return {{"pause", "ID", "freeze a container's processes", {}, false, 1, 1, pause},
            {"resume", "ID", "let a paused container go on", {}, false, 1, 1, resume},
            {"update", "[OPTION...] ID", "change what a container may use", update_options(), false, 1, 1, update},
            {"events",
             "[OPTION...] ID",
             "measure a container again and again, and tell when memory ran out",
             {{"--stats", "", "", "measure once"}, {"--interval", "", "TIME", "between measurements (5s)"}},
             false,
             1,
             1,
             events}};
}

}  // namespace hoist::runtime
