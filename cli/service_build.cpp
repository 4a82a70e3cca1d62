// SPDX-License-Identifier: Apache-2.0
#include "cli/service_build.h"

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
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

/// What a build here cannot do is said, not left out.
void refuse_impossible(const Json& build) {
    const auto refuse = [](const char* key, const char* why) { fail(Kind::invalid, "build.{}: {}", key, why); };
    if (json_value(build, "privileged", false)) refuse("privileged", "a build's steps are confined as containers are");
    if (!list_of(build, "entitlements").empty()) refuse("entitlements", "a build's steps get no further rights");
    if (list_of(build, "platforms").size() > 1) refuse("platforms", "an image is built for one platform; keep one");
    for (const auto& target : list_of(build, "cache_to"))
        if (target != "type=inline") refuse("cache_to", "only type=inline is known; the cache lies with the daemon");
    if (const auto isolation = build.find("isolation"); isolation != build.end() && text_of(*isolation) != "default")
        refuse("isolation", "is for Windows");
}

void read_secrets(const compose::Project& project, const Json& build, wire::BuildRequest& request) {
    for (const auto& item : json_value(build, "secrets", Json::array())) {
        const auto source = item.is_string() ? item.get<std::string>() : json_value<std::string>(item, "source", "");
        const auto target = item.is_string() ? source : json_value<std::string>(item, "target", source);
        const auto it = project.secrets.find(source);
        if (it == project.secrets.end()) fail(Kind::not_found, "build.secrets: there is no secret {}", source);
        const auto& object = it->second;
        request.secrets[target] = object.content ? *object.content : read_file(object.file, 1u << 20);
    }
}

void read_ulimits(const Json& build, wire::BuildRequest& request) {
    const auto limits = json_value(build, "ulimits", Json::object());
    for (const auto& [name, value] : limits.items()) {
        const bool pair = value.is_object();
        const auto soft = pair ? json_value<std::int64_t>(value, "soft", 0) : std::stoll(text_of(value));
        request.ulimits.push_back({name, soft, pair ? json_value<std::int64_t>(value, "hard", soft) : soft});
    }
}

void read_contexts(const compose::Project& project, const Json& build, wire::BuildRequest& request) {
    for (const auto& [name, where] : map_of(build, "additional_contexts")) {
        if (where.starts_with(service_prefix)) {
            const auto other = where.substr(service_prefix.size());
            request.contexts[name] = "docker-image://" + image_of(project, project.services.at(other));
        } else {
            request.contexts[name] = is_remote(where) ? where : path_below(project.working_dir, where);
        }
    }
}

void read_sources(const Json& build, wire::BuildRequest& request) {
    request.context = json_value<std::string>(build, "context", "");
    const auto name = json_value<std::string>(build, "dockerfile", "");
    request.dockerfile = json_value<std::string>(build, "dockerfile_inline", "");
    if (!request.dockerfile.empty()) {
        request.dockerfile_name = "dockerfile_inline";
    } else if (is_remote(request.context)) {
        if (!name.empty()) request.dockerfile_name = name;
    } else {
        read_dockerfile(request, name.empty() ? "" : path_below(request.context, name));
    }
}

}  // namespace

bool has_build(const compose::Service& service) {
    return service.has_build;
}

std::string image_of(const compose::Project& project, const compose::Service& service) {
    return service.image.empty() ? project.name + "-" + service.name : service.image;
}

std::vector<std::string> services_built_from(const compose::Service& service) {
    std::vector<std::string> names;
    for (const auto& [name, where] : map_of(service.build, "additional_contexts"))
        if (where.starts_with(service_prefix)) names.push_back(where.substr(service_prefix.size()));
    return names;
}

wire::BuildRequest build_request(const compose::Project& project, const compose::Service& service) {
    const auto& build = service.build;
    try {
        refuse_impossible(build);
        wire::BuildRequest request;
        read_sources(build, request);
        read_contexts(project, build, request);
        read_secrets(project, build, request);
        read_ulimits(build, request);
        request.arguments = map_of(build, "args");
        request.labels = map_of(build, "labels");
        request.target = json_value<std::string>(build, "target", "");
        request.network = json_value<std::string>(build, "network", "");
        request.tags = list_of(build, "tags");
        request.tags.insert(request.tags.begin(), image_of(project, service));
        request.cache_from = list_of(build, "cache_from");
        request.inline_cache = !list_of(build, "cache_to").empty();
        request.no_cache = json_value(build, "no_cache", false);
        request.no_cache_stages = list_of(build, "no_cache_filter");
        request.pull = json_value(build, "pull", false);
        if (const auto platforms = list_of(build, "platforms"); !platforms.empty())
            request.platform = platforms.front();
        for (const auto& [host, address] : map_of(build, "extra_hosts"))
            request.extra_hosts.push_back(host + "=" + address);
        for (const auto& [id, socket] : map_of(build, "ssh")) request.ssh[id] = socket;
        if (const auto size = build.find("shm_size"); size != build.end())
            request.shm_size = parse_bytes(text_of(*size));
        return request;
    } catch (Error& error) {
        throw error.during("service {}", service.name);
    }
}

}  // namespace hoist::cli
