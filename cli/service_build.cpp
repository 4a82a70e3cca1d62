// SPDX-License-Identifier: Apache-2.0
#include "cli/service_build.h"

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/build_run.h"

namespace hoist::cli {
namespace {

constexpr std::string_view service_prefix = "service:";

std::string text_of(const Json& value) {
    return value.is_string() ? value.get<std::string>() : value.is_null() ? "" : value.dump();
}

/// A list, or one text.
std::vector<std::string> list_of(const Json& build, const char* key) {
    std::vector<std::string> list;
    const auto it = build.find(key);
    if (it == build.end()) return list;
    if (!it->is_array()) return {text_of(*it)};
    for (const auto& item : *it) list.push_back(text_of(item));
    return list;
}

/// {"A": "b"} or ["A=b", "C"]; what has no value takes the environment's.
std::map<std::string, std::string> map_of(const Json& build, const char* key) {
    std::vector<std::string> lines;
    const auto it = build.find(key);
    if (it == build.end()) return {};
    if (it->is_array()) return read_pairs(list_of(build, key));
    for (const auto& [name, value] : it->items()) lines.push_back(value.is_null() ? name : name + "=" + text_of(value));
    return read_pairs(lines);
}

std::string path_below(const std::string& directory, const std::string& path) {
    return path.starts_with('/') ? path : directory + "/" + path;
}

bool is_remote(const std::string& text) {
    return text.find("://") != std::string::npos || text.starts_with("git@");
}

/// `build:` key by key.
struct Keys {
    std::string context, dockerfile, dockerfile_inline, target, network, isolation;
    std::map<std::string, std::string> args, labels, additional_contexts, ssh;
    std::vector<std::string> cache_from, cache_to, no_cache_filter, platforms, tags, entitlements, extra_hosts;
    std::vector<compose::Grant> secrets;
    std::map<std::string, compose::Ulimit> ulimits;
    std::optional<Bytes> shm_size;
    bool no_cache = false, pull = false, privileged = false;
};

std::vector<compose::Grant> secrets_of(const Json& build) {
    std::vector<compose::Grant> grants;
    for (const auto& item : json_value(build, "secrets", Json::array())) {
        compose::Grant grant;
        grant.source = item.is_string() ? item.get<std::string>() : json_value<std::string>(item, "source", "");
        grant.target = item.is_string() ? grant.source : json_value(item, "target", grant.source);
        grants.push_back(std::move(grant));
    }
    return grants;
}

std::map<std::string, compose::Ulimit> ulimits_of(const Json& build) {
    std::map<std::string, compose::Ulimit> limits;
    const auto given = json_value(build, "ulimits", Json::object());
    for (const auto& [name, value] : given.items()) {
        const bool pair = value.is_object();
        const auto soft = pair ? json_value<std::int64_t>(value, "soft", 0) : std::stoll(text_of(value));
        limits[name] = {soft, pair ? json_value<std::int64_t>(value, "hard", soft) : soft};
    }
    return limits;
}

/// {"id": "socket"} or ["id", "id=socket"].
std::map<std::string, std::string> ssh_of(const Json& build) {
    const auto given = json_value(build, "ssh", Json());
    if (given.is_object()) return map_of(build, "ssh");
    std::map<std::string, std::string> agents;
    for (const auto& line : list_of(build, "ssh")) {
        const auto equals = line.find('=');
        agents[line.substr(0, equals)] = equals == std::string::npos ? "" : line.substr(equals + 1);
    }
    return agents;
}

Keys keys_from(const Json& build) {
    Keys keys;
    const auto text = [&](const char* key) { return build.contains(key) ? text_of(build.at(key)) : std::string(); };
    keys.context = text("context"), keys.dockerfile = text("dockerfile");
    keys.dockerfile_inline = text("dockerfile_inline"), keys.target = text("target");
    keys.network = text("network"), keys.isolation = text("isolation");
    keys.args = map_of(build, "args"), keys.labels = map_of(build, "labels");
    keys.additional_contexts = map_of(build, "additional_contexts");
    keys.ssh = ssh_of(build);
    keys.cache_from = list_of(build, "cache_from"), keys.cache_to = list_of(build, "cache_to");
    keys.no_cache_filter = list_of(build, "no_cache_filter"), keys.platforms = list_of(build, "platforms");
    keys.tags = list_of(build, "tags"), keys.entitlements = list_of(build, "entitlements");
    for (const auto& [host, address] : map_of(build, "extra_hosts")) keys.extra_hosts.push_back(host + "=" + address);
    keys.secrets = secrets_of(build), keys.ulimits = ulimits_of(build);
    if (build.contains("shm_size")) keys.shm_size = parse_bytes(text("shm_size"));
    keys.no_cache = text("no_cache") == "true", keys.pull = text("pull") == "true";
    keys.privileged = text("privileged") == "true";
    return keys;
}

/// The model has the keys as JSON, or read already.
template <class Service>
auto keys_of(const Service& service) {
    if constexpr (requires { service.has_build; })
        return keys_from(service.build);
    else
        return *service.build;
}

/// What a build here cannot do is said, not left out.
template <class AnyKeys>
void refuse_impossible(const AnyKeys& keys) {
    const auto refuse = [](const char* key, const char* why) { fail(Kind::invalid, "build.{}: {}", key, why); };
    if (keys.privileged) refuse("privileged", "a build's steps are confined as containers are");
    if (!keys.entitlements.empty()) refuse("entitlements", "a build's steps get no further rights");
    if (keys.platforms.size() > 1) refuse("platforms", "an image is built for one platform; keep one");
    for (const auto& target : keys.cache_to)
        if (target != "type=inline") refuse("cache_to", "only type=inline is known; the cache lies with the daemon");
    if (!keys.isolation.empty() && keys.isolation != "default") refuse("isolation", "is for Windows");
}

template <class AnyKeys>
void read_sources(const AnyKeys& keys, wire::BuildRequest& request) {
    request.context = keys.context;
    request.dockerfile = keys.dockerfile_inline;
    if (!request.dockerfile.empty())
        request.dockerfile_name = "dockerfile_inline";
    else if (!is_remote(request.context))
        read_dockerfile(request, keys.dockerfile.empty() ? "" : path_below(request.context, keys.dockerfile));
    else if (!keys.dockerfile.empty())
        request.dockerfile_name = keys.dockerfile;
}

template <class AnyKeys>
void read_contexts(const compose::Project& project, const AnyKeys& keys, wire::BuildRequest& request) {
    for (const auto& [name, where] : keys.additional_contexts) {
        if (where.starts_with(service_prefix)) {
            const auto it = project.services.find(where.substr(service_prefix.size()));
            if (it == project.services.end()) fail(Kind::not_found, "build.additional_contexts: no such {}", where);
            request.contexts[name] = "docker-image://" + image_of(project, it->second);
        } else {
            request.contexts[name] = is_remote(where) ? where : path_below(project.working_dir, where);
        }
    }
}

void read_secrets(const compose::Project& project, const std::vector<compose::Grant>& grants,
                  wire::BuildRequest& request) {
    for (const auto& grant : grants) {
        const auto it = project.secrets.find(grant.source);
        if (it == project.secrets.end()) fail(Kind::not_found, "build.secrets: there is no secret {}", grant.source);
        // A build knows secrets by id: the last name of where they would be mounted.
        const auto id = grant.target.substr(grant.target.rfind('/') + 1);
        request.secrets[id.empty() ? grant.source : id] =
            it->second.content ? *it->second.content : read_file(it->second.file, 1u << 20);
    }
}

}  // namespace

bool has_build(const compose::Service& service) {
    return [](const auto& any) {
        if constexpr (requires { any.has_build; })
            return any.has_build;
        else
            return any.build.has_value();
    }(service);
}

std::string image_of(const compose::Project& project, const compose::Service& service) {
    return service.image.empty() ? project.name + "-" + service.name : service.image;
}

std::vector<std::string> services_built_from(const compose::Service& service) {
    std::vector<std::string> names;
    const auto keys = keys_of(service);
    for (const auto& [name, where] : keys.additional_contexts)
        if (where.starts_with(service_prefix)) names.push_back(where.substr(service_prefix.size()));
    return names;
}

wire::BuildRequest build_request(const compose::Project& project, const compose::Service& service) {
    try {
        const auto keys = keys_of(service);
        refuse_impossible(keys);
        wire::BuildRequest request;
        read_sources(keys, request);
        read_contexts(project, keys, request);
        read_secrets(project, keys.secrets, request);
        for (const auto& [name, limit] : keys.ulimits) request.ulimits.push_back({name, limit.soft, limit.hard});
        request.arguments = keys.args;
        request.labels = keys.labels;
        request.target = keys.target;
        request.network = keys.network;
        request.tags = keys.tags;
        request.tags.insert(request.tags.begin(), image_of(project, service));
        request.cache_from = keys.cache_from;
        request.inline_cache = !keys.cache_to.empty();
        request.no_cache = keys.no_cache;
        request.no_cache_stages = keys.no_cache_filter;
        request.pull = keys.pull;
        if (!keys.platforms.empty()) request.platform = keys.platforms.front();
        request.extra_hosts = keys.extra_hosts;
        for (const auto& [id, socket] : keys.ssh) add_ssh(request, socket.empty() ? id : id + "=" + socket);
        request.shm_size = keys.shm_size;
        return request;
    } catch (Error& error) {
        throw error.during("service {}", service.name);
    }
}

}  // namespace hoist::cli
