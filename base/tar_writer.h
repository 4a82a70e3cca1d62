#pragma once
// SPDX-License-Identifier: Apache-2.0
// A tar written as a stream: POSIX ustar, with PAX records for what its fields cannot hold. Equal members give equal
// bytes, so that an archive can be made again and keeps its digest.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace hoist {

struct TarMember {
    std::string name;  ///< directories end in "/"
    char type = '0';   ///< '0' file, '1' hard link, '2' symbolic link, '3' char, '4' block, '5' directory, '6' fifo
    mode_t mode = 0644;
    std::uint32_t uid = 0, gid = 0;
    std::int64_t size = 0;   ///< of a file's content, which follows
    std::int64_t mtime = 0;  ///< seconds
    std::string link;        ///< a link's target
    unsigned major = 0, minor = 0;
    std::map<std::string, std::string> xattrs;
};

class TarWriter {
public:
    /// Takes the archive's bytes in order; what it throws comes out of the writer.
    using Sink = std::function<void(std::string_view)>;
    explicit TarWriter(Sink sink) : sink_(std::move(sink)) {}

    /// Begins a member. All content of the one before must have been given.
    void begin(const TarMember& member);
    /// The next bytes of the member's content.
    void content(std::string_view bytes);
    /// A member with its content.
    void add(TarMember member, std::string_view bytes);
    /// Ends the archive and hands out what is left.
    void finish();

private:
    void put(std::string_view bytes);
    void flush();

    Sink sink_;
    std::string buffer_;
    std::int64_t missing_ = 0;  ///< of the member's content
    std::size_t padding_ = 0;
};

}  // namespace hoist
