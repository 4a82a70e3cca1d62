#pragma once
// SPDX-License-Identifier: Apache-2.0
// What a container must never change: a tree of files on the host, its mounts and its kernel's settings. (INV-10)

#include <string>

namespace hoist::test {

class Canary {
public:
    /// Makes the tree and remembers how everything looks.
    Canary();
    ~Canary();
    Canary(const Canary&) = delete;

    /// Fails the current test, with what differs, unless the host looks as it did.
    void expect_untouched() const;

    /// The tree: files "secret" (0600) and "plain", a folder "dir" and a link "link".
    static constexpr const char* path = "/tmp/canary";

private:
    std::string before_;
};

}  // namespace hoist::test
