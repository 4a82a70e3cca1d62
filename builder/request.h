#pragma once
// SPDX-License-Identifier: Apache-2.0
// What a build is asked for, and what it tells while it goes on.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/units.h"

namespace hoist::builder {

struct Ulimit {
    std::string name;
    std::int64_t soft = 0, hard = 0;
};

struct BuildRequest {
    /// A directory of this host, or a URL: a git repository, a tar, or a Dockerfile. Empty: none.
    std::string context;
    std::string dockerfile;  ///< its text; empty: that of the file `dockerfile_name` in the context
    std::string dockerfile_name = "Dockerfile";
    std::optional<std::string> ignore;  ///< text of the .dockerignore; absent: that of the context
    std::string ignore_name = ".dockerignore";
    std::map<std::string, std::string> contexts;   ///< further ones: a directory, or "docker-image://reference"
    std::map<std::string, std::string> arguments;  ///< --build-arg
    std::map<std::string, std::string> labels;
    std::string target;  ///< a stage's name or number; empty: the last
    std::vector<std::string> tags;
    bool no_cache = false, pull = false;
    std::set<std::string> no_cache_stages;
    std::vector<std::string> cache_from;         ///< images that carry the keys of their steps
    bool inline_cache = false;                   ///< puts the keys of its steps into the image
    std::string network;                         ///< of RUN: "", "default", "none", "host"
    std::string platform;                        ///< "", "linux/amd64"
    std::vector<std::string> extra_hosts;        ///< "name=address"
    std::map<std::string, std::string> secrets;  ///< id to a file of this host that goes away with the build
    std::map<std::string, std::string> ssh;      ///< id to an agent's socket
    std::optional<Bytes> shm_size;
    std::vector<Ulimit> ulimits;
    std::optional<std::int64_t> source_date_epoch;  ///< no time in the image is later
};

struct BuildEvent {
    enum class Kind { started, cached, output, done, failed, warning };
    Kind kind = Kind::started;
    int step = 0;      ///< counted over all stages, from 1
    std::string name;  ///< "[build 2/5] RUN make"
    std::string text;  ///< output: what the step wrote; else a remark
    double seconds = 0;
};
/// Called on any of the build's threads.
using Report = std::function<void(const BuildEvent&)>;

}  // namespace hoist::builder
