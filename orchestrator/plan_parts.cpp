// SPDX-License-Identifier: Apache-2.0
// What the plans share: selection, causes, and the report of what is missing.
#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "orchestrator/up_decisions.h"

namespace hoist::orchestrator {
namespace {

using compose::Project;
using compose::Service;

/// Paths at which two documents differ, never their values: those may be secrets.
void collect_differences(const Json& before, const Json& after, const std::string& path,
                         std::vector<std::string>& found) {
    if (before == after) return;
    const auto has_members = [](const Json& value) { return value.is_object() || value.is_null(); };
    if (!has_members(before) || !has_members(after)) {
        found.push_back(path);
        return;
    }
    std::set<std::string> keys;
    for (const auto& item : before.items()) keys.insert(item.key());
    for (const auto& item : after.items()) keys.insert(item.key());
    const Json nothing;
    for (const auto& key : keys)
        collect_differences(before.contains(key) ? before[key] : nothing, after.contains(key) ? after[key] : nothing,
                            path.empty() ? key : path + "." + key, found);
}

}  // namespace

std::string describe_change(const Service& service, const Observed& seen, const ObservedContainer& container) {
    if (!seen.applied) return "configuration changed";
    const auto old = seen.applied->services.find(service.name);
    if (old == seen.applied->services.end() || compose::config_hash(old->second) != container.config_hash)
        return "configuration changed";
    std::vector<std::string> paths;
    collect_differences(compose::hashed_json(old->second), compose::hashed_json(service), "", paths);
    if (paths.empty()) return "configuration changed";
    constexpr std::size_t shown = 3;
    const std::size_t more = paths.size() > shown ? paths.size() - shown : 0;
    paths.resize(paths.size() - more);
    return join(paths, ", ") + (more ? fmt::format(" and {} more", more) : "") + " changed";
}

std::set<std::string> select_services(const Project& project, const std::vector<std::string>& services,
                                      bool with_dependencies) {
    std::set<std::string> selected;
    if (services.empty())
        for (const auto& [name, service] : project.services) selected.insert(name);
    std::vector<std::string> open;
    for (const auto& name : services) {
        if (!project.services.count(name)) {
            std::vector<std::string> known;
            for (const auto& [other, service] : project.services) known.push_back(other);
            fail(Kind::not_found, "project {} has no service {}: it has {}", project.name, name, join(known, ", "));
        }
        open.push_back(name);
    }
    while (!open.empty()) {
        const std::string name = std::move(open.back());
        open.pop_back();
        const auto found = project.services.find(name);
        if (found == project.services.end() || !selected.insert(name).second || !with_dependencies) continue;
        for (const auto& [other, dependency] : found->second.depends_on) open.push_back(other);
    }
    return selected;
}

bool is_job(const Project& project, const std::string& service) {
    return std::any_of(project.services.begin(), project.services.end(), [&](const auto& item) {
        const auto found = item.second.depends_on.find(service);
        return found != item.second.depends_on.end() &&
               found->second.condition == compose::Dependency::Condition::completed;
    });
}

bool has_healthcheck(const Project& wanted, const Observed& seen, const Service& service) {
    const bool from_image = seen.images_with_healthcheck.count(image_name(wanted, service)) != 0;
    if (!service.healthcheck) return from_image;
    if (service.healthcheck->disabled) return false;
    if (service.probe) return true;
    const auto& test = service.healthcheck->test;
    return test.empty() ? from_image : test.front() != "NONE";
}

void Problems::missing(std::string text) {
    missing_.push_back(std::move(text));
}
void Problems::invalid(std::string text) {
    invalid_.push_back(std::move(text));
}

void Problems::throw_if_any(const std::string& project) const {
    auto all = missing_;
    all.insert(all.end(), invalid_.begin(), invalid_.end());
    if (all.empty()) return;
    const Kind kind = missing_.empty() ? Kind::invalid : Kind::not_found;
    if (all.size() == 1) throw Error(kind, all.front());
    fail(kind, "project {} cannot be started, and nothing was changed:\n  {}", project, join(all, "\n  "));
}

}  // namespace hoist::orchestrator
