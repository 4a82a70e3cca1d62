// SPDX-License-Identifier: Apache-2.0
#include "storage/layer_tar.h"

#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <algorithm>
#include <array>

#include "base/directory.h"
#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "storage/merged_dir.h"
#include "storage/overlay_marks.h"

namespace hoist::storage {
namespace {

/// Turns files into members; knows which ones it has written, for hard links.
class TreeWriter {
public:
    TreeWriter(const TarWriter::Sink& sink, const LayerTarOptions& options)
        : tar_(sink), newest_(options.newest_time), buffer_(256 * 1024, '\0') {}

    /// @param path  of the directory in the archive, with a slash at its end; empty: the root
    void directory(const Fd& dir, const std::string& path) {
        struct stat info {};
        check(::fstat(dir.get(), &info), "look at the directory");
        TarMember member = member_of(info, path.empty() ? "./" : path, '5');
        member.xattrs = xattrs_of(fd_path(dir) + "/.");
        tar_.begin(member);
    }

    void entry(int dir, const std::string& name, const std::string& path, const struct stat& info) {
        if (S_ISSOCK(info.st_mode)) return;  // a program makes its sockets anew, and a tar cannot hold them
        if (info.st_nlink > 1 && write_hard_link(info, path)) return;
        TarMember member = member_of(info, path, type_of(info.st_mode));
        member.xattrs = xattrs_of(fmt::format("/proc/self/fd/{}/{}", dir, name));
        if (S_ISREG(info.st_mode)) return file(dir, name, std::move(member), info.st_size);
        if (S_ISLNK(info.st_mode)) member.link = read_link(dir, name);
        if (member.type == '3' || member.type == '4') {
            member.major = major(info.st_rdev);
            member.minor = minor(info.st_rdev);
        }
        tar_.begin(member);
    }

    /// A name that hides something of lower layers; without a time of its own, so that it is the same each time.
    void whiteout(const std::string& path) {
        TarMember member;
        member.name = path;
        member.mode = 0;
        tar_.begin(member);
    }

    void finish() { tar_.finish(); }
    LayerTarred written() const { return {content_bytes_}; }

private:
    TarMember member_of(const struct stat& info, const std::string& path, char type) const {
        TarMember member;
        member.name = path;
        member.type = type;
        member.mode = info.st_mode & 07777;
        member.uid = info.st_uid;
        member.gid = info.st_gid;
        member.mtime = newest_ ? std::min<std::int64_t>(info.st_mtim.tv_sec, *newest_) : info.st_mtim.tv_sec;
        return member;
    }

    static char type_of(mode_t mode) {
        if (S_ISLNK(mode)) return '2';
        if (S_ISCHR(mode)) return '3';
        if (S_ISBLK(mode)) return '4';
        return S_ISFIFO(mode) ? '6' : '0';
    }

    bool write_hard_link(const struct stat& info, const std::string& path) {
        const auto [first, fresh] = written_.try_emplace({info.st_dev, info.st_ino}, path);
        if (fresh) return false;
        TarMember member = member_of(info, path, '1');
        member.link = first->second;
        tar_.begin(member);
        return true;
    }

    void file(int dir, const std::string& name, TarMember member, std::int64_t size) {
        // Not waiting for a writer, should somebody have put a fifo in its place.
        const Fd opened(check(::openat(dir, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), "open"));
        member.size = size;
        content_bytes_ += size;
        tar_.begin(member);
        for (std::int64_t left = size; left > 0;) {
            const auto part = static_cast<std::size_t>(std::min<std::int64_t>(left, std::ssize(buffer_)));
            ssize_t got = ::read(opened.get(), buffer_.data(), part);
            if (got < 0 && errno == EINTR) continue;
            check(got, "read");
            if (got == 0) {  // it has shrunk meanwhile: its header cannot be taken back
                std::fill(buffer_.begin(), buffer_.end(), '\0');
                got = static_cast<ssize_t>(part);
            }
            tar_.content({buffer_.data(), static_cast<std::size_t>(got)});
            left -= got;
        }
    }

    static std::string read_link(int dir, const std::string& name) {
        std::array<char, PATH_MAX> target{};
        const auto size = check(::readlinkat(dir, name.c_str(), target.data(), target.size()), "read the link");
        return {target.data(), static_cast<std::size_t>(size)};
    }

    /// Those that unpacking lets in. Others are the host's (labels of its security modules) or the overlay's.
    std::map<std::string, std::string> xattrs_of(const std::string& path) {
        std::map<std::string, std::string> found;
        const ssize_t listed = ::llistxattr(path.c_str(), names_.data(), names_.size());
        for (const char* name = names_.data(); name < names_.data() + listed; name += std::strlen(name) + 1) {
            const std::string_view key = name;
            if (key == "trusted.overlay.redirect" || key == "trusted.overlay.metacopy")
                fail(Kind::invalid, "the overlay was mounted with redirect_dir or metacopy ({} is set)", key);
            const bool of_user = key.starts_with("user.") && !key.starts_with("user.overlay.");
            if (!of_user && key != "security.capability") continue;
            const auto size = check(::lgetxattr(path.c_str(), name, value_.data(), value_.size()), "read {}", key);
            found[name] = value_.substr(0, static_cast<std::size_t>(size));
        }
        return found;
    }

