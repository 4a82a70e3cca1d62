// SPDX-License-Identifier: Apache-2.0
#include "compose/resolve.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "compose/dotenv.h"

namespace hoist::compose {
namespace {

std::set<std::string> enabled_profiles(Context& context, const ProjectDraft& draft) {
    std::set<std::string> enabled(context.options.profiles.begin(), context.options.profiles.end());
    if (const auto listed = value_of(*context.variables, "COMPOSE_PROFILES"))
        for (const auto& name : split(*listed, ',')) enabled.insert(std::string(trim(name)));
    enabled.erase("");
    for (const auto& name : context.options.services) {
        const auto found = draft.services.find(name);
        if (found == draft.services.end()) {
            context.report.error("C07", fmt::format("there is no service \"{}\"", name), {},
                                 suggest(name, keys_of(draft.services)));
            continue;
        }
        enabled.insert(found->second.service.profiles.begin(), found->second.service.profiles.end());
    }
    return enabled;
}

bool is_active(const Service& service, const std::set<std::string>& enabled) {
    return service.profiles.empty() || enabled.count("*") ||
           std::any_of(service.profiles.begin(), service.profiles.end(),
                       [&](const auto& p) { return enabled.count(p) > 0; });
}

void check_dependency(Context& context, const ProjectDraft& draft, const std::map<std::string, Draft>& inactive,
                      const std::string& name, const Draft& dependent, const std::string& other) {
    const Origin where = dependent.place("depends_on." + other);
    const bool required = dependent.service.depends_on.at(other).required;
    const auto tell = [&](const std::string& message, const std::string& help) {
        const std::string whole = fmt::format("service \"{}\": {}", name, message);
        if (required)
            context.report.error("C07", whole, where, help);
        else
            context.report.warning("C07", whole + "; it is not required", where, help);
    };
    const auto sleeping = inactive.find(other);
    const std::string& kind = dependent.edges.at(other);
    if (sleeping == inactive.end())
        return tell(fmt::format("`{}` names service \"{}\", which is not defined", kind, other),
                    suggest(other, keys_of(draft.services)));
    const std::string profiles = join(sleeping->second.service.profiles, ", ");
    tell(
        fmt::format("`{}` names service \"{}\", which is only active with profile {}", kind, other, profiles),
        fmt::format("add --profile {}, or remove `profiles` from \"{}\"", sleeping->second.service.profiles[0], other));
}

}  // namespace

void choose_services(Context& context, ProjectDraft& draft) {
    const auto enabled = enabled_profiles(context, draft);
    std::map<std::string, Draft> inactive;
    for (auto it = draft.services.begin(); it != draft.services.end();) {
        if (context.options.all_profiles || is_active(it->second.service, enabled))
            ++it;
        else
            inactive.insert(draft.services.extract(it++));
    }
    for (auto& [name, service] : draft.services) {
        auto& needs = service.service.depends_on;
        for (auto it = needs.begin(); it != needs.end();) {
            if (draft.services.count(it->first)) {
                ++it;
                continue;
            }
            check_dependency(context, draft, inactive, name, service, it->first);
            it = needs.erase(it);
        }
    }
}

namespace {

class CycleFinder {
public:
    CycleFinder(Context& context, const ProjectDraft& draft) : context_(context), draft_(draft) {}

    bool run() {
        for (const auto& [name, service] : draft_.services) visit(name);
        return !found_;
    }

private:
    void visit(const std::string& name) {
        const auto on_path = std::find(path_.begin(), path_.end(), name);
        if (on_path != path_.end()) return tell({on_path, path_.end()});
        if (!done_.insert(name).second) return;
        path_.push_back(name);
        for (const auto& [other, how] : draft_.services.at(name).service.depends_on) visit(other);
        path_.pop_back();
    }

    void tell(std::vector<std::string> cycle) {
        found_ = true;
        std::string text = cycle.front();
        for (std::size_t i = 1; i <= cycle.size(); ++i) text += " -> " + cycle[i % cycle.size()];
        Diagnostic* report = nullptr;
        for (std::size_t i = 0; i < cycle.size(); ++i) {
            const std::string& to = cycle[(i + 1) % cycle.size()];
            const Draft& from = draft_.services.at(cycle[i]);
            const Origin where = from.place("depends_on." + to);
            const std::string edge = fmt::format("{} needs {} ({})", cycle[i], to, from.edges.at(to));
            if (!report) {
                report = &context_.report.error("C08", "services depend on one another in a circle: " + text, where,
                                                "remove one of these dependencies");
                report->where.label = edge;
            } else {
                report->others.push_back(context_.sources.span(where, edge));
            }
        }
    }

