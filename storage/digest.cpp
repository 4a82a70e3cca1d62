// SPDX-License-Identifier: Apache-2.0
#include "storage/digest.h"

#include <openssl/evp.h>

#include <array>

#include "base/error.h"
#include "storage/image.h"

namespace hoist::storage {
namespace {

void check_crypto(int result) {
    if (result != 1) fail(Kind::internal, "sha256: the OpenSSL library failed");
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const {
    EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    check_crypto(context_ ? EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) : 0);
}

void Sha256::update(std::string_view bytes) {
    check_crypto(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

std::string Sha256::finish() {
    std::array<unsigned char, 32> digest{};
    check_crypto(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr));
    std::string text = "sha256:";
    for (const unsigned char byte : digest) text += fmt::format("{:02x}", byte);
    return text;
}

std::string sha256_digest(std::string_view bytes) {
    Sha256 hash;
    hash.update(bytes);
    return hash.finish();
}

}  // namespace hoist::storage
