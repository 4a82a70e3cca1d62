// SPDX-License-Identifier: Apache-2.0
#include "storage/digest.h"

#include "storage/image.h"

namespace hoist::storage {

std::string sha256_digest(std::string_view bytes) {
    Sha256 hash;
    hash.update(bytes);
    return hash.finish();
}

}  // namespace hoist::storage
