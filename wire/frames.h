#pragma once
// SPDX-License-Identifier: Apache-2.0
// The frames in which output of two streams travels over one connection.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hoist::wire {

enum class FrameStream : std::uint8_t { stdin_ = 0, stdout_ = 1, stderr_ = 2, error = 3 };

/// Appends a frame: the stream's number, three zeros, the length big-endian, the bytes.
/// @see Docker Engine API, "ContainerAttach", stream format
void append_frame(std::string& to, FrameStream stream, std::string_view bytes);

/// Takes frames apart as their bytes come.
class FrameDecoder {
public:
    struct Part {
        FrameStream stream = FrameStream::stdout_;
        std::string_view bytes;  ///< of the argument of feed; a frame may come in several parts
    };
    /// @throws Error(invalid) if what comes is no frame
    std::vector<Part> feed(std::string_view bytes);

private:
    std::array<unsigned char, 8> header_{};
    std::size_t header_size_ = 0;
    std::uint32_t left_ = 0;
};

}  // namespace hoist::wire
