// SPDX-License-Identifier: Apache-2.0
#include "cli/targets.h"

#include "base/error.h"
#include "base/text.h"
#include "cli/project_files.h"
#include "wire/filters.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

std::string label(const Json& entry, const std::string& name) {
    const auto labels = entry.find("Labels");
    return labels != entry.end() && labels->is_object() ? json_value<std::string>(*labels, name.c_str(), "") : "";
}

ListedContainer listed(const Json& entry) {
    ListedContainer container;
    container.id = json_value<std::string>(entry, "Id", "");
    const auto names = json_value<std::vector<std::string>>(entry, "Names", {});
    if (!names.empty()) container.name = names[0].substr(names[0].find_first_not_of('/'));
    container.service = label(entry, "com.docker.compose.service");
    container.number = std::atoi(label(entry, "com.docker.compose.container-number").c_str());
    container.entry = entry;
    return container;
}

}  // namespace

bool ListedContainer::running() const {
    const auto state = json_value<std::string>(entry, "State", "");
    return state == "running" || state == "paused";
}

std::vector<ListedContainer> list_containers(Context& context, const std::optional<std::string>& project, bool all,
                                             wire::Filters filters) {
    wire::Query query;
    if (all) query.add("all", "1");
    if (project) filters.add("label", "com.docker.compose.project=" + *project);
    if (!filters.empty()) query.add("filters", filters.str());
    std::vector<ListedContainer> found;
    const Json list = context.client().get("/containers/json?" + query.str());
    for (const auto& entry : list) found.push_back(listed(entry));
    if (project)
        std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
            return std::tie(a.service, a.number, a.name) < std::tie(b.service, b.number, b.name);
        });
    return found;
}

std::string label_of(const ListedContainer& container) {
    if (container.service.empty() || container.number == 0) return container.name;
    return fmt::format("{}-{}", container.service, container.number);
}

Targets find_targets(Context& context, const std::vector<std::string>& words) {
    const auto project = find_project_name(context);
    if (words.empty()) {
        project_name(context);  // says how to name one if there is none
        return {.project = project};
    }
    if (!project) return {.containers = words};
    const auto containers = list_containers(context, project, true);
    const bool are_services = std::all_of(words.begin(), words.end(), [&](const auto& word) {
        return std::any_of(containers.begin(), containers.end(), [&](const auto& one) { return one.service == word; });
    });
    if (are_services) return {.project = project, .services = words};
    return {.containers = words};
}

std::string find_container(Context& context, const std::string& word, std::optional<long> index) {
    if (const auto project = find_project_name(context)) {
        std::optional<std::string> stopped;
        for (const auto& container : list_containers(context, project, true)) {
            if (container.service != word || (index && container.number != *index)) continue;
            if (container.running() || index) return container.id;
            stopped = container.id;
        }
        if (stopped) return *stopped;
        if (index) fail(Kind::not_found, "service {} has no container {}", word, *index);
    }
    return word;
}

std::string container_path(const std::string& name, const std::string& action) {
    return "/containers/" + wire::percent_encode(name) + (action.empty() ? "" : "/" + action);
}

}  // namespace hoist::cli
