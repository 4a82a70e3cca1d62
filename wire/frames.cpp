// SPDX-License-Identifier: Apache-2.0
#include "wire/frames.h"

#include "base/error.h"

namespace hoist::wire {

void append_frame(std::string& to, FrameStream stream, std::string_view bytes) {
    const auto size = static_cast<std::uint32_t>(bytes.size());
    const char header[8] = {static_cast<char>(stream),
                            0,
                            0,
                            0,
                            static_cast<char>(size >> 24),
                            static_cast<char>(size >> 16),
                            static_cast<char>(size >> 8),
                            static_cast<char>(size)};
    to.append(header, sizeof header);
    to.append(bytes);
}

std::vector<FrameDecoder::Part> FrameDecoder::feed(std::string_view bytes) {
    std::vector<Part> parts;
    while (!bytes.empty()) {
        if (left_ == 0) {
            header_[header_size_++] = static_cast<unsigned char>(bytes.front());
            bytes.remove_prefix(1);
            if (header_size_ < header_.size()) continue;
            if (header_[0] > 3 || header_[1] || header_[2] || header_[3])
                fail(Kind::invalid, "the daemon sent no frame where one was due");
            left_ = std::uint32_t{header_[4]} << 24 | std::uint32_t{header_[5]} << 16 | std::uint32_t{header_[6]} << 8 |
                    std::uint32_t{header_[7]};
            header_size_ = 0;
            continue;
        }
        const auto size = std::min<std::size_t>(left_, bytes.size());
        parts.push_back({static_cast<FrameStream>(header_[0]), bytes.substr(0, size)});
        bytes.remove_prefix(size);
        left_ -= static_cast<std::uint32_t>(size);
    }
    return parts;
}

}  // namespace hoist::wire
