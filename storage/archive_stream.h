#pragma once
// SPDX-License-Identifier: Apache-2.0
// The bytes of a tar that may come compressed, decompressed and hashed on a thread of their own while the caller
// unpacks what is already there.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "storage/byte_source.h"

namespace hoist::storage {

struct ArchiveStreamOptions {
    std::int64_t limit = std::int64_t{64} << 30;  ///< uncompressed bytes after which the stream fails
    /// Called from next() with the bytes read so far, at least four times a second while it waits; what it throws comes
    /// out of next().
    std::function<void(std::uint64_t)> progress;
    /// Gets all uncompressed bytes, on the stream's thread.
    std::function<void(std::string_view)> tap;
    bool hash = true;  ///< whether finish() tells a digest
};

class ArchiveStream {
public:
    /// Starts reading.
    ArchiveStream(std::unique_ptr<RawSource> source, ArchiveStreamOptions options);
    ArchiveStream(const Fd& source, ArchiveStreamOptions options)
        : ArchiveStream(std::make_unique<StoppableReader>(source), std::move(options)) {}
    ~ArchiveStream();  ///< stops the thread, wherever it is in the source
    ArchiveStream(const ArchiveStream&) = delete;

    /// The next uncompressed bytes, valid until the next call; empty at the end.
    /// @throws Error(invalid) for a broken compression or too many bytes
    std::string_view next();
    /// Reads to the end of the source. @return "sha256:..." of all uncompressed bytes
    std::string finish();
    /// All uncompressed bytes; known after finish().
    std::int64_t size() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hoist::storage
