#pragma once
// SPDX-License-Identifier: Apache-2.0
// An image of what a container has become.

#include "orchestrator/engine.h"

namespace hoist::orchestrator {

struct CommitOptions {
    std::string reference;  ///< tag to give; empty: none
    std::string author, comment;
    std::vector<std::string> changes;  ///< Dockerfile instructions, as of ImportOptions
    bool pause = true;                 ///< while its files are read, if it runs
};

/// The new image's configuration: the old image's, with the container's settings and one layer more. Pure.
/// @throws Error(invalid) for a change that is none
std::string committed_config(const ContainerView& container, const storage::Image& image, const CommitOptions& options,
                             const std::string& diff_id, TimePoint created);

/// @return the image's id
asio::awaitable<std::string> commit_container(Engine& engine, ContainerId id, CommitOptions options);

}  // namespace hoist::orchestrator
