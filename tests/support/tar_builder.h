#pragma once
// SPDX-License-Identifier: Apache-2.0
// Tar archives written header by header, so that a test can put anything into them.

#include <cstdint>
#include <map>
#include <string>

namespace hoist::test {

struct TarEntry {
    std::string name;
    char type = '0';  ///< '0' file, '1' hard link, '2' symbolic link, '3' char, '4' block, '5' directory, '6' fifo
    std::string content;
    std::string link;
    unsigned mode = 0644;
    unsigned uid = 0, gid = 0;
    std::int64_t mtime = 1000000000;
    unsigned major = 0, minor = 0;
    std::map<std::string, std::string> pax;  ///< records before the header ("SCHILY.xattr.user.a", "path")
    std::int64_t claimed_size = -1;          ///< in the header, if it is to lie
};

class TarBuilder {
public:
    TarBuilder& add(const TarEntry& entry);
    TarBuilder& directory(const std::string& name, unsigned mode = 0755) { return add({name, '5', "", "", mode}); }
    TarBuilder& file(const std::string& name, const std::string& content) { return add({name, '0', content}); }
    TarBuilder& link(const std::string& name, const std::string& to) { return add({name, '2', "", to, 0777}); }
    TarBuilder& hard_link(const std::string& name, const std::string& to) { return add({name, '1', "", to}); }
    /// The archive with its end.
    std::string bytes() const { return bytes_ + std::string(1024, '\0'); }

private:
    void header(const TarEntry& entry, std::int64_t size);
    void pad();
    std::string bytes_;
};

}  // namespace hoist::test
