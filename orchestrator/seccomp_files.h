#pragma once
// SPDX-License-Identifier: Apache-2.0
// Ready seccomp filters as files for monitors: each profile is compiled once.

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "base/json.h"

namespace hoist::orchestrator {

/// Thread-safe; the first call for a profile blocks.
class SeccompFiles {
public:
    explicit SeccompFiles(std::string directory) : directory_(std::move(directory)) {}
    /// The file with Docker's default profile for these capabilities.
    std::string for_capabilities(std::uint64_t capabilities);
    /// The file for a profile of the user's (security_opt seccomp=<JSON>). @throws Error(invalid)
    std::string for_profile(const std::string& text);

private:
    std::string write(const Json& profile);
    std::string directory_;
    std::mutex mutex_;
    std::map<std::uint64_t, std::string> by_capabilities_;
};

}  // namespace hoist::orchestrator
