#pragma once
// SPDX-License-Identifier: Apache-2.0
// ARG and ENV: which names have which value at one place of a Dockerfile. @see the Dockerfile reference, "ARG"

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace hoist::builder {

using Values = std::map<std::string, std::string>;

/// "linux/amd64" as TARGETPLATFORM, TARGETOS, TARGETARCH, TARGETVARIANT, and the same for the building machine.
Values platform_values(const std::string& target_platform, const std::string& target_stage);

/// The names before the first FROM.
class GlobalArguments {
public:
    /// @param given  --build-arg
    GlobalArguments(Values given, Values predefined) : given_(std::move(given)), predefined_(std::move(predefined)) {}
    void declare(const std::string& name, const std::optional<std::string>& value);
    std::optional<std::string> lookup(const std::string& name) const;
    const Values& given() const { return given_; }
    const Values& predefined() const { return predefined_; }
    /// The --build-arg that no ARG has asked for so far.
    std::vector<std::string> unused() const;
    void note_used(const std::string& name);  ///< by any stage's thread

private:
    Values given_, predefined_, declared_;
    std::mutex mutex_;  ///< of used_
    std::set<std::string> used_;
};

/// The names inside of one stage.
class StageVariables {
public:
    explicit StageVariables(GlobalArguments& globals) : globals_(globals) {}

    /// ARG: --build-arg, else `value`, else what is said of it before the first FROM.
    void declare(const std::string& name, const std::optional<std::string>& value);
    /// ENV.
    void set(const std::string& name, const std::string& value);
    /// The base image's environment, "name=value".
    void inherit(const std::vector<std::string>& environment);

    std::optional<std::string> lookup(const std::string& name) const;
    /// ENV as "name=value", in the order in which the names came.
    std::vector<std::string> environment() const;
    /// The ARGs that a RUN sees beside, "name=value".
    std::vector<std::string> arguments() const;
    /// --build-arg HTTP_PROXY and its like, which need no ARG and change no key.
    std::vector<std::string> proxies() const;

private:
    GlobalArguments& globals_;
    std::vector<std::pair<std::string, std::string>> environment_;
    std::map<std::string, std::optional<std::string>> arguments_;
};

}  // namespace hoist::builder
