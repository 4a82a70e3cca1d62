#pragma once
// SPDX-License-Identifier: Apache-2.0
// Digests of content as OCI writes them, in pieces.

#include "base/sha256.h"

namespace hoist::storage {

class Sha256 {
public:
    void update(std::string_view bytes) { hash_.update(bytes); }
    /// "sha256:<64 hex>" of everything so far; the object is used up.
    std::string finish() { return "sha256:" + hash_.finish(); }

private:
    hoist::Sha256 hash_;
};

}  // namespace hoist::storage
