// SPDX-License-Identifier: Apache-2.0
#include "registry/config.h"

#include <arpa/inet.h>
#include <sys/stat.h>

#include <array>

#include "base/error.h"
#include "base/text.h"

namespace hoist::registry {
namespace {

Url mirror_url(const std::string& text) {
    Url url = parse_url(text.find("://") == std::string::npos ? "https://" + text : text);
    while (url.target.ends_with('/')) url.target.pop_back();
    if (url.target.find('?') != std::string::npos) fail(Kind::invalid, "registry-mirrors: \"{}\" has a query", text);
    return url;
}

std::vector<Url> mirror_urls(const Json& list) {
    if (!list.is_array()) fail_json_type("registry-mirrors", "type must be array");
    std::vector<Url> urls;
    for (const auto& entry : list) {
        if (!entry.is_string()) fail_json_type("registry-mirrors", "its entries must be strings");
        urls.push_back(mirror_url(entry.get<std::string>()));
    }
    return urls;
}

/// Whether an address lies in "10.0.0.0/8".
bool lies_in(const std::string& host, const std::string& range) {
    const auto slash = range.find('/');
    in_addr address{}, network{};
    if (slash == std::string::npos || ::inet_pton(AF_INET, host.c_str(), &address) != 1 ||
        ::inet_pton(AF_INET, range.substr(0, slash).c_str(), &network) != 1)
        return false;
    const int bits = std::atoi(range.c_str() + slash + 1);
    if (bits < 0 || bits > 32) return false;
    const std::uint32_t mask = bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits);
    return (ntohl(address.s_addr) & mask) == (ntohl(network.s_addr) & mask);
}

bool is_insecure(const Url& url, const Config& config) {
    return std::any_of(config.insecure.begin(), config.insecure.end(), [&](const auto& entry) {
        return entry == url.host || entry == url.authority() || entry == fmt::format("{}:{}", url.host, url.port) ||
               lies_in(url.host, entry);
    });
}

Endpoint endpoint_for(Url url, const std::string& registry, const Config& config) {
    Endpoint endpoint;
    endpoint.name = registry;
    const bool insecure = is_insecure(url, config);
    endpoint.verify = !insecure;
    endpoint.may_be_plain = insecure || is_loopback(url.host);
    const std::string ca = config.certificates + "/" + url.authority() + "/ca.crt";
    struct stat info {};
    if (::stat(ca.c_str(), &info) == 0) endpoint.ca_file = ca;
    endpoint.base = std::move(url);
    return endpoint;
}

}  // namespace

Config parse_config(const Json& daemon_json) {
    Config config;
    if (const auto mirrors = json_optional<Json>(daemon_json, "registry-mirrors")) {
        if (mirrors->is_array())
            config.mirrors["docker.io"] = mirror_urls(*mirrors);
        else if (mirrors->is_object())
            for (const auto& [name, list] : mirrors->items()) config.mirrors[name] = mirror_urls(list);
        else
            fail_json_type("registry-mirrors", "type must be array or object");
    }
    config.insecure = json_value(daemon_json, "insecure-registries", std::vector<std::string>{});
    config.downloads = json_value(daemon_json, "max-concurrent-downloads", config.downloads);
    config.uploads = json_value(daemon_json, "max-concurrent-uploads", config.uploads);
    for (const int count : {config.downloads, config.uploads})
        if (count < 1 || count > 64) fail(Kind::invalid, "max-concurrent-downloads and -uploads go from 1 to 64");
    return config;
}

std::vector<Endpoint> endpoints_of(const std::string& registry, const Config& config) {
    std::vector<Endpoint> endpoints;
    if (const auto it = config.mirrors.find(registry); it != config.mirrors.end())
        for (const auto& url : it->second) {
            endpoints.push_back(endpoint_for(url, registry, config));
            endpoints.back().mirror = true;
            // Whoever writes http:// in the configuration means it.
            if (!url.secure()) endpoints.back().may_be_plain = true;
        }
    Url url = parse_url("https://" + (registry == "docker.io" ? "registry-1.docker.io" : registry));
    url.target.clear();
    endpoints.push_back(endpoint_for(std::move(url), registry, config));
    return endpoints;
}

std::string credentials_key(const std::string& registry) {
    return registry == "docker.io" ? "https://index.docker.io/v1/" : registry;
}

}  // namespace hoist::registry
