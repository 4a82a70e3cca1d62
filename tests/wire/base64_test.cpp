// SPDX-License-Identifier: Apache-2.0
#include "wire/base64.h"

#include <gtest/gtest.h>

namespace hoist::wire {
namespace {

struct Case {
    std::string_view bytes, text;
};
class Base64 : public testing::TestWithParam<Case> {};

TEST_P(Base64, GoesBothWays) {
    EXPECT_EQ(base64_encode(GetParam().bytes), GetParam().text);
    EXPECT_EQ(base64_decode(GetParam().text), GetParam().bytes);
}

// RFC 4648 section 10, and every value of six bits.
INSTANTIATE_TEST_SUITE_P(Rfc4648, Base64,
                         testing::Values(Case{"", ""}, Case{"f", "Zg=="}, Case{"fo", "Zm8="}, Case{"foo", "Zm9v"},
                                         Case{"foob", "Zm9vYg=="}, Case{"fooba", "Zm9vYmE="},
                                         Case{"foobar", "Zm9vYmFy"}, Case{"\xff\xef\xbe", "/+++"}));

TEST(Base64Decode, TakesTheAlphabetOfUrlsAndNoPadding) {
    EXPECT_EQ(base64_decode("_--_"), base64_decode("/++/"));
    EXPECT_EQ(base64_decode("Zg"), "f");
}

TEST(Base64Decode, RefusesWhatIsNone) {
    for (const char* text : {"Z", "Zg==Zg==", "Zm 9", "Zm9v\n", "Zm9$"}) EXPECT_FALSE(base64_decode(text)) << text;
}

}  // namespace
}  // namespace hoist::wire
