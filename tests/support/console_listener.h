#pragma once
// SPDX-License-Identifier: Apache-2.0
// The other end of an OCI runtime's --console-socket.

#include <string>

#include "base/fd.h"

namespace hoist::test {

class ConsoleListener {
public:
    explicit ConsoleListener(std::string path);
    const std::string& path() const { return path_; }
    /// The terminal that was sent. @throws Error(timeout) if none comes within seconds
    Fd take() const;

private:
    std::string path_;
    Fd socket_;
};

/// Reads until the text ends with `end`, for a few seconds at most. @return all that came
std::string read_until(const Fd& fd, const std::string& end);

}  // namespace hoist::test
