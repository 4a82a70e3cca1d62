// SPDX-License-Identifier: Apache-2.0
#include "cli/service_build.h"

#include "base/error.h"
#include "base/file.h"
#include "cli/build_run.h"

namespace hoist::cli {
namespace {

constexpr std::string_view service_prefix = "service:";

std::string path_below(const std::string& directory, const std::string& path) {
    return path.starts_with('/') ? path : directory + "/" + path;
}

bool is_remote_context(const std::string& text) {
    return text.find("://") != std::string::npos || text.starts_with("git@");
}

/// What a build here cannot do is said, not left out.
void refuse_impossible(const compose::Build& keys) {
    const auto refuse = [](const char* key, const char* why) { fail(Kind::invalid, "build.{}: {}", key, why); };
    if (keys.privileged) refuse("privileged", "a build's steps are confined as containers are");
    if (!keys.entitlements.empty()) refuse("entitlements", "a build's steps get no further rights");
    if (keys.platforms.size() > 1) refuse("platforms", "an image is built for one platform; keep one");
    for (const auto& target : keys.cache_to)
        if (target != "type=inline") refuse("cache_to", "only type=inline is known; the cache lies with the daemon");
    if (!keys.isolation.empty() && keys.isolation != "default") refuse("isolation", "is for Windows");
}

void read_sources(const compose::Build& keys, wire::BuildRequest& request) {
    request.context = keys.context;
    request.dockerfile = keys.dockerfile_inline;
    if (!request.dockerfile.empty())
        request.dockerfile_name = "dockerfile_inline";
    else if (!is_remote_context(request.context))
        read_dockerfile(request, keys.dockerfile.empty() ? "" : path_below(request.context, keys.dockerfile));
    else if (!keys.dockerfile.empty())
        request.dockerfile_name = keys.dockerfile;
}

void read_contexts(const compose::Project& project, const compose::Build& keys, wire::BuildRequest& request) {
    for (const auto& [name, where] : keys.additional_contexts) {
        if (where.starts_with(service_prefix)) {
            const auto it = project.services.find(where.substr(service_prefix.size()));
            if (it == project.services.end()) fail(Kind::not_found, "build.additional_contexts: no such {}", where);
            request.contexts[name] = "docker-image://" + image_of(project, it->second);
        } else {
            request.contexts[name] = is_remote_context(where) ? where : path_below(project.working_dir, where);
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
    return service.build.has_value();
}

std::string image_of(const compose::Project& project, const compose::Service& service) {
    return service.image.empty() ? project.name + "-" + service.name : service.image;
}

std::vector<std::string> services_built_from(const compose::Service& service) {
    std::vector<std::string> names;
    if (!service.build) return names;
    for (const auto& [name, where] : service.build->additional_contexts)
        if (where.starts_with(service_prefix)) names.push_back(where.substr(service_prefix.size()));
    return names;
}

wire::BuildRequest build_request(const compose::Project& project, const compose::Service& service) {
    try {
        const compose::Build& keys = service.build.value();
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
