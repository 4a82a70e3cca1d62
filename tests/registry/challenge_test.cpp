// SPDX-License-Identifier: Apache-2.0
#include "registry/challenge.h"

#include <gtest/gtest.h>

namespace hoist::registry {
namespace {

TEST(ParseChallenges, ReadsSeveralInOneHeader) {
    const auto found = parse_challenges(
        R"(Basic realm="simple", Bearer realm="https://auth.example/token",service="a \"b\"", scope="repository:x:pull,push")");
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].scheme, "basic");
    EXPECT_EQ(found[0].parameters.at("realm"), "simple");
    EXPECT_EQ(found[1].scheme, "bearer");
    EXPECT_EQ(found[1].parameters.at("service"), "a \"b\"");
    EXPECT_EQ(found[1].parameters.at("scope"), "repository:x:pull,push");
}

TEST(ParseChallenges, LivesWithNonsense) {
    for (const char* text :
         {"", ",,,", "=x", "Bearer realm=\"open", "\"", "Bearer realm=", "a=b", "\x01\x02", "Bearer =,="})
        parse_challenges(text);
    EXPECT_EQ(parse_challenges("NEGOTIATE abc").front().scheme, "negotiate");
}

TEST(ParseContentRange, ReadsOnlyWhatMakesSense) {
    const auto range = parse_content_range("bytes 100-199/200");
    ASSERT_TRUE(range);
    EXPECT_EQ(range->first, 100);
    EXPECT_EQ(range->last, 199);
    EXPECT_EQ(range->whole, 200);
    EXPECT_TRUE(parse_content_range("bytes 0-0/*"));
    for (const char* text : {"", "bytes", "bytes 5-4/10", "bytes 0-10/10", "bytes -1-2/3", "items 0-1/2", "bytes 0-1",
                             "bytes 0-99999999999999999999/1", "bytes 1 -2/3"})
        EXPECT_FALSE(parse_content_range(text)) << text;
}

TEST(Base64, GoesBothWays) {
    for (const char* text : {"", "a", "ab", "abc", "user:p\xc3\xa4ss"}) EXPECT_EQ(unbase64(base64(text)), text);
    EXPECT_EQ(base64("tester:secret"), "dGVzdGVyOnNlY3JldA==");
    EXPECT_FALSE(unbase64("a b"));
}

TEST(ParseRetryAfter, IsBounded) {
    EXPECT_EQ(parse_retry_after("30"), 30);
    EXPECT_EQ(parse_retry_after("999999999"), 3600);
    EXPECT_FALSE(parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT"));
}

}  // namespace
}  // namespace hoist::registry
