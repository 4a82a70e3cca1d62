// SPDX-License-Identifier: Apache-2.0
#include "storage/tar_reader.h"

#include <locale.h>

#include "base/error.h"
#include "base/text.h"

namespace hoist::storage {
namespace {

/// Names of files are bytes. In the C locale libarchive hands them on unchanged, in others it would translate.
class CLocale {
public:
    CLocale() : before_(::uselocale(c_locale())) {}
    ~CLocale() { ::uselocale(before_); }
    CLocale(const CLocale&) = delete;

private:
    static locale_t c_locale() {
        static const locale_t made = ::newlocale(LC_ALL_MASK, "C", nullptr);
        return made;
    }
    locale_t before_;
};

}  // namespace

void TarReader::Free::operator()(archive* opened) const {
    archive_read_free(opened);
}

TarReader::TarReader(ArchiveStream& stream, std::int64_t header_limit)
    : stream_(stream), header_limit_(header_limit), archive_(archive_read_new()) {
    archive_read_support_filter_none(archive_.get());
    archive_read_support_format_tar(archive_.get());
    check_archive(archive_read_open(archive_.get(), this, nullptr, &TarReader::feed, nullptr));
}

la_ssize_t TarReader::feed(archive* reader, void* self_pointer, const void** bytes) {
    auto* self = static_cast<TarReader*>(self_pointer);
    try {
        const auto block = self->stream_.next();
        if (self->in_header_) self->header_bytes_ += static_cast<std::int64_t>(block.size());
        // A block brings what follows the header too: only whole blocks beyond the first count.
        if (self->header_bytes_ > self->header_limit_)
            fail(Kind::invalid, "an entry's headers are longer than {} bytes", self->header_limit_);
        *bytes = block.data();
        return static_cast<la_ssize_t>(block.size());
    } catch (const Error& error) {  // must not pass through the library
        self->problem_ = std::current_exception();
        archive_set_error(reader, EIO, "%s", error.what());
    } catch (...) {
        self->problem_ = std::current_exception();
    }
    return -1;
}

int TarReader::check_archive(int result) {
    if (problem_) std::rethrow_exception(problem_);
    if (result == ARCHIVE_OK || result == ARCHIVE_EOF || result == ARCHIVE_WARN) return result;
    const char* why = archive_error_string(archive_.get());
    fail(Kind::invalid, "not a sound tar archive: {}", why ? escape_for_terminal(why) : "it is damaged or cut off");
}

archive_entry* TarReader::next() {
    const CLocale names_are_bytes;
    // What the caller left unread is skipped here, so that it does not count as the next header.
    if (!in_header_) check_archive(archive_read_data_skip(archive_.get()));
    in_header_ = true;
    header_bytes_ = 0;
    archive_entry* entry = nullptr;
    const int result = check_archive(archive_read_next_header(archive_.get(), &entry));
    in_header_ = false;
    return result == ARCHIVE_EOF ? nullptr : entry;
}

bool TarReader::next_piece(Piece& piece) {
    const void* bytes = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    if (check_archive(archive_read_data_block(archive_.get(), &bytes, &size, &offset)) == ARCHIVE_EOF) return false;
    piece = {{static_cast<const char*>(bytes), size}, offset};
    return true;
}

}  // namespace hoist::storage
