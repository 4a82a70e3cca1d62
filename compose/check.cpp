// SPDX-License-Identifier: Apache-2.0
// References and contradictions within the project.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "compose/digest.h"
#include "compose/resolve.h"

namespace hoist::compose {
namespace {

class ServiceChecker {
public:
    ServiceChecker(Context& context, const ProjectDraft& project, const std::string& name, const Draft& draft)
        : report_(context.report),
          project_(project),
          draft_(draft),
          service_(draft.service),
          subject_(fmt::format("service \"{}\"", name)) {}

    void run() {
        if (service_.image.empty() && !service_.build)
            error("C04", draft_.where, "neither `image` nor `build` is given",
                  "add the image it runs: `image: name:tag`");
        references();
        network_mode();
        conditions();
        if (service_.build) build(*service_.build);
        if (service_.healthcheck && service_.healthcheck->start_interval && !service_.healthcheck->start_period)
            warning("C09", draft_.place("healthcheck"), "`start_interval` has no effect without `start_period`",
                    "add `start_period`: probes are quick from the start here, so none is needed");
        if (!service_.container_name.empty() && service_.scale > 1)
            error("C09", draft_.place("container_name"),
                  fmt::format("`container_name` allows one container, but {} are wanted", service_.scale),
                  "remove `container_name`");
        if (!service_.memory || !service_.memory_reservation) return;
        if (service_.memory_reservation->count > service_.memory->count)
            error("C09", draft_.place("mem_reservation"), "the memory reservation is above the memory limit");
    }

private:
    Diagnostic& error(const char* code, const Origin& where, const std::string& message, std::string help = {}) {
        return report_.error(code, subject_ + ": " + message, where, std::move(help));
    }
    Diagnostic& warning(const char* code, const Origin& where, const std::string& message, std::string help = {}) {
        return report_.warning(code, subject_ + ": " + message, where, std::move(help));
    }

    template <class Map>
    void reference(const char* kind, const char* section, const std::string& key, const Map& defined,
                   const Origin& where) {
        if (defined.count(key)) return;
        std::string help = suggest(key, keys_of(defined));
        if (!help.starts_with("did you")) help = fmt::format("define it at the top level:\n{}:\n  {}:", section, key);
        error("C07", where, fmt::format("{} \"{}\" is not defined", kind, key), std::move(help));
    }

    void references() {
        const Project& project = project_.project;
        for (const auto& [key, how] : service_.networks)
            if (key != "default")
                reference("network", "networks", key, project.networks, draft_.place("networks." + key));
        for (const auto& mount : service_.mounts)
            if (mount.type == Mount::Type::volume && !mount.source.empty())
                reference("volume", "volumes", mount.source, project.volumes, draft_.place("volumes." + mount.source));
        for (const auto& grant : service_.configs)
            reference("config", "configs", grant.source, project.configs, draft_.place("configs." + grant.source));
        for (const auto& grant : service_.secrets)
            reference("secret", "secrets", grant.source, project.secrets, draft_.place("secrets." + grant.source));
    }

    void build(const Build& how) {
        const auto& platforms = how.platforms;
        if (!service_.platform.empty() && !platforms.empty() &&
            std::find(platforms.begin(), platforms.end(), service_.platform) == platforms.end())
            error(
                "C09", draft_.place("platform"),
                fmt::format("platform {} is not among `build.platforms`: {}", service_.platform, join(platforms, ", ")))
                .others.push_back(report_.sources().span(draft_.place("build"), "built here"));
        for (const auto& [name, place] : how.additional_contexts)
            if (place.starts_with("service:") && !project_.services.count(place.substr(8)))
                error(
                    "C07", draft_.place("build"),
                    fmt::format("build context \"{}\" is service \"{}\", which is not defined", name, place.substr(8)),
                    suggest(place.substr(8), keys_of(project_.services)));
        for (const auto& grant : how.secrets)
            reference("secret", "secrets", grant.source, project_.project.secrets,
                      draft_.place("build.secrets." + grant.source));
    }

    void network_mode() {
        const std::string& mode = service_.network_mode;
        if (mode.empty()) return;
        const Origin where = draft_.place("network_mode");
        static const std::vector<std::string> words = {"none", "host", "bridge"};
        if (std::find(words.begin(), words.end(), mode) == words.end() && !mode.starts_with("service:") &&
            !mode.starts_with("container:"))
            error("C05", where, fmt::format("`network_mode` cannot be \"{}\"", mode),
                  "none, host, bridge, service:NAME or container:NAME");
        if (!service_.networks.empty())
            error("C09", where, "`network_mode` and `networks` exclude each other", "remove one of the two")
                .others.push_back(report_.sources().span(draft_.place("networks"), "the other"));
        if (service_.ports.empty()) return;
        if (mode == "host")
            warning("C12", draft_.place("ports"),
                    "`ports` has no effect with `network_mode: host`: the service's ports are the host's");
        else if (mode != "bridge")
            error("C09", draft_.place("ports"),
                  fmt::format("`ports` cannot be published with `network_mode: {}`", mode),
                  mode.starts_with("service:") ? fmt::format("publish them at service \"{}\"", mode.substr(8)) : "");
    }

