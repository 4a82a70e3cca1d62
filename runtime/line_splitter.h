#pragma once
// SPDX-License-Identifier: Apache-2.0
// Cuts what one stream brings into lines, and lines over a limit into parts; for logs that keep a record per line.

#include <string.h>

#include <string>
#include <string_view>
#include <utility>

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
                emit_part(text, false, emit);
            } else {
                begun_ += text;
                const std::string whole = std::exchange(begun_, {});
                emit_part(whole, true, emit);
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
    /// Of a character that the cut would go through, what has come begins the next part: each part is for itself, and
    /// half a character is none in any of them.
    template <class Emit>
    void emit_part(std::string_view text, bool continued, Emit&& emit) {
        const std::size_t size = text.size() - begun_character(text);
        emit(text.substr(0, size), continued);
        begun_ = text.substr(size);
    }

    /// How many bytes at the end are the beginning of a UTF-8 character that goes on.
    static std::size_t begun_character(std::string_view text) {
        for (std::size_t size = 1; size <= 3 && size < text.size(); ++size) {
            const auto byte = static_cast<unsigned char>(text[text.size() - size]);
            const std::size_t wanted = byte < 0xc2 || byte > 0xf4 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
            if (wanted > size) return size;
            if (byte < 0x80 || byte >= 0xc0) return 0;  // what begins here ends here
        }
        return 0;
    }

    std::size_t longest_;
    std::string begun_;
};

}  // namespace hoist::runtime
