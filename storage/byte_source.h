#pragma once
// SPDX-License-Identifier: Apache-2.0
// Where the uncompressed bytes of an archive come from: a descriptor, through at most one decompression.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/fd.h"

namespace hoist::storage {

/// A descriptor whose reads another thread can interrupt.
class StoppableReader {
public:
    explicit StoppableReader(const Fd& source);
    /// Reads up to `size` bytes, 0 at the end. @throws Error, also after stop()
    std::size_t read(char* to, std::size_t size);
    /// Makes a read that waits, and every later one, fail. From any thread.
    void stop();
    std::uint64_t bytes_read() const { return bytes_read_; }

private:
    int source_;
    bool waits_;  ///< a pipe or socket, not a file
    Fd stopped_;  ///< an eventfd
    std::atomic<std::uint64_t> bytes_read_ = 0;
};

class ByteSource {
public:
    virtual ~ByteSource() = default;
    /// Fills `to` with up to `size` bytes; 0 at the end. @throws Error(invalid) for broken compression
    virtual std::size_t read(char* to, std::size_t size) = 0;
};

/// Looks at the first bytes: gzip, zstd, xz and bzip2 are decompressed, all else is passed on as it is.
std::unique_ptr<ByteSource> open_byte_source(StoppableReader& reader);

}  // namespace hoist::storage
