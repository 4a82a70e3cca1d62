// SPDX-License-Identifier: Apache-2.0
#include "base/detach_keys.h"

#include "base/error.h"
#include "base/text.h"

namespace hoist {
namespace {

constexpr std::size_t most_keys = 16;

/// The byte of "a" or "ctrl-a"; negative if it is none.
int key_of(std::string_view word) {
    constexpr std::string_view ctrl = "ctrl-";
    if (word.size() == 1) return static_cast<unsigned char>(word[0]);
    if (word.size() != ctrl.size() + 1 || !starts_with_ignoring_case(word, ctrl)) return -1;
    const char key = word.back();
    if (key >= 'a' && key <= 'z') return key - 'a' + 1;
    const auto sign = std::string_view("@").find(key);
    if (sign == 0) return 0;
    const auto number = std::string_view("[\\]^_").find(key);
    return number == std::string_view::npos ? -1 : static_cast<int>(27 + number);
}

}  // namespace

std::string parse_detach_keys(const std::string& text) {
    std::string bytes;
    const auto words = split(text.empty() ? "ctrl-p,ctrl-q" : text, ',');
    for (const auto& word : words) {
        const int key = key_of(word);
        if (key < 0)
            fail(Kind::invalid, "detach keys '{}': '{}' is neither a character nor ctrl- with one of a-z @ [ \\ ] ^ _",
                 text, word);
        bytes += static_cast<char>(key);
    }
    if (bytes.size() > most_keys) fail(Kind::invalid, "detach keys '{}': use at most {}", text, most_keys);
    return bytes;
}

bool DetachKeys::feed(std::string_view typed, std::string& passed) {
    if (keys_.empty()) {
        passed += typed;
        return false;
    }
    for (const char byte : typed) {
        while (byte != keys_[matched_] && matched_ > 0) {
            // What was held back is no beginning of the keys after all, but its end may be one ("aab" in "aaab").
            std::size_t shorter = matched_ - 1;
            while (keys_.compare(0, shorter, keys_, matched_ - shorter, shorter) != 0) --shorter;
            passed.append(keys_, 0, matched_ - shorter);
            matched_ = shorter;
        }
        if (byte != keys_[matched_]) {
            passed += byte;
        } else if (++matched_ == keys_.size()) {
            matched_ = 0;
            return true;
        }
    }
    return false;
}

}  // namespace hoist
