// SPDX-License-Identifier: Apache-2.0
#include "runtime/json_log_files.h"

#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "runtime/log_index.h"

namespace hoist::runtime {
namespace {

constexpr std::size_t record_bytes_at_once = 64 << 10;
constexpr int most_files = 1000;

bool same_file(const struct stat& one, const struct stat& other) {
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

}  // namespace

/// 0 is the newest.
std::string JsonLogFiles::path(int number) const {
    return number == 0 ? name_ : fmt::format("{}.{}", name_, number);
}

/// Looks at the files in their order while a rotation may be moving them: one may be missing at a time.
template <class Question>
int JsonLogFiles::find(Question&& matches) const {
    struct stat info {};
    int missing = 0;
    for (int number = 0; number < most_files && missing < 2; ++number) {
        if (::stat(path(number).c_str(), &info) != 0)
            ++missing;
        else if (matches(number, info))
            return number;
    }
    return -1;
}

int JsonLogFiles::oldest() const {
    int last = 0;
    find([&](int number, const struct stat&) {
        last = number;
        return false;
    });
    return last;
}

int JsonLogFiles::number_of_current() const {
    struct stat mine {};
    ::fstat(file_.get(), &mine);
    return find([&](int, const struct stat& other) { return same_file(mine, other); });
}

bool JsonLogFiles::open(int number) {
    Fd file(::open(path(number).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return false;
    begin(std::move(file));
    return true;
}

void JsonLogFiles::begin(Fd file) {
    file_ = std::move(file);
    offset_ = 0;
    buffer_.clear();  // the part of a record at the end of a file that is no longer written to will get no end
    taken_ = 0;
}

bool JsonLogFiles::open_first() {
    for (int number = oldest(); number >= 0; --number)
        if (open(number)) return true;
    return false;
}

/// Goes on to the file that was begun after this one. @return false if there is none (yet)
bool JsonLogFiles::open_next() {
    for (int attempt = 0; attempt < 1000; ++attempt) {
        const int number = number_of_current();
        if (number == 0) return false;
        int next = number > 0 ? number - 1 : oldest();  // ours may have been removed
        // A rotation that moves it right now is over in a moment; one that was killed leaves a gap for good.
        while (attempt > 500 && next > 0 && ::access(path(next).c_str(), F_OK) != 0) --next;
        Fd file(::open(path(next).c_str(), O_RDONLY | O_CLOEXEC));
        if (!file && next == 0) return false;
        if (file && number_of_current() == number) {  // else a rotation came between, and this is another one
            begin(std::move(file));
            return true;
        }
        ::sched_yield();
    }
    return false;
}

bool JsonLogFiles::read_more() {
    buffer_.erase(0, taken_);
    taken_ = 0;
    const std::size_t before = buffer_.size();
    buffer_.resize(before + record_bytes_at_once);
    const ssize_t got =
        ::pread(file_.get(), buffer_.data() + before, record_bytes_at_once, static_cast<off_t>(offset_));
    buffer_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    offset_ += static_cast<std::uint64_t>(std::max<ssize_t>(got, 0));
    return got > 0;
}

std::optional<std::string_view> JsonLogFiles::next_line() {
    if (!file_ && !open_first()) return std::nullopt;
    for (std::size_t looked_at = taken_;;) {
        const void* end = ::memchr(buffer_.data() + looked_at, '\n', buffer_.size() - looked_at);
        if (end) {
            const auto size = static_cast<std::size_t>(static_cast<const char*>(end) - buffer_.data()) - taken_;
            const std::string_view line = std::string_view(buffer_).substr(taken_, size);
            taken_ += size + 1;
            return line;
        }
        looked_at = buffer_.size() - taken_;
        if (read_more()) continue;
        // Only once it is no longer the newest is it certain that nothing more is written to it.
        if (number_of_current() == 0) return std::nullopt;
        if (read_more()) continue;
        if (!open_next()) return std::nullopt;
        looked_at = 0;
    }
}

std::uint64_t JsonLogFiles::seek_back(std::uint64_t lines) {
    std::uint64_t found = 0;
    const int last = oldest();
    std::string chunk(record_bytes_at_once, '\0');
    for (int number = 0; number <= last; ++number) {
        if (!open(number)) continue;
        for (std::uint64_t end = file_size(file_); end > 0;) {
            const std::uint64_t start = end > chunk.size() ? end - chunk.size() : 0;
            const ssize_t got = ::pread(file_.get(), chunk.data(), end - start, static_cast<off_t>(start));
            std::size_t length = got > 0 ? static_cast<std::size_t>(got) : 0;
            while (const void* at = ::memrchr(chunk.data(), '\n', length)) {
                length = static_cast<std::size_t>(static_cast<const char*>(at) - chunk.data());
                if (found++ < lines) continue;
                offset_ = start + length + 1;
                return lines;
            }
            end = start;
        }
    }
    file_.reset();
    return found;
}

void JsonLogFiles::seek_time(std::int64_t seconds) {
    struct stat info {};
    for (int number = oldest(); number >= 0; --number) {
        if (::stat(path(number).c_str(), &info) != 0 || info.st_mtim.tv_sec < seconds) continue;
        if (open(number)) return;
    }
    file_.reset();
}

}  // namespace hoist::runtime
