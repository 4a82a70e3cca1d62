// SPDX-License-Identifier: Apache-2.0
#include "runtime/log_index.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/file.h"

namespace hoist::runtime {
namespace {

constexpr std::uint64_t records_at_once = 256;

std::uint32_t mix(const void* bytes, std::size_t size) {
    std::uint32_t hash = 2166136261u;  // FNV-1a
    for (std::size_t i = 0; i < size; ++i) hash = (hash ^ static_cast<const unsigned char*>(bytes)[i]) * 16777619u;
    return hash;
}

std::uint64_t without_trailing_zeros(const Fd& data, std::uint64_t size) {
    std::string chunk(64 << 10, '\0');
    while (size > 0) {
        const std::uint64_t start = size > chunk.size() ? size - chunk.size() : 0;
        const ssize_t got = ::pread(data.get(), chunk.data(), size - start, static_cast<off_t>(start));
        if (got <= 0) return size;
        const auto last = std::string_view(chunk).substr(0, static_cast<std::size_t>(got)).find_last_not_of('\0');
        if (last != std::string_view::npos) return start + last + 1;
        size = start;
    }
    return 0;
}

}  // namespace

std::uint16_t checksum(const IndexRecord& record) {
    const std::uint32_t hash = mix(&record, offsetof(IndexRecord, check));
    return static_cast<std::uint16_t>(hash ^ (hash >> 16));
}

std::uint64_t IndexFile::count() const {
    return fd_ ? file_size(fd_) / sizeof(IndexRecord) : 0;
}

std::optional<IndexRecord> IndexFile::at(std::uint64_t number) {
    if (!fd_) return std::nullopt;
    if (number < first_ || number >= first_ + cached_.size()) {
        first_ = number / records_at_once * records_at_once;
        cached_.resize(records_at_once);
        const ssize_t got = ::pread(fd_.get(), cached_.data(), records_at_once * sizeof(IndexRecord),
                                    static_cast<off_t>(first_ * sizeof(IndexRecord)));
        cached_.resize(got > 0 ? static_cast<std::size_t>(got) / sizeof(IndexRecord) : 0);
        if (number >= first_ + cached_.size()) return std::nullopt;
    }
    const IndexRecord record = cached_[number - first_];
    if (record.check == checksum(record)) return record;
    cached_.clear();  // perhaps it was read while it was being written: look again next time
    return std::nullopt;
}

std::string segment_path(const std::string& directory, std::uint64_t number) {
    return directory + "/log." + std::to_string(number);
}

std::string index_path(const std::string& directory, std::uint64_t number) {
    return segment_path(directory, number) + ".index";
}

std::vector<std::uint64_t> list_segments(const std::string& directory) {
    std::vector<std::uint64_t> numbers;
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory.c_str()), ::closedir);
    while (const dirent* entry = dir ? ::readdir(dir.get()) : nullptr) {
        const char* digits = entry->d_name + 4;
        if (std::strncmp(entry->d_name, "log.", 4) != 0 || *digits < '1' || *digits > '9') continue;
        char* end = nullptr;
        const std::uint64_t number = std::strtoull(digits, &end, 10);
        if (*end == '\0') numbers.push_back(number);
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

std::uint32_t boot_number() {
    static const std::uint32_t number = [] {
        const std::string id = read_file_if_exists("/proc/sys/kernel/random/boot_id").value_or("");
        return mix(id.data(), id.size());
    }();
    return number;
}

std::uint64_t file_size(const Fd& fd) {
    struct stat info {};
    return ::fstat(fd.get(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

std::uint64_t sound_size(const Fd& data, IndexFile& index) {
    const std::uint64_t size = file_size(data);
    for (std::uint64_t left = index.count(); left-- > 0;) {
        const auto record = index.at(left);
        if (!record || !(record->flags & IndexRecord::opened)) continue;
        return record->value == boot_number() ? size : without_trailing_zeros(data, size);
    }
    return without_trailing_zeros(data, size);
}

}  // namespace hoist::runtime
