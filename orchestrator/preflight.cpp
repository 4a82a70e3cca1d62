// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/preflight.h"

#include <unistd.h>

#include <set>

#include "base/error.h"
#include "orchestrator/up_decisions.h"

namespace hoist::orchestrator {
namespace {

bool exists(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

void check_files(const std::string& what, const compose::Service& service, const std::vector<compose::Grant>& grants,
                 const std::map<std::string, compose::FileObject>& objects, Problems& problems) {
    for (const auto& grant : grants) {
        const auto object = objects.find(grant.source);
        if (object == objects.end())
            problems.invalid(fmt::format("service {}: {} {} is not defined", service.name, what, grant.source));
        else if (object->second.external && !object->second.content)
            problems.missing(fmt::format(
                "service {}: {} {} is external, and none is kept under the name {}: `hoist {} create {} FILE` "
                "makes it",
                service.name, what, grant.source, object->second.name, what, object->second.name));
        else if (!object->second.file.empty() && !exists(object->second.file))
            problems.missing(fmt::format("service {}: the file of {} {} does not exist: {}", service.name, what,
                                         grant.source, object->second.file));
    }
}

void check_service(const compose::Project& project, const compose::Service& service, Problems& problems) {
    for (const auto& mount : service.mounts)
        if (mount.type == compose::Mount::Type::bind && !mount.create_host_path && !exists(mount.source))
            problems.missing(
                fmt::format("service {}: {} does not exist, and create_host_path is false: create it, or "
                            "correct the path",
                            service.name, mount.source));
    check_files("secret", service, service.secrets, project.secrets, problems);
    check_files("config", service, service.configs, project.configs, problems);
}

}  // namespace

void check_host(const compose::Project& project, const Plan& plan) {
    std::set<std::string> touched;
    for (const auto& step : plan.steps) {
        if (const auto* create = std::get_if<CreateContainer>(&step.action)) touched.insert(create->service);
        if (const auto* start = std::get_if<StartContainer>(&step.action)) touched.insert(start->service);
    }
    Problems problems;
    for (const auto& name : touched) check_service(project, project.services.at(name), problems);
    problems.throw_if_any(project.name);
}

}  // namespace hoist::orchestrator
