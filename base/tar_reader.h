#pragma once
// SPDX-License-Identifier: Apache-2.0
// Reads the archives that TarWriter writes: ustar headers and PAX records. Others' archives are libarchive's to read.

#include <functional>
#include <optional>
#include <string>

#include "base/tar_writer.h"

namespace hoist {

class TarReader {
public:
    /// Appends some more bytes of the archive to its argument. @return false at the end
    using Source = std::function<bool(std::string& to)>;
    explicit TarReader(Source source) : source_(std::move(source)) {}

    /// The next member; what is left of the content of the one before is skipped. nullopt at the archive's end.
    /// @throws Error(invalid) for a damaged or unfinished archive
    std::optional<TarMember> next();
    /// Some bytes of the member's content, valid until the next call; empty at its end.
    std::string_view content();

private:
    std::string_view take(std::size_t size);
    std::string_view some(std::int64_t most);
    void skip_content();

    Source source_;
    std::string bytes_;
    std::size_t at_ = 0;
    std::int64_t left_ = 0;  ///< of the member's content
    std::size_t padding_ = 0;
};

}  // namespace hoist
