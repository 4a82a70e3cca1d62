#pragma once
// SPDX-License-Identifier: Apache-2.0
// Images as Docker's clients read them.

#include "base/json.h"
#include "storage/image.h"

namespace hoist::api {

/// An entry of GET /images/json
Json image_summary(const storage::Image& image);
/// The size of its layers that other images have, too.
std::int64_t shared_size(const storage::Image& image, const storage::ImageStore& images);

}  // namespace hoist::api
