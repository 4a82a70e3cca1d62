// SPDX-License-Identifier: Apache-2.0
#include "base/sha256.h"

#include <fmt/format.h>
// The functions that name the algorithm instead of looking it up: the first look-up makes libcrypto load all that it
// can do, 2 MiB that an idle daemon would keep.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

namespace hoist {
namespace {

static_assert(sizeof(std::array<std::uint64_t, 14>) >= sizeof(SHA256_CTX) && alignof(std::uint64_t) >= alignof(SHA256_CTX));

SHA256_CTX* context(std::array<std::uint64_t, 14>& state) {
    return reinterpret_cast<SHA256_CTX*>(state.data());
}

}  // namespace

Sha256::Sha256() {
    SHA256_Init(context(state_));
}

void Sha256::update(std::string_view bytes) {
    SHA256_Update(context(state_), bytes.data(), bytes.size());
}

std::string Sha256::finish() {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256_Final(digest.data(), context(state_));
    std::string text;
    for (const unsigned char byte : digest) text += fmt::format("{:02x}", byte);
    return text;
}

}  // namespace hoist
