// SPDX-License-Identifier: Apache-2.0
#include "wire/build_messages.h"

#include "base/error.h"

namespace hoist::wire {
namespace {

using Texts = std::vector<std::string>;
using Map = std::map<std::string, std::string>;

std::string to_hex(const std::string& bytes) {
    std::string text;
    for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
    return text;
}

std::string from_hex(const std::string& text) {
    if (text.size() % 2 != 0 || text.find_first_not_of("0123456789abcdef") != std::string::npos)
        fail(Kind::invalid, "secrets: not hexadecimal");
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); i += 2)
        bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
    return bytes;
}

std::vector<BuildUlimit> read_ulimits(const Json& body) {
    std::vector<BuildUlimit> limits;
    for (const auto& one : json_value(body, "ulimits", Json::array()))
        limits.push_back({json_value<std::string>(one, "name", ""), json_value<std::int64_t>(one, "soft", 0),
                          json_value<std::int64_t>(one, "hard", 0)});
    return limits;
}

}  // namespace

Json to_json(const BuildRequest& request) {
    Json body = {{"context", request.context},
                 {"dockerfile", request.dockerfile},
                 {"dockerfile_name", request.dockerfile_name},
                 {"ignore_name", request.ignore_name},
                 {"contexts", request.contexts},
                 {"arguments", request.arguments},
                 {"labels", request.labels},
                 {"target", request.target},
                 {"network", request.network},
                 {"platform", request.platform},
                 {"tags", request.tags},
                 {"no_cache_stages", request.no_cache_stages},
                 {"cache_from", request.cache_from},
                 {"extra_hosts", request.extra_hosts},
                 {"no_cache", request.no_cache},
                 {"pull", request.pull},
                 {"inline_cache", request.inline_cache},
                 {"ssh", request.ssh}};
    if (request.ignore) body["ignore"] = *request.ignore;
    body["secrets"] = Json::object();
    for (const auto& [id, bytes] : request.secrets) body["secrets"][id] = to_hex(bytes);
    if (request.shm_size) body["shm_size"] = request.shm_size->count;
    for (const auto& limit : request.ulimits)
        body["ulimits"].push_back({{"name", limit.name}, {"soft", limit.soft}, {"hard", limit.hard}});
    if (request.source_date_epoch) body["source_date_epoch"] = *request.source_date_epoch;
    return body;
}

BuildRequest build_request_from_json(const Json& body) {
    if (!body.is_object()) fail(Kind::invalid, "the body must be a JSON object");
    BuildRequest request;
    request.context = json_value<std::string>(body, "context", "");
    request.dockerfile = json_value<std::string>(body, "dockerfile", "");
    request.dockerfile_name = json_value<std::string>(body, "dockerfile_name", "Dockerfile");
    request.ignore = json_optional<std::string>(body, "ignore");
    request.ignore_name = json_value<std::string>(body, "ignore_name", ".dockerignore");
    request.contexts = json_value<Map>(body, "contexts", {});
    request.arguments = json_value<Map>(body, "arguments", {});
    request.labels = json_value<Map>(body, "labels", {});
    request.target = json_value<std::string>(body, "target", "");
    request.network = json_value<std::string>(body, "network", "");
    request.platform = json_value<std::string>(body, "platform", "");
    request.tags = json_value<Texts>(body, "tags", {});
    request.no_cache_stages = json_value<Texts>(body, "no_cache_stages", {});
    request.cache_from = json_value<Texts>(body, "cache_from", {});
    request.extra_hosts = json_value<Texts>(body, "extra_hosts", {});
    request.no_cache = json_value(body, "no_cache", false);
    request.pull = json_value(body, "pull", false);
    request.inline_cache = json_value(body, "inline_cache", false);
    for (const auto& [id, text] : json_value<Map>(body, "secrets", {})) request.secrets[id] = from_hex(text);
    request.ssh = json_value<Map>(body, "ssh", {});
    if (const auto size = json_optional<std::int64_t>(body, "shm_size")) request.shm_size = Bytes{*size};
    request.ulimits = read_ulimits(body);
    request.source_date_epoch = json_optional<std::int64_t>(body, "source_date_epoch");
    return request;
}

Json to_json(const BuildLine& line) {
    return {{"event", line.event},
            {"step", line.step},
            {"name", line.name},
            {"text", line.text},
            {"seconds", line.seconds}};
}

BuildLine build_line_from_json(const Json& object) {
    return {.event = json_value<std::string>(object, "event", ""),
            .step = json_value(object, "step", 0),
            .name = json_value<std::string>(object, "name", ""),
            .text = json_value<std::string>(object, "text", ""),
            .seconds = json_value(object, "seconds", 0.0)};
}

}  // namespace hoist::wire
