#pragma once
// SPDX-License-Identifier: Apache-2.0
// What a build needs of the engine, which this folder does not know.

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "builder/request.h"
#include "storage/image.h"

namespace hoist::builder {

/// A RUN: one process in a container of its own.
struct RunStep {
    struct Mount {
        enum class Type { bind, tmpfs, file };
        Type type = Type::bind;
        std::string source;  ///< bind: a directory or file of this host; file: one that is copied to tmpfs first
        std::string target;
        bool read_only = false;
        std::optional<Bytes> size;                    ///< tmpfs
        std::uint32_t mode = 0400, uid = 0, gid = 0;  ///< file
    };
    std::string name;                 ///< for people
    std::vector<std::string> layers;  ///< directories, topmost first
    std::vector<std::string> arguments;
    std::vector<std::string> environment;
    std::vector<std::string> unrecorded;  ///< environment that is written nowhere but to the process
    std::string user, working_dir, network;
    std::vector<Mount> mounts;
    std::vector<std::string> extra_hosts;
    std::optional<Bytes> shm_size;
    std::vector<Ulimit> ulimits;
    std::string upper;  ///< where what it has written is to be moved
};

struct RunEnd {
    int code = 0;
    std::string error;  ///< why it could not be started
};

class Ports {
public:
    virtual ~Ports() = default;
    /// Runs a step to its end; what it writes goes to `output` as it comes. Called on a build's thread.
    /// @throws Error; Error(unavailable) if `stop` was asked for, after which nothing of the step is left
    virtual RunEnd run(const RunStep& step, const std::function<void(std::string_view)>& output,
                       std::stop_token stop) = 0;
    /// Brings an image that is not here. @throws Error that says where it was looked for
    virtual storage::Image fetch_image(const std::string& reference, const std::string& platform,
                                       const std::function<void(std::string_view)>& progress, std::stop_token stop) = 0;
};

}  // namespace hoist::builder
