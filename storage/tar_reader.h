#pragma once
// SPDX-License-Identifier: Apache-2.0
// libarchive's tar reader over an ArchiveStream.

#include <archive.h>
#include <archive_entry.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <string_view>

#include "storage/archive_stream.h"

namespace hoist::storage {

class TarReader {
public:
    /// @param header_limit  bytes that one entry's headers may take, sparse maps included
    TarReader(ArchiveStream& stream, std::int64_t header_limit);
    TarReader(const TarReader&) = delete;

    /// The next entry, valid until the next call; null at the end. @throws Error(invalid)
    archive_entry* next();

    struct Piece {
        std::string_view bytes;
        std::int64_t offset = 0;
    };
    /// The next piece of the entry's content; what lies between pieces is a hole. @return false at the end
    bool next_piece(Piece& piece);

private:
    struct Free {
        void operator()(archive* opened) const;
    };
    static la_ssize_t feed(archive*, void* self, const void** bytes);
    int check_archive(int result);

    ArchiveStream& stream_;
    const std::int64_t header_limit_;
    std::int64_t header_bytes_ = 0;
    bool in_header_ = true;
    std::exception_ptr problem_;
    std::unique_ptr<archive, Free> archive_;
};

}  // namespace hoist::storage
