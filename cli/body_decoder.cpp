// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "base/error.h"
#include "cli/http.h"

namespace hoist::cli {

BodyDecoder BodyDecoder::chunked() {
    BodyDecoder decoder;
    decoder.mode_ = Mode::chunked;
    return decoder;
}

BodyDecoder BodyDecoder::sized(std::uint64_t length) {
    BodyDecoder decoder;
    decoder.mode_ = Mode::sized;
    decoder.left_ = length;
    decoder.done_ = length == 0;
    return decoder;
}

BodyDecoder BodyDecoder::to_end() {
    return {};
}

void BodyDecoder::feed(std::string_view bytes, std::string& to) {
    switch (mode_) {
        case Mode::to_end:
            to.append(bytes);
            break;
        case Mode::sized: {
            const auto size = std::min<std::uint64_t>(left_, bytes.size());
            to.append(bytes.substr(0, size));
            left_ -= size;
            done_ = left_ == 0;
            break;
        }
        case Mode::chunked:
            feed_chunked(bytes, to);
            break;
    }
}

void BodyDecoder::feed_chunked(std::string_view bytes, std::string& to) {
    while (!bytes.empty() && !done_) {
        if (in_chunk_) {
            const auto size = std::min<std::uint64_t>(left_, bytes.size());
            to.append(bytes.substr(0, size));
            bytes.remove_prefix(size);
            left_ -= size;
            in_chunk_ = left_ > 0;
            continue;
        }
        // A line: a chunk's size, or the empty one behind a chunk or the last chunk.
        const char c = bytes.front();
        bytes.remove_prefix(1);
        if (c != '\n') {
            line_ += c;
            if (line_.size() > 100) fail(Kind::internal, "malformed answer of the daemon");
            continue;
        }
        if (!line_.empty() && line_.back() == '\r') line_.pop_back();
        if (line_.empty()) {
            done_ = last_;
            continue;
        }
        const auto [end, problem] = std::from_chars(line_.data(), line_.data() + line_.size(), left_, 16);
        if (problem != std::errc() || end == line_.data()) fail(Kind::internal, "malformed answer of the daemon");
        line_.clear();
        in_chunk_ = left_ > 0;
        last_ = left_ == 0;
    }
}

}  // namespace hoist::cli
