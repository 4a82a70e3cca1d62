#pragma once
// SPDX-License-Identifier: Apache-2.0
// How to put a layer's tar together again from its unpacked files: all bytes of the archive that are not the content of
// a file, and between them the files' names. So a layer keeps its digest without its archive being kept.

#include <zstd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/tar_writer.h"

namespace hoist::storage {

/// Takes an archive's bytes and writes its recipe, compressed.
class RecipeWriter {
public:
    explicit RecipeWriter(Fd file);
    void take(std::string_view bytes);
    /// @throws Error, also for a failed write before
    void finish();

private:
    /// What the next bytes of the archive are.
    enum class Part { header, content, extended, kept, skipped };

    std::size_t take_some(std::string_view bytes);
    void read_header();
    void read_extended();
    void refer(const std::string& name, std::int64_t size);
    void keep(std::string_view bytes);
    void flush_kept();
    void write(std::string_view bytes, ZSTD_EndDirective how);

    struct Free {
        void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
    };
    Fd file_;
    std::unique_ptr<ZSTD_CCtx, Free> zstd_;
    Part part_ = Part::header;
    std::int64_t left_ = 512;    ///< of the part
    std::int64_t padding_ = 0;   ///< behind the part
    std::string header_, kept_;  ///< kept_: bytes for the recipe that are not written yet
    std::string extended_, long_name_;
    char extended_type_ = 0;
    std::int64_t long_size_ = -1;
    bool sparse_ = false, lost_ = false;
};

/// Writes the archive that the recipe was made of, with the files below `tree`.
/// @throws Error(not_found, invalid) if a file is missing or has another size
void write_from_recipe(const std::string& recipe, const std::string& tree, const TarWriter::Sink& sink);

}  // namespace hoist::storage