    Context& context_;
    const ProjectDraft& draft_;
    std::vector<std::string> path_;
    std::set<std::string> done_;
    bool found_ = false;
};

/// Reads an env_file or label_file; a missing one is an error, unless it is not required or nothing is to be started.
std::vector<EnvLine> read_use(Context& context, const std::string& service, const Draft& draft, const EnvFileUse& use,
                              const char* key) {
    std::optional<std::string> text;
    try {
        text = context.read(use.path);
    } catch (const Error& problem) {
        context.report.error("C10", fmt::format("service \"{}\": {}", service, problem.message()), use.where);
        return {};
    }
    if (!text) {
        const std::string message = fmt::format("service \"{}\": `{}`: there is no file {}", service, key, use.path);
        const char* help = "create it, or write `required: false` beside its path";
        if (use.required && !context.options.all_profiles) context.report.error("C10", message, use.where, help);
        return {};
    }
    const auto& variables = context.sources.file(use.where).variables;
    const auto file = context.sources.add(use.path, std::move(*text), "", variables);
    if (use.raw) return read_raw_env(file, context.report);
    const Lookup lookup = [&](const std::string& name) -> std::optional<std::string> {
        if (variables)
            if (auto value = value_of(*variables, name)) return value;
        const auto own = draft.environment.find(name);
        return own == draft.environment.end() ? std::nullopt : own->second;
    };
    return read_env(file, context.report, lookup);
}

void apply_env(Context& context, const std::string& name, Draft& draft) {
    auto& environment = draft.service.environment;
    for (const auto& use : draft.env_files) {
        for (auto& line : read_use(context, name, draft, use, "env_file")) {
            const auto& variables = context.sources.file(use.where).variables;
            if (!line.value && variables) line.value = value_of(*variables, line.key);
            if (line.value) environment[line.key] = std::move(line.value);
        }
    }
    for (const auto& [key, value] : draft.environment) environment[key] = value;
    for (const auto& use : draft.label_files)
        for (auto& line : read_use(context, name, draft, use, "label_file"))
            draft.service.labels[line.key] = line.value.value_or("");
    for (const auto& [key, value] : draft.labels) draft.service.labels[key] = value;
}

void apply_networks(ProjectDraft& project, Draft& draft) {
    Service& service = draft.service;
    if (service.networks.empty() && service.network_mode.empty()) {
        service.networks.emplace_back("default", ServiceNetwork{});
        project.project.networks.try_emplace("default", Network{.key = "default"});
    }
    if (draft.mac_address.empty() || service.networks.empty()) return;
    auto& first = service.networks.front().second.mac_address;
    if (first.empty()) first = draft.mac_address;
}

/// A link's alias becomes an alias of the linked service on each network that both join.
void apply_links(ProjectDraft& project, const Draft& draft) {
    for (const auto& link : draft.links) {
        const auto linked = project.services.find(link.service);
        if (linked == project.services.end()) continue;
        for (auto& [network, theirs] : linked->second.service.networks) {
            const auto& ours = draft.service.networks;
            const bool shared =
                std::any_of(ours.begin(), ours.end(), [&, &key = network](const auto& n) { return n.first == key; });
            const bool known =
                std::find(theirs.aliases.begin(), theirs.aliases.end(), link.alias) != theirs.aliases.end();
            if (shared && !known) theirs.aliases.push_back(link.alias);
        }
    }
}

void apply_mounts_from(ProjectDraft& project, const std::string& name, std::set<std::string>& done) {
    if (!done.insert(name).second) return;
    Draft& draft = project.services.at(name);
    for (const auto& from : draft.mounts_from) {
        if (!project.services.count(from.service)) continue;
        apply_mounts_from(project, from.service, done);
        for (Mount mount : project.services.at(from.service).service.mounts) {
            const auto& own = draft.service.mounts;
            if (std::any_of(own.begin(), own.end(), [&](const Mount& m) { return m.target == mount.target; })) continue;
            mount.read_only = mount.read_only || from.read_only;
            draft.service.mounts.push_back(std::move(mount));
        }
    }
}

}  // namespace

bool check_cycles(Context& context, const ProjectDraft& draft) {
    return CycleFinder(context, draft).run();
}

void apply_implied(Context& context, ProjectDraft& draft) {
    std::set<std::string> done;
    for (auto& [name, service] : draft.services) {
        apply_env(context, name, service);
        apply_networks(draft, service);
        apply_mounts_from(draft, name, done);
    }
    for (const auto& [name, service] : draft.services) apply_links(draft, service);
    for (const auto& [name, scale] : context.options.scale) {
        const auto found = draft.services.find(name);
        if (found != draft.services.end())
            found->second.service.scale = scale;
        else
            context.report.error("C07", fmt::format("--scale: there is no service \"{}\"", name), {},
                                 suggest(name, keys_of(draft.services)));
    }
}

namespace {

/// What a config's or secret's content is, and what answers a change of it.
void complete_grants(const Service& service, std::vector<Grant>& grants,
                     const std::map<std::string, FileObject>& objects, const StringMap& digests) {
    for (auto& grant : grants) {
        if (const auto digest = digests.find(grant.source); digest != digests.end()) grant.digest = digest->second;
        grant.on_change = service.on_change.value_or(OnChange{});
        const auto object = objects.find(grant.source);
        if (object != objects.end() && object->second.on_change) grant.on_change = *object->second.on_change;
    }
}

}  // namespace

void finish(ProjectDraft& draft, bool keep_unused) {
    Project& project = draft.project;
    std::set<std::string> networks, volumes, configs, secrets;
    for (auto& [name, part] : draft.services) {
        Service& service = part.service;
        if (service.image.empty() && service.build) service.image = project.name + "-" + name;
        for (const auto& [key, how] : service.networks) networks.insert(key);
        for (const auto& mount : service.mounts)
            if (mount.type == Mount::Type::volume) volumes.insert(mount.source);
        for (const auto& grant : service.configs) configs.insert(grant.source);
        for (const auto& grant : service.secrets) secrets.insert(grant.source);
        if (service.build)
            for (const auto& grant : service.build->secrets) secrets.insert(grant.source);
        complete_grants(service, service.configs, project.configs, draft.config_digests);
        complete_grants(service, service.secrets, project.secrets, draft.secret_digests);
        project.services[name] = std::move(service);
    }
    const auto name_used = [&](auto& objects, const std::set<std::string>& used) {
        if (!keep_unused) std::erase_if(objects, [&](const auto& entry) { return !used.count(entry.first); });
        for (auto& [key, object] : objects)
            if (object.name.empty()) object.name = object.external ? key : project.name + "_" + key;
    };
    name_used(project.networks, networks);
    name_used(project.volumes, volumes);
    name_used(project.configs, configs);
    name_used(project.secrets, secrets);
}

}  // namespace hoist::compose
