#pragma once
// SPDX-License-Identifier: Apache-2.0
// The keys that let go of a container's terminal without ending what runs there.

#include <string>
#include <string_view>

namespace hoist {

/// Reads "ctrl-p,ctrl-q" or "ctrl-c,a": single characters and ctrl-X, separated by commas. Empty text is the default,
/// ctrl-p,ctrl-q. @return the bytes that a terminal sends for them
/// @throws Error(invalid) that names the part that is no key
std::string parse_detach_keys(const std::string& text);

/// Looks for the keys in what is typed, a part at a time.
class DetachKeys {
public:
    /// @param bytes  of parse_detach_keys; empty: never found
    explicit DetachKeys(std::string bytes) : keys_(std::move(bytes)) {}
    /// Appends to `passed` what is no part of the keys. A beginning of them is held back until it is known what it is.
    /// @return true once the keys are complete; what follows them is dropped
    bool feed(std::string_view typed, std::string& passed);

private:
    std::string keys_;
    std::size_t matched_ = 0;
};

}  // namespace hoist
