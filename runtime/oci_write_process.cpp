// SPDX-License-Identifier: Apache-2.0
// Writing "process" of config.json.
#include "runtime/capabilities.h"
#include "runtime/oci_write_parts.h"

namespace hoist::runtime {
namespace {

Json capability_set(std::uint64_t mask) {
    Json names = Json::array();
    for (int number = 0; number <= 40; ++number) {
        if (mask >> number & 1) names.push_back(capability_name(number));
    }
    return names;
}

Json write_capabilities(const Capabilities& sets) {
    return {{"bounding", capability_set(sets.bounding)},
            {"effective", capability_set(sets.effective)},
            {"inheritable", capability_set(sets.inheritable)},
            {"permitted", capability_set(sets.permitted)},
            {"ambient", capability_set(sets.ambient)}};
}

Json write_user(const User& user) {
    Json made = {{"uid", user.uid}, {"gid", user.gid}};
    put(made, "umask", user.umask);
    put(made, "additionalGids", user.additional_gids);
    put(made, "username", user.name);
    put(made, "additionalGroups", user.group_names);
    return made;
}

Json write_scheduler(const Scheduler& scheduler) {
    Json made = {{"policy", scheduler.policy}};
    put(made, "nice", scheduler.nice);
    put(made, "priority", scheduler.priority);
    put(made, "flags", scheduler.flags);
    put(made, "runtime", scheduler.runtime);
    put(made, "deadline", scheduler.deadline);
    put(made, "period", scheduler.period);
    return made;
}

}  // namespace

Json to_json(const Process& process) {
    Json made = {{"terminal", process.terminal}, {"user", write_user(process.user)}, {"cwd", process.cwd}};
    if (process.console_rows || process.console_columns)
        made["consoleSize"] = {{"height", process.console_rows}, {"width", process.console_columns}};
    put(made, "args", process.args);
    put(made, "env", process.env);
    if (process.capabilities) made["capabilities"] = write_capabilities(*process.capabilities);
    Json limits = Json::array();
    for (const auto& limit : process.rlimits)
        limits.push_back({{"type", limit.type}, {"soft", limit.soft}, {"hard", limit.hard}});
    put_section(made, "rlimits", std::move(limits));
    if (process.no_new_privileges) made["noNewPrivileges"] = true;
    put(made, "oomScoreAdj", process.oom_score_adj);
    put(made, "apparmorProfile", process.apparmor_profile);
    put(made, "selinuxLabel", process.selinux_label);
    if (process.scheduler) made["scheduler"] = write_scheduler(*process.scheduler);
    if (process.io_priority)
        made["ioPriority"] = {{"class", process.io_priority->io_class}, {"priority", process.io_priority->priority}};
    Json affinity = Json::object();
    put(affinity, "initial", process.exec_affinity.initial);
    put(affinity, "final", process.exec_affinity.final_one);
    put_section(made, "execCPUAffinity", std::move(affinity));
    return made;
}

}  // namespace hoist::runtime
