// SPDX-License-Identifier: Apache-2.0
#include "storage/image_config.h"

#include <sys/utsname.h>

#include "base/error.h"
#include "base/text.h"

namespace hoist::storage {
namespace {

using Texts = std::vector<std::string>;

/// The keys of an object like {"80/tcp": {}}.
Texts keys_of(const Json& object, const char* key) {
    Texts keys;
    const auto it = object.find(key);
    if (it == object.end() || it->is_null()) return keys;
    if (!it->is_object()) fail_json_type(key, "type must be object");
    for (const auto& [name, value] : it->items()) keys.push_back(name);
    return keys;
}

std::optional<Nanoseconds> duration_of(const Json& object, const char* key) {
    const auto count = json_optional<std::int64_t>(object, key);
    if (!count || *count == 0) return std::nullopt;  // 0 means "the default" in Docker's form
    return Nanoseconds(*count);
}

std::optional<ImageHealthcheck> parse_healthcheck(const Json& config) {
    const auto raw = json_optional<Json>(config, "Healthcheck");
    if (!raw) return std::nullopt;
    if (!raw->is_object()) fail_json_type("Healthcheck", "type must be object");
    ImageHealthcheck check;
    check.test = json_value(*raw, "Test", Texts{});
    check.interval = duration_of(*raw, "Interval");
    check.timeout = duration_of(*raw, "Timeout");
    check.start_period = duration_of(*raw, "StartPeriod");
    check.start_interval = duration_of(*raw, "StartInterval");
    const int retries = json_value(*raw, "Retries", 0);
    if (retries > 0) check.retries = retries;
    return check;
}

}  // namespace

std::string machine_architecture() {
    static const std::map<std::string, std::string> known = {
        {"x86_64", "amd64"},    {"aarch64", "arm64"}, {"armv7l", "arm"},      {"i686", "386"},
        {"ppc64le", "ppc64le"}, {"s390x", "s390x"},   {"riscv64", "riscv64"}, {"loongarch64", "loong64"}};
    utsname name{};
    ::uname(&name);
    const auto it = known.find(name.machine);
    return it == known.end() ? name.machine : it->second;
}

ImageConfig parse_image_config(const Json& raw) {
    ImageConfig parsed;
    const Json config = json_value(raw, "config", Json::object());
    if (!config.is_object()) fail_json_type("config", "type must be object");
    parsed.entrypoint = json_value(config, "Entrypoint", Texts{});
    parsed.cmd = json_value(config, "Cmd", Texts{});
    parsed.env = json_value(config, "Env", Texts{});
    parsed.user = json_value(config, "User", std::string{});
    parsed.working_dir = json_value(config, "WorkingDir", std::string{});
    parsed.stop_signal = json_value(config, "StopSignal", std::string{});
    parsed.labels = json_value(config, "Labels", std::map<std::string, std::string>{});
    parsed.volumes = keys_of(config, "Volumes");
    parsed.exposed_ports = keys_of(config, "ExposedPorts");
    parsed.healthcheck = parse_healthcheck(config);
    return parsed;
}

std::vector<std::string> parse_diff_ids(const Json& raw) {
    const Json rootfs = json_value(raw, "rootfs", Json::object());
    if (!rootfs.is_object()) fail_json_type("rootfs", "type must be object");
    return json_value(rootfs, "diff_ids", Texts{});
}

std::string make_image_config(const NewLayer& layer, const Texts& changes, const std::string& message,
                              TimePoint created) {
    Json config = Json::object();
    for (const auto& change : changes) apply_change(config, change);
    Json history = {{"created", format_time(created)}, {"created_by", "hoist import"}};
    if (!message.empty()) history["comment"] = message;
    const Json image = {{"created", format_time(created)},
                        {"architecture", machine_architecture()},
                        {"os", "linux"},
                        {"config", config},
                        {"rootfs", {{"type", "layers"}, {"diff_ids", Json::array({layer.diff_id})}}},
                        {"history", Json::array({history})}};
    try {
        return image.dump();
    } catch (const Json::exception&) {
        fail(Kind::invalid, "a change or the message is not valid UTF-8");
    }
}

Json plain_descriptor(const NewLayer& layer) {
    return {{"mediaType", "application/vnd.oci.image.layer.v1.tar"},
            {"digest", layer.diff_id},
            {"size", layer.archive_bytes}};
}

std::string make_manifest(const std::string& config, const Json& layers) {
    const Json manifest = {{"schemaVersion", 2},
                           {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                           {"config",
                            {{"mediaType", "application/vnd.oci.image.config.v1+json"},
                             {"digest", sha256_digest(config)},
                             {"size", config.size()}}},
                           {"layers", layers}};
    return manifest.dump();
}

}  // namespace hoist::storage
