// SPDX-License-Identifier: Apache-2.0
#include "base/sha256.h"

#include <gtest/gtest.h>

namespace hoist {
namespace {

std::string hash_of(std::initializer_list<std::string_view> pieces) {
    Sha256 hash;
    for (const auto piece : pieces) hash.update(piece);
    return hash.finish();
}

TEST(Sha256, AgreesWithTheStandardsExamples) {  // FIPS 180-4, and the hash of nothing
    EXPECT_EQ(hash_of({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hash_of({"abc"}), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hash_of({"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"}),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, IsTheSameInPieces) {
    const std::string text(100'000, 'a');
    const std::string_view view = text;
    EXPECT_EQ(hash_of({view.substr(0, 1), view.substr(1, 63), view.substr(64, 70'000), view.substr(70'064)}),
              hash_of({view}));
}

}  // namespace
}  // namespace hoist
