// SPDX-License-Identifier: Apache-2.0
// Reading "process" of config.json.
#include <set>

#include "base/text.h"
#include "runtime/oci_read.h"
#include "runtime/rlimits.h"
#include "runtime/scheduling.h"

namespace hoist::runtime {
namespace {

using In = JsonReader;

std::uint64_t read_capability_set(const In& in, const char* key) {
    std::uint64_t mask = 0;
    in.each(key, [&](const In& name) {
        const auto number = capability_number(name.as<std::string>());
        // One that is newer than we are cannot be granted; leaving it out grants less, never more.
        if (number) mask |= std::uint64_t{1} << *number;
    });
    return mask;
}

Capabilities read_capabilities(const In& in) {
    return {.bounding = read_capability_set(in, "bounding"),
            .effective = read_capability_set(in, "effective"),
            .inheritable = read_capability_set(in, "inheritable"),
            .permitted = read_capability_set(in, "permitted"),
            .ambient = read_capability_set(in, "ambient")};
}

void read_user(const In& in, User& user) {
    in.read("uid", user.uid);
    in.read("gid", user.gid);
    in.read("umask", user.umask);
    in.read("additionalGids", user.additional_gids);
    in.read("username", user.name);
    in.read("additionalGroups", user.group_names);
    // 2^32-1 means "leave it" to setresuid(2): it would silently stay root. (SEC-18)
    if (user.uid == 0xffffffff || user.gid == 0xffffffff) in.refuse("4294967295 is not a user or group id");
    if (user.umask.value_or(0) > 0777) in.refuse("umask has only the bits of 0777");
}

void read_rlimits(const In& in, std::vector<Rlimit>& limits) {
    std::set<std::string> seen;
    in.each("rlimits", [&](const In& limit) {
        auto& made = limits.emplace_back();
        limit.read("type", made.type);
        limit.read("soft", made.soft);
        limit.read("hard", made.hard);
        require_known(limit, "type", made.type, rlimit_number);
        if (!seen.insert(made.type).second) limit.refuse("this resource limit is listed twice");
        if (made.soft > made.hard) limit.refuse("soft is more than hard");
    });
}

void read_scheduler(const In& in, std::optional<Scheduler>& into) {
    auto& made = into.emplace();
    in.read("policy", made.policy);
    in.read("nice", made.nice);
    in.read("priority", made.priority);
    in.read("flags", made.flags);
    in.read("runtime", made.runtime);
    in.read("deadline", made.deadline);
    in.read("period", made.period);
    require_known(in, "policy", made.policy, scheduler_policy);
    for (const auto& flag : made.flags) require_known(in, "flag", flag, scheduler_flag);
    if (made.nice.value_or(0) < -20 || made.nice.value_or(0) > 19) in.refuse("nice goes from -20 to 19");
    if (made.priority.value_or(0) < 0) in.refuse("priority must not be negative");
}

void read_io_priority(const In& in, std::optional<IoPriority>& into) {
    auto& made = into.emplace();
    in.read("class", made.io_class);
    in.read("priority", made.priority);
    require_known(in, "class", made.io_class, io_priority_class);
    if (made.priority < 0 || made.priority > 7) in.refuse("priority goes from 0 to 7");
}

std::string read_processors(const In& in, const char* key) {
    std::string list;
    in.with(key, [&](const In& found) {
        list = found.as<std::string>();
        try {
            (void)parse_number_list(list);
        } catch (const Error& error) {
            found.refuse(error.message().c_str());
        }
    });
    return list;
}

}  // namespace

Process read_process(const In& in) {
    Process process;
    in.read("terminal", process.terminal);
    in.with("consoleSize", [&](const In& size) {
        size.read("height", process.console_rows);
        size.read("width", process.console_columns);
    });
    in.with("user", [&](const In& user) { read_user(user, process.user); });
    in.read("args", process.args);
    in.read("env", process.env);
    in.read("cwd", process.cwd);
    in.with("capabilities", [&](const In& sets) { process.capabilities = read_capabilities(sets); });
    read_rlimits(in, process.rlimits);
    in.read("noNewPrivileges", process.no_new_privileges);
    in.with("oomScoreAdj", [&](const In& score) {
        process.oom_score_adj = score.as<int>();
        if (*process.oom_score_adj < -1000 || *process.oom_score_adj > 1000) score.refuse("goes from -1000 to 1000");
    });
    in.read("apparmorProfile", process.apparmor_profile);
    in.read("selinuxLabel", process.selinux_label);
    in.with("scheduler", [&](const In& scheduler) { read_scheduler(scheduler, process.scheduler); });
    in.with("ioPriority", [&](const In& priority) { read_io_priority(priority, process.io_priority); });
    in.with("execCPUAffinity", [&](const In& affinity) {
        process.exec_affinity = {read_processors(affinity, "initial"), read_processors(affinity, "final")};
    });
    in.with("commandLine", [](const In& line) { line.refuse("is for Windows; on Linux there is process.args"); });
    return process;
}

Process process_from_json(const Json& object) {
    return read_process(In(object));
}

}  // namespace hoist::runtime
