#pragma once
// SPDX-License-Identifier: Apache-2.0
// How a service's image is made. @see compose-spec build.md

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compose/parts.h"

namespace hoist::compose {

/// `build:` in its long form; every path is absolute. Variables of `args` without a value are already taken from the
/// project's environment, and left out where they are not set there.
struct Build {
    std::string context;            ///< absolute directory, or a URL
    std::string dockerfile;         ///< relative to the context or absolute; empty: "Dockerfile"
    std::string dockerfile_inline;  ///< its text, in place of a file
    std::string target, network, isolation, provenance, sbom;
    std::map<std::string, std::string> args, labels;
    /// name -> absolute directory, URL, "docker-image://reference", "oci-layout://..." or "service:name"
    std::map<std::string, std::string> additional_contexts;
    std::vector<std::string> cache_from, cache_to, no_cache_filter, platforms, tags, entitlements;
    std::vector<std::string> extra_hosts;    ///< "name=address"
    std::map<std::string, std::string> ssh;  ///< id -> path of a key or socket; empty: the agent's
    std::vector<Grant> secrets;
    std::map<std::string, Ulimit> ulimits;
    std::optional<Bytes> shm_size;
    bool no_cache = false, pull = false, privileged = false;
    bool operator==(const Build&) const = default;
};

}  // namespace hoist::compose