    void conditions() {
        for (const auto& [other, how] : service_.depends_on) {
            const auto found = project_.services.find(other);
            if (found == project_.services.end()) continue;
            const Service& needed = found->second.service;
            const Origin where = draft_.place("depends_on." + other);
            if (how.condition == Dependency::Condition::healthy && needed.healthcheck && needed.healthcheck->disabled)
                error("C09", where,
                      fmt::format("it waits until \"{}\" is healthy, whose health check is disabled", other),
                      "use service_started")
                    .others.push_back(report_.sources().span(found->second.place("healthcheck"), "disabled here"));
            else if (how.condition == Dependency::Condition::healthy && !needed.healthcheck)
                warning("C09", where,
                        fmt::format("it waits until \"{}\" is healthy, which has no `healthcheck`", other),
                        "fine if its image has one; otherwise add `healthcheck` there");
            using Name = RestartPolicy::Name;
            if (how.condition == Dependency::Condition::completed &&
                (needed.restart.name == Name::always || needed.restart.name == Name::unless_stopped))
                warning("C09", where,
                        fmt::format("it waits until \"{}\" has completed, which is always restarted", other),
                        "write `restart: on-failure` there");
        }
    }

    Report& report_;
    const ProjectDraft& project_;
    const Draft& draft_;
    const Service& service_;
    std::string subject_;
};

void check_container_names(Context& context, const ProjectDraft& draft) {
    std::map<std::string, const Draft*> owners;
    for (const auto& [name, part] : draft.services) {
        if (part.service.container_name.empty()) continue;
        const auto [owner, is_new] = owners.emplace(part.service.container_name, &part);
        if (is_new) continue;
        context.report
            .error("C11",
                   fmt::format("service \"{}\": the container name \"{}\" is taken by service \"{}\"", name,
                               part.service.container_name, owner->second->service.name),
                   part.place("container_name"), "choose another name")
            .others.push_back(context.sources.span(owner->second->place("container_name"), "the first"));
    }
}

/// Also notes the digest of each content, which is a part of what the service is.
template <class Places>
void check_files(Context& context, const char* kind, const std::map<std::string, FileObject>& objects,
                 const Places& places, const std::set<std::string>& used, StringMap& digests) {
    for (const auto& [key, object] : objects) {
        if (!used.count(key)) continue;
        if (object.content) digests[key] = sha256(*object.content);
        if (object.file.empty()) continue;
        std::string why = "there is no file " + object.file;
        try {
            if (const auto text = context.read(object.file)) {
                digests[key] = sha256(*text);
                continue;
            }
        } catch (const Error& problem) {
            why = problem.message();
        }
        const std::string message = fmt::format("{} \"{}\": {}", kind, key, why);
        if (context.options.all_profiles)
            context.report.warning("C10", message, places.at(key));
        else
            context.report.error("C10", message, places.at(key), "create the file, or correct the path");
    }
}

}  // namespace

void check_project(Context& context, ProjectDraft& draft) {
    std::set<std::string> configs, secrets;
    for (const auto& [name, part] : draft.services) {
        ServiceChecker(context, draft, name, part).run();
        for (const auto& grant : part.service.configs) configs.insert(grant.source);
        for (const auto& grant : part.service.secrets) secrets.insert(grant.source);
        if (part.service.build)
            for (const auto& grant : part.service.build->secrets) secrets.insert(grant.source);
    }
    check_container_names(context, draft);
    check_files(context, "config", draft.project.configs, draft.configs, configs, draft.config_digests);
    check_files(context, "secret", draft.project.secrets, draft.secrets, secrets, draft.secret_digests);
    check_networks(context, draft);
    check_host_ports(context, draft);
    if (draft.no_effect.empty()) return;
    std::vector<std::string> names;
    for (const auto& [name, where] : draft.no_effect)
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    Diagnostic& d = context.report.warning("C12", "no effect here: " + join(names, ", "), draft.no_effect[0].second);
    for (std::size_t i = 1; i < std::min<std::size_t>(draft.no_effect.size(), 8); ++i)
        d.others.push_back(context.sources.span(draft.no_effect[i].second, ""));
}

}  // namespace hoist::compose
