// SPDX-License-Identifier: Apache-2.0
#include "base/id.h"

#include <sys/random.h>

#include "base/error.h"

namespace hoist {

std::string random_hex_id() {
    unsigned char bytes[32];
    check(::getrandom(bytes, sizeof bytes, 0), "get random bytes");
    std::string text;
    text.reserve(64);
    constexpr char digits[] = "0123456789abcdef";
    for (const unsigned char byte : bytes) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

}  // namespace hoist
