// SPDX-License-Identifier: Apache-2.0
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "base/directory.h"
#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/file_tar.h"

namespace hoist::cli {
namespace {

char type_of(mode_t mode) {
    if (S_ISDIR(mode)) return '5';
    if (S_ISLNK(mode)) return '2';
    if (S_ISCHR(mode)) return '3';
    if (S_ISBLK(mode)) return '4';
    return S_ISFIFO(mode) ? '6' : '0';
}

class FileWriter {
public:
    explicit FileWriter(const TarWriter::Sink& sink) : tar_(sink) {}

    /// @param name  in `dir` @param as  in the archive
    void write(const Fd& dir, const std::string& name, const std::string& as) {
        try {
            struct stat info {};
            check(::fstatat(dir.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW), "look at it");
            if (S_ISSOCK(info.st_mode)) return;  // its program makes it anew, and a tar cannot hold it
            if (S_ISDIR(info.st_mode))
                write_directory(open_at(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), info,
                                as == "." ? "" : as + "/");
            else
                write_other(dir, name, as, info);
        } catch (Error& error) {
            throw error.during("{}", escape_for_terminal(name));
        }
    }
    void finish() { tar_.finish(); }

private:
    void write_directory(const Fd& dir, const struct stat& info, const std::string& as) {
        tar_.begin(member(info, as.empty() ? "./" : as));
        for (const auto& name : names_in(dir)) write(dir, name, as + name);
    }

    void write_other(const Fd& dir, const std::string& name, const std::string& as, const struct stat& info) {
        TarMember made = member(info, as);
        if (info.st_nlink > 1) {
            const auto [first, fresh] = written_.try_emplace({info.st_dev, info.st_ino}, as);
            if (!fresh) made.type = '1', made.link = first->second;
        }
        if (made.type == '0')
            return write_file(open_at(dir, name, O_RDONLY | O_NOFOLLOW), std::move(made), info.st_size);
        if (made.type == '2') made.link = read_link(dir, name);
        tar_.begin(made);
    }

    void write_file(const Fd& file, TarMember made, std::int64_t size) {
        made.size = size;
        tar_.begin(made);
        while (size > 0) {
            const auto part = static_cast<std::size_t>(std::min<std::int64_t>(size, std::ssize(buffer_)));
            const auto got = ::read(file.get(), buffer_.data(), part);
            if (got < 0 && errno == EINTR) continue;
            check(got, "read");
            if (got == 0) fail(Kind::conflict, "it has become shorter while it was being copied");
            tar_.content({buffer_.data(), static_cast<std::size_t>(got)});
            size -= got;
        }
    }

    static TarMember member(const struct stat& info, const std::string& as) {
        TarMember made;
        made.name = as;
        made.type = type_of(info.st_mode);
        made.mode = info.st_mode & 07777;
        made.uid = info.st_uid;
        made.gid = info.st_gid;
        made.mtime = info.st_mtim.tv_sec;
        made.major = major(info.st_rdev);
        made.minor = minor(info.st_rdev);
        return made;
    }

    static std::string read_link(const Fd& dir, const std::string& name) {
        std::array<char, PATH_MAX> target{};
        const auto size = check(::readlinkat(dir.get(), name.c_str(), target.data(), target.size()), "read the link");
        return {target.data(), static_cast<std::size_t>(size)};
    }

    TarWriter tar_;
    std::string buffer_ = std::string(256 * 1024, '\0');
    std::map<std::pair<dev_t, ino_t>, std::string> written_;
};

}  // namespace

void write_files(const std::string& path, const std::string& name, const TarWriter::Sink& sink) {
    FileWriter writer(sink);
    struct stat info {};
    check(::lstat(path.c_str(), &info), "copy {}", escape_for_terminal(path));
    if (S_ISDIR(info.st_mode)) {
        writer.write(open_file(path, O_RDONLY | O_DIRECTORY), ".", name);
    } else {
        const auto [parent, last] = split_path(path);
        writer.write(open_file(parent, O_RDONLY | O_DIRECTORY), last, name);
    }
    writer.finish();
}

}  // namespace hoist::cli
