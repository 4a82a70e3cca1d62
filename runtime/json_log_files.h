#pragma once
// SPDX-License-Identifier: Apache-2.0
// The files of a json-file log, from the oldest to the one that is written to, read on across rotations: a file is
// known by its inode, since each rotation gives it another name.

#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace hoist::runtime {

class JsonLogFiles {
public:
    explicit JsonLogFiles(std::string newest) : name_(std::move(newest)) {}

    /// The next record's line, without its end; nullopt at the present end of the log, where a line that has no end
    /// yet waits. Valid until the next call.
    std::optional<std::string_view> next_line();

    /// Begins where `lines` lines follow until the present end, or at the beginning if there are fewer.
    /// @return how many follow
    std::uint64_t seek_back(std::uint64_t lines);
    /// Begins at the first file that was written to after `seconds` since 1970.
    void seek_time(std::int64_t seconds);

private:
    bool open_first();
    bool open_next();
    bool open(int number);
    void begin(Fd file);
    bool read_more();
    std::string path(int number) const;
    template <class Question>
    int find(Question&& matches) const;
    int oldest() const;
    /// The present number of the file that is read; -1 if it has been removed.
    int number_of_current() const;

    std::string name_;
    Fd file_;
    std::uint64_t offset_ = 0;  ///< of what is read next
    std::string buffer_;
    std::size_t taken_ = 0;  ///< of buffer_
};

}  // namespace hoist::runtime
