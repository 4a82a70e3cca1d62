#pragma once
// SPDX-License-Identifier: Apache-2.0
// A temporary folder that goes away with its owner.

#include <string>

namespace hoist::test {

class TempDir {
public:
    TempDir();
    ~TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    const std::string& path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    /// Writes a file below it, with the directories on the way.
    void write(const std::string& name, const std::string& content) const;

private:
    std::string path_;
};

}  // namespace hoist::test
