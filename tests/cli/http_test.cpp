// SPDX-License-Identifier: Apache-2.0
#include "cli/http.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace hoist::cli {
namespace {

TEST(BodyDecoder, JoinsChunksWhereverTheyAreCut) {
    const std::string wire = "5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n";
    for (std::size_t size = 1; size <= wire.size(); ++size) {
        auto decoder = BodyDecoder::chunked();
        std::string body;
        for (std::size_t at = 0; at < wire.size(); at += size)
            decoder.feed(std::string_view(wire).substr(at, size), body);
        EXPECT_EQ(body, "hello world") << size;
        EXPECT_TRUE(decoder.done()) << size;
    }
}

TEST(BodyDecoder, KnowsWhenABodyIsIncomplete) {
    auto chunked = BodyDecoder::chunked();
    auto sized = BodyDecoder::sized(10);
    auto rest = BodyDecoder::to_end();
    std::string body;
    chunked.feed("5\r\nhel", body);
    sized.feed("12345", body);
    rest.feed("x", body);
    EXPECT_FALSE(chunked.may_end());
    EXPECT_FALSE(sized.may_end());
    EXPECT_TRUE(rest.may_end());
}

TEST(BodyDecoder, RefusesWhatIsNoChunk) {
    auto decoder = BodyDecoder::chunked();
    std::string body;
    EXPECT_THROW(decoder.feed("zz\r\n", body), Error);
}

}  // namespace
}  // namespace hoist::cli
