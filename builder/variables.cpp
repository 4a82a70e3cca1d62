// SPDX-License-Identifier: Apache-2.0
#include "builder/variables.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "storage/image_config.h"

namespace hoist::builder {
namespace {

bool is_proxy(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
    constexpr std::array names = {"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"};
    return std::find(names.begin(), names.end(), name) != names.end();
}

void add_platform(Values& values, const std::string& prefix, const std::string& platform) {
    auto parts = split(platform, '/');
    parts.resize(3);
    values[prefix + "PLATFORM"] = platform;
    values[prefix + "OS"] = parts[0];
    values[prefix + "ARCH"] = parts[1];
    values[prefix + "VARIANT"] = parts[2];
}

std::optional<std::string> find(const Values& values, const std::string& name) {
    const auto it = values.find(name);
    return it == values.end() ? std::nullopt : std::optional(it->second);
}

}  // namespace

Values platform_values(const std::string& target_platform, const std::string& target_stage) {
    const std::string machine = "linux/" + storage::machine_architecture();
    Values values;
    add_platform(values, "TARGET", target_platform.empty() ? machine : target_platform);
    add_platform(values, "BUILD", machine);
    values["TARGETSTAGE"] = target_stage.empty() ? "default" : target_stage;
    return values;
}

void GlobalArguments::declare(const std::string& name, const std::optional<std::string>& value) {
    used_.insert(name);
    if (const auto given = find(given_, name))
        declared_[name] = *given;
    else if (value)
        declared_[name] = *value;
}

std::optional<std::string> GlobalArguments::lookup(const std::string& name) const {
    if (auto value = find(declared_, name)) return value;
    return find(predefined_, name);
}

void GlobalArguments::note_used(const std::string& name) {
    const std::lock_guard lock(mutex_);
    used_.insert(name);
}

std::vector<std::string> GlobalArguments::unused() const {
    std::vector<std::string> names;
    for (const auto& [name, value] : given_)
        if (!used_.contains(name) && !is_proxy(name) && !name.starts_with("BUILDKIT_") && name != "SOURCE_DATE_EPOCH")
            names.push_back(name);
    return names;
}

void StageVariables::declare(const std::string& name, const std::optional<std::string>& value) {
    globals_.note_used(name);
    auto& place = arguments_[name];
    if (const auto given = find(globals_.given(), name))
        place = given;
    else if (value)
        place = value;
    else
        place = globals_.lookup(name);
}

void StageVariables::set(const std::string& name, const std::string& value) {
    const auto it =
        std::find_if(environment_.begin(), environment_.end(), [&](const auto& pair) { return pair.first == name; });
    if (it != environment_.end())
        it->second = value;
    else
        environment_.emplace_back(name, value);
}

void StageVariables::inherit(const std::vector<std::string>& environment) {
    for (const auto& line : environment) {
        const auto equals = line.find('=');
        set(line.substr(0, equals), equals == std::string::npos ? "" : line.substr(equals + 1));
    }
}

std::optional<std::string> StageVariables::lookup(const std::string& name) const {
    for (const auto& [known, value] : environment_)
        if (known == name) return value;
    const auto it = arguments_.find(name);
    return it == arguments_.end() ? std::nullopt : it->second;
}

std::vector<std::string> StageVariables::environment() const {
    std::vector<std::string> lines;
    for (const auto& [name, value] : environment_) lines.push_back(name + "=" + value);
    return lines;
}

std::vector<std::string> StageVariables::arguments() const {
    std::vector<std::string> lines;
    for (const auto& [name, value] : arguments_) {
        const bool hidden = std::any_of(environment_.begin(), environment_.end(),
                                        [&, key = name](const auto& pair) { return pair.first == key; });
        if (value && !hidden) lines.push_back(name + "=" + *value);
    }
    return lines;
}

std::vector<std::string> StageVariables::proxies() const {
    std::vector<std::string> lines;
    for (const auto& [name, value] : globals_.given())
        if (is_proxy(name) && !arguments_.contains(name)) lines.push_back(name + "=" + value);
    return lines;
}

}  // namespace hoist::builder
