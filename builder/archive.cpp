// SPDX-License-Identifier: Apache-2.0
#include "builder/archive.h"

#include <sys/stat.h>

#include <array>

#include "base/error.h"
#include "storage/archive_stream.h"
#include "storage/byte_source.h"
#include "storage/unpack.h"

namespace hoist::builder {
namespace {

constexpr std::size_t header_size = 512;

/// A tar's first header: its checksum counts the checksum's own place as blanks.
bool is_tar_header(const std::array<char, header_size>& header) {
    long sum = 0;
    for (std::size_t i = 0; i < header.size(); ++i)
        sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(header[i]);
    const std::string written(header.data() + 148, 7);
    return header[0] != '\0' && std::strtol(written.c_str(), nullptr, 8) == sum;
}

}  // namespace

bool is_archive(const Fd& file) {
    struct stat info {};
    check(::fstat(file.get(), &info), "look at the file");
    if (!S_ISREG(info.st_mode) || info.st_size == 0) return false;
    std::array<char, header_size> header{};
    std::size_t have = 0;
    try {
        check(::lseek(file.get(), 0, SEEK_SET), "rewind the file");
        storage::StoppableReader reader(file);
        const auto source = storage::open_byte_source(reader);
        while (have < header.size()) {
            const auto size = source->read(header.data() + have, header.size() - have);
            if (size == 0) break;
            have += size;
        }
    } catch (const Error&) {
        return false;  // what cannot be decompressed is copied as it is
    }
    check(::lseek(file.get(), 0, SEEK_SET), "rewind the file");
    return have == header.size() && is_tar_header(header);
}

void unpack_archive(const Fd& file, const std::string& directory) {
    check(::mkdir(directory.c_str(), 0755), "make {}", directory);
    const storage::CopyIn how;
    storage::ArchiveStream stream(file, {.limit = how.limits.archive_bytes});
    storage::copy_in(stream, open_file(directory, O_RDONLY | O_DIRECTORY), how);
    stream.finish();
}

}  // namespace hoist::builder
