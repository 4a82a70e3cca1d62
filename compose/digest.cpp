// SPDX-License-Identifier: Apache-2.0
#include "compose/digest.h"

#include "base/sha256.h"

namespace hoist::compose {

std::string sha256(std::string_view text) {
    Sha256 hash;
    hash.update(text);
    return hash.finish();
}

}  // namespace hoist::compose
