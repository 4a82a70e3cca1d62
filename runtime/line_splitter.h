#pragma once
// SPDX-License-Identifier: Apache-2.0
// Cuts what one stream brings into lines, and lines over a limit into parts; for logs that keep a record per line.

#include <string.h>

#include <string>
#include <string_view>

namespace hoist::runtime {

class LineSplitter {
public:
    explicit LineSplitter(std::size_t longest) : longest_(longest) {}

    /// Calls `emit(text, continued)` for each line (with its '\n') or part. The first may have begun in an earlier
    /// call: it is `continued` then.
    template <class Emit>
    void feed(std::string_view bytes, Emit&& emit) {
        while (!bytes.empty()) {
            const std::size_t room = longest_ - begun_.size(), looked_at = std::min(room, bytes.size());
            const void* end = ::memchr(bytes.data(), '\n', looked_at);
            const std::size_t length =
                end ? static_cast<std::size_t>(static_cast<const char*>(end) - bytes.data()) + 1 : looked_at;
            const std::string_view text = bytes.substr(0, length);
            bytes.remove_prefix(length);
            if (!end && length < room) {
                begun_ += text;
            } else if (begun_.empty()) {
                emit(text, false);
            } else {
                begun_ += text;
                emit(std::string_view(begun_), true);
                begun_.clear();
            }
        }
    }

    /// Gives out what has no end, as a part.
    template <class Emit>
    void finish(Emit&& emit) {
        if (!begun_.empty()) emit(std::string_view(begun_), true);
        std::string().swap(begun_);
    }

    /// Whether a line has begun whose end has not come.
    bool within_line() const { return !begun_.empty(); }

private:
    std::size_t longest_;
    std::string begun_;
};

}  // namespace hoist::runtime
