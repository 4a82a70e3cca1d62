#pragma once
// SPDX-License-Identifier: Apache-2.0
// Dockerfile in, image out.

#include <stop_token>
#include <string>
#include <vector>

#include "builder/cache.h"
#include "builder/file_digests.h"
#include "builder/ports.h"
#include "builder/request.h"

namespace hoist::builder {

class Builder {
public:
    Builder(const storage::Layout& layout, storage::Database& database, storage::ImageStore& images)
        : layout_(layout), images_(images), cache_(layout, database, images) {}

    /// Builds an image; blocks, with a thread for each stage. Nothing of a build that fails is left but its cache.
    /// @return the image's id
    /// @throws Error that shows Dockerfile:line, the line, and the last output of the step
    std::string build(const BuildRequest& request, Ports& ports, const Report& report, std::stop_token stop);

    BuildCache& cache() { return cache_; }

private:
    const storage::Layout layout_;
    storage::ImageStore& images_;
    BuildCache cache_;
    FileDigests digests_;
};

}  // namespace hoist::builder
