// SPDX-License-Identifier: Apache-2.0
#include "wire/frames.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace hoist::wire {
namespace {

std::string gather(FrameDecoder& decoder, const std::string& bytes, FrameStream stream) {
    std::string text;
    for (const auto& part : decoder.feed(bytes))
        if (part.stream == stream) text += part.bytes;
    return text;
}

TEST(Frames, HaveDockersHeader) {
    std::string bytes;
    append_frame(bytes, FrameStream::stderr_, "abc");
    EXPECT_EQ(bytes, std::string("\x02\0\0\0\0\0\0\x03", 8) + "abc");
}

TEST(FrameDecoder, TakesFramesApartWhereverTheyAreCut) {
    std::string bytes;
    append_frame(bytes, FrameStream::stdout_, "hello ");
    append_frame(bytes, FrameStream::stderr_, "oops");
    append_frame(bytes, FrameStream::stdout_, "");
    append_frame(bytes, FrameStream::stdout_, std::string(300, 'x'));
    for (std::size_t size = 1; size <= bytes.size(); size += 7) {
        FrameDecoder decoder;
        std::string out, err;
        for (std::size_t at = 0; at < bytes.size(); at += size) {
            const std::string piece = bytes.substr(at, size);
            for (const auto& part : decoder.feed(piece))
                (part.stream == FrameStream::stdout_ ? out : err) += part.bytes;
        }
        EXPECT_EQ(out, "hello " + std::string(300, 'x')) << size;
        EXPECT_EQ(err, "oops") << size;
    }
}

TEST(FrameDecoder, RefusesWhatIsNoFrame) {
    FrameDecoder decoder;
    EXPECT_THROW(gather(decoder, "HTTP/1.1", FrameStream::stdout_), Error);
}

}  // namespace
}  // namespace hoist::wire
