// SPDX-License-Identifier: Apache-2.0
#include "storage/byte_source.h"

#include <archive.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include <array>
#include <cstring>
#include <exception>

#include "base/error.h"

namespace hoist::storage {
namespace {

struct Magic {
    std::string_view bytes;
    int filter;
    Compression compression;
};
using namespace std::string_view_literals;
constexpr std::array magics = {
    Magic{"\x1f\x8b"sv, ARCHIVE_FILTER_GZIP, Compression::gzip},
    Magic{"\x28\xb5\x2f\xfd"sv, ARCHIVE_FILTER_ZSTD, Compression::zstd},
    Magic{"\xfd\x37\x7a\x58\x5a\x00"sv, ARCHIVE_FILTER_XZ, Compression::xz},
    Magic{"BZh"sv, ARCHIVE_FILTER_BZIP2, Compression::bzip2},
};

/// The reader with the bytes that were looked at put back in front.
class Beginning {
public:
    explicit Beginning(RawSource& reader) : reader_(reader) {
        while (size_ < magic_.size()) {
            const std::size_t got = reader_.read(magic_.data() + size_, magic_.size() - size_);
            if (got == 0) break;
            size_ += got;
        }
    }
    std::string_view magic() const { return {magic_.data(), size_}; }
    std::size_t read(char* to, std::size_t size) {
        if (used_ == size_) return reader_.read(to, size);
        const std::size_t put = std::min(size, size_ - used_);
        std::memcpy(to, magic_.data() + used_, put);
        used_ += put;
        return put;
    }

private:
    RawSource& reader_;
    std::array<char, magic_size> magic_{};
    std::size_t size_ = 0, used_ = 0;
};

class PlainSource : public ByteSource {
public:
    explicit PlainSource(Beginning beginning) : beginning_(beginning) {}
    std::size_t read(char* to, std::size_t size) override { return beginning_.read(to, size); }

private:
    Beginning beginning_;
};

/// One of libarchive's filters without an archive inside. The filter is named, not guessed: guessing would go on
/// through compressions nested in one another, and would start programs for the rarer ones.
class FilteredSource : public ByteSource {
public:
    FilteredSource(Beginning beginning, int filter) : beginning_(beginning), archive_(archive_read_new()) {
        archive_read_append_filter(archive_.get(), filter);
        archive_read_support_format_raw(archive_.get());
        archive_read_support_format_empty(archive_.get());
        check_archive(archive_read_open(archive_.get(), this, nullptr, &FilteredSource::feed, nullptr));
        archive_entry* entry = nullptr;
        ended_ = check_archive(archive_read_next_header(archive_.get(), &entry)) == ARCHIVE_EOF;
    }

    std::size_t read(char* to, std::size_t size) override {
        if (ended_) return 0;
        const auto got = archive_read_data(archive_.get(), to, size);
        if (got < 0) check_archive(ARCHIVE_FATAL);
        return static_cast<std::size_t>(got);
    }

private:
    struct Free {
        void operator()(archive* opened) const { archive_read_free(opened); }
    };

    static la_ssize_t feed(archive*, void* self_pointer, const void** bytes) {
        auto* self = static_cast<FilteredSource*>(self_pointer);
        *bytes = self->buffer_.data();
        try {
            return static_cast<la_ssize_t>(self->beginning_.read(self->buffer_.data(), self->buffer_.size()));
        } catch (...) {  // must not pass through the library
            self->problem_ = std::current_exception();
            return -1;
        }
    }

    int check_archive(int result) {
        if (problem_) std::rethrow_exception(problem_);
        if (result == ARCHIVE_OK || result == ARCHIVE_EOF || result == ARCHIVE_WARN) return result;
        const char* why = archive_error_string(archive_.get());
        fail(Kind::invalid, "decompress the archive: {}", why ? why : "the data are damaged or cut off");
    }

    Beginning beginning_;
    std::array<char, 65536> buffer_{};
    std::exception_ptr problem_;
    std::unique_ptr<archive, Free> archive_;
    bool ended_ = false;
};

}  // namespace

StoppableReader::StoppableReader(const Fd& source)
    : source_(source.get()), stopped_(check(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "make an eventfd")) {
    struct stat info {};
    check(::fstat(source_, &info), "look at the archive");
    waits_ = !S_ISREG(info.st_mode);
}

std::size_t StoppableReader::read(char* to, std::size_t size) {
    for (;;) {
        std::array<pollfd, 2> both = {{{stopped_.get(), POLLIN, 0}, {source_, POLLIN, 0}}};
        if (::poll(both.data(), both.size(), waits_ ? -1 : 0) < 0 && errno != EINTR) fail_errno(errno, "poll");
        if (both[0].revents) fail(Kind::internal, "reading the archive was stopped");
        if (waits_ && both[1].revents == 0) continue;
        const ssize_t got = ::read(source_, to, size);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        check(got, "read the archive");
        count(static_cast<std::size_t>(got));
        return static_cast<std::size_t>(got);
    }
}

void StoppableReader::stop() {
    ::eventfd_write(stopped_.get(), 1);
}

Compression compression_of(std::string_view first_bytes) {
    for (const auto& magic : magics)
        if (first_bytes.starts_with(magic.bytes)) return magic.compression;
    return Compression::none;
}

std::unique_ptr<ByteSource> open_byte_source(RawSource& source) {
    Beginning beginning(source);
    for (const auto& magic : magics)
        if (beginning.magic().starts_with(magic.bytes))
            return std::make_unique<FilteredSource>(beginning, magic.filter);
    return std::make_unique<PlainSource>(beginning);
}

}  // namespace hoist::storage