    TarWriter tar_;
    const std::optional<std::int64_t> newest_;
    std::int64_t content_bytes_ = 0;
    std::string buffer_;
    std::string names_ = std::string(65536, '\0'), value_ = std::string(65536, '\0');
    std::map<std::pair<dev_t, ino_t>, std::string> written_;
};

void write_layer_directory(TreeWriter& to, const Fd& dir, const std::string& path, unsigned depth) {
    if (depth > deepest_directory) fail(Kind::invalid, "directories nested deeper than {} levels", deepest_directory);
    to.directory(dir, path);
    if (is_opaque(dir)) to.whiteout(path + ".wh..wh..opq");
    for (const auto& name : names_in(dir)) {
        try {
            struct stat info {};
            check(::fstatat(dir.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW), "look at it");
            if (is_whiteout(info))
                to.whiteout(path + ".wh." + name);
            else if (S_ISDIR(info.st_mode))
                write_layer_directory(to, open_at(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), path + name + "/",
                                      depth + 1);
            else
                to.entry(dir.get(), name, path + name, info);
        } catch (Error& error) {
            throw error.during("{}", escape_for_terminal(name));
        }
    }
}

void set_back(int dir, const char* name, const struct stat& info, std::int64_t newest) {
    if (info.st_mtim.tv_sec < newest || (info.st_mtim.tv_sec == newest && info.st_mtim.tv_nsec == 0)) return;
    const timespec time = {newest, 0};
    const std::array<timespec, 2> times = {time, time};
    check(::utimensat(dir, name, times.data(), AT_SYMLINK_NOFOLLOW), "set the times of {}", escape_for_terminal(name));
}

void set_back_directory(const Fd& dir, std::int64_t newest) {
    struct stat info {};
    for (const auto& name : names_in(dir)) {
        check(::fstatat(dir.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW), "look at {}", escape_for_terminal(name));
        if (S_ISDIR(info.st_mode))
            set_back_directory(open_at(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), newest);
        else
            set_back(dir.get(), name.c_str(), info, newest);
    }
    check(::fstat(dir.get(), &info), "look at a directory");
    set_back(dir.get(), ".", info, newest);
}

void write_merged_directory(TreeWriter& to, const MergedDir& dir, const std::string& path, unsigned depth) {
    if (depth > deepest_directory) fail(Kind::invalid, "directories nested deeper than {} levels", deepest_directory);
    to.directory(dir.top(), path);
    for (const auto& name : dir.names()) {
        try {
            const auto entry = dir.find(name);
            if (!entry) continue;
            if (entry->directory)
                write_merged_directory(to, *entry->directory, path + name + "/", depth + 1);
            else
                to.entry(entry->holder, name, path + name, entry->info);
        } catch (Error& error) {
            throw error.during("{}", escape_for_terminal(name));
        }
    }
}

/// The same of a tree in which others work meanwhile: what is gone when its turn comes is left out.
void write_plain_directory(TreeWriter& to, const Fd& dir, const std::string& path, unsigned depth) {
    if (depth > deepest_directory) fail(Kind::invalid, "directories nested deeper than {} levels", deepest_directory);
    to.directory(dir, path);
    for (const auto& name : names_in(dir)) {
        struct stat info {};
        if (::fstatat(dir.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
        try {
            if (S_ISDIR(info.st_mode))
                write_plain_directory(to, open_at(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), path + name + "/",
                                      depth + 1);
            else
                to.entry(dir.get(), name, path + name, info);
        } catch (Error& error) {
            throw error.during("{}", escape_for_terminal(name));
        }
    }
}

}  // namespace

LayerTarred write_layer_tar(const std::string& tree, const TarWriter::Sink& sink, const LayerTarOptions& options) {
    TreeWriter to(sink, options);
    write_layer_directory(to, open_file(tree, O_RDONLY | O_DIRECTORY), "", 0);
    to.finish();
    return to.written();
}

void write_tree_tar(const RootDir& root, const std::string& path, bool follow, const std::string& name,
                    const TarWriter::Sink& sink) {
    struct stat info {};
    check(::fstat((follow ? root.open_in(path, O_PATH) : root.open_entry(path)).get(), &info), "look at {}", path);
    TreeWriter to(sink, {});
    if (S_ISDIR(info.st_mode)) {
        write_plain_directory(to, root.open_in(path, O_RDONLY | O_DIRECTORY), name == "." ? "" : name + "/", 0);
    } else {
        const auto [parent, last] = split_path(path);
        const Fd dir = root.open_in(parent, O_PATH | O_DIRECTORY);
        check(::fstatat(dir.get(), last.c_str(), &info, AT_SYMLINK_NOFOLLOW), "look at {}", path);
        to.entry(dir.get(), last, name, info);
    }
    to.finish();
}

void set_back_times(const std::string& tree, std::int64_t newest) {
    set_back_directory(open_file(tree, O_RDONLY | O_DIRECTORY), newest);
}

void write_merged_tar(const std::vector<std::string>& layers, const TarWriter::Sink& sink) {
    TreeWriter to(sink, {});
    write_merged_directory(to, MergedDir::open_layers(layers), "", 0);
    to.finish();
}

}  // namespace hoist::storage
