#pragma once
// SPDX-License-Identifier: Apache-2.0
// Where the uncompressed bytes of an archive come from: a descriptor, through at most one decompression.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/fd.h"

namespace hoist::storage {

/// Bytes as they come, still compressed.
class RawSource {
public:
    virtual ~RawSource() = default;
    /// Reads up to `size` bytes, 0 at the end. @throws Error, also after stop()
    virtual std::size_t read(char* to, std::size_t size) = 0;
    /// Makes a read that waits, and every later one, fail. From any thread.
    virtual void stop() {}
    std::uint64_t bytes_read() const { return bytes_read_; }

protected:
    void count(std::size_t bytes) { bytes_read_ += bytes; }

private:
    std::atomic<std::uint64_t> bytes_read_ = 0;
};

/// A descriptor whose reads another thread can interrupt.
class StoppableReader : public RawSource {
public:
    explicit StoppableReader(const Fd& source);
    std::size_t read(char* to, std::size_t size) override;
    void stop() override;

private:
    int source_;
    bool waits_;  ///< a pipe or socket, not a file
    Fd stopped_;  ///< an eventfd
};

class ByteSource {
public:
    virtual ~ByteSource() = default;
    /// Fills `to` with up to `size` bytes; 0 at the end. @throws Error(invalid) for broken compression
    virtual std::size_t read(char* to, std::size_t size) = 0;
};

enum class Compression { none, gzip, zstd, xz, bzip2 };
/// How many first bytes tell a compression.
inline constexpr std::size_t magic_size = 6;
Compression compression_of(std::string_view first_bytes);

/// Looks at the first bytes: gzip, zstd, xz and bzip2 are decompressed, all else is passed on as it is.
std::unique_ptr<ByteSource> open_byte_source(RawSource& source);

}  // namespace hoist::storage
