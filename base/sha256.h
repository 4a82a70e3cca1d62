#pragma once
// SPDX-License-Identifier: Apache-2.0
// SHA-256, in pieces. Who uses it links libcrypto.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace hoist {

class Sha256 {
public:
    Sha256();
    void update(std::string_view bytes);
    /// 64 hexadecimal digits, of everything so far; the object is used up.
    std::string finish();

private:
    std::array<std::uint64_t, 14> state_{};
};

}  // namespace hoist
