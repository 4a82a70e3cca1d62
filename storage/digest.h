#pragma once
// SPDX-License-Identifier: Apache-2.0
// SHA-256, in pieces.

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace hoist::storage {

class Sha256 {
public:
    Sha256();
    void update(std::string_view bytes);
    /// "sha256:<64 hex>" of everything so far; the object is used up.
    std::string finish();

private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace hoist::storage
