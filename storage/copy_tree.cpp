// SPDX-License-Identifier: Apache-2.0
#include "storage/copy_tree.h"

#include <limits.h>
#include <sys/xattr.h>

#include <array>
#include <map>
#include <vector>

#include "base/error.h"
#include "base/path.h"
#include "storage/overlay_marks.h"

namespace hoist::storage {
namespace {

bool is_copied_xattr(const std::string& name) {
    if (name.starts_with("user.")) return !name.starts_with("user.overlay.");
    return name == "security.capability" || name.starts_with("system.posix_acl_");
}

/// Copies xattrs between two paths below /proc/self/fd, which are not followed at their last step.
void copy_xattrs(const std::string& from, const std::string& to) {
    std::string names(65536, '\0'), value(65536, '\0');
    const ssize_t listed = ::llistxattr(from.c_str(), names.data(), names.size());
    if (listed <= 0) return;  // none, or the file system has none
    for (const char* name = names.data(); name < names.data() + listed; name += std::strlen(name) + 1) {
        if (!is_copied_xattr(name)) continue;
        const ssize_t size = check(::lgetxattr(from.c_str(), name, value.data(), value.size()), "read {}", name);
        if (::lsetxattr(to.c_str(), name, value.data(), static_cast<std::size_t>(size), 0) != 0 && errno != EOPNOTSUPP)
            fail_errno(errno, "set the extended attribute {}", name);
    }
}

/// Shares the bytes where the file system can, and copies them within the kernel else. Between two file systems they go
/// through our hands.
void copy_range(const Fd& from, const Fd& to, off_t at, off_t end) {
    off_t in = at, out = at;
    while (in < end) {
        const ssize_t put = ::copy_file_range(from.get(), &in, to.get(), &out, static_cast<std::size_t>(end - in), 0);
        if (put == 0) return;
        if (put < 0 && errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP) fail_errno(errno, "copy");
        if (put < 0) break;
    }
    std::vector<char> part(static_cast<std::size_t>(std::min<off_t>(end - in, 256 * 1024)));
    while (in < end) {
        const auto size = std::min<std::size_t>(part.size(), static_cast<std::size_t>(end - in));
        const ssize_t got = check(::pread(from.get(), part.data(), size, in), "read");
        if (got == 0) return;
        for (ssize_t done = 0; done < got;)
            done +=
                check(::pwrite(to.get(), part.data() + done, static_cast<std::size_t>(got - done), in + done), "write");
        in += got;
    }
}

void copy_bytes(const Fd& from, const Fd& to, off_t size) {
    check(::ftruncate(to.get(), size), "set the size");  // what is not written below is a hole
    for (off_t at = 0; at < size;) {
        off_t data = ::lseek(from.get(), at, SEEK_DATA);
        if (data < 0 && errno == ENXIO) return;
        if (data < 0) data = at;
        off_t end = ::lseek(from.get(), data, SEEK_HOLE);
        if (end < 0) end = size;
        copy_range(from, to, data, end);
        at = end;
    }
}

void make_leaf(const MergedDir::Entry& entry, const std::string& name, const Fd& to, const std::string& as) {
    if (S_ISREG(entry.info.st_mode)) {
        const Fd source(check(::openat(entry.holder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC), "open"));
        const Fd copy = open_at(to, as, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        copy_bytes(source, copy, entry.info.st_size);
    } else if (S_ISLNK(entry.info.st_mode)) {
        std::array<char, PATH_MAX> target{};
        check(::readlinkat(entry.holder, name.c_str(), target.data(), target.size() - 1), "read the link");
        check(::symlinkat(target.data(), to.get(), as.c_str()), "make the link");
    } else {
        check(::mknodat(to.get(), as.c_str(), entry.info.st_mode, entry.info.st_rdev), "make the device or fifo");
    }
}

class Copier {
public:
    void copy_children(const MergedDir& from, const Fd& to, unsigned depth) {
        if (depth > deepest_directory)
            fail(Kind::invalid, "directories nested deeper than {} levels", deepest_directory);
        for (const auto& name : from.names()) {
            try {
                if (const auto entry = from.find(name)) copy_entry(*entry, name, to, depth);
            } catch (Error& error) {
                throw error.during("{}", name);
            }
        }
    }

private:
    void copy_entry(const MergedDir::Entry& entry, const std::string& name, const Fd& to, unsigned depth) {
        if (entry.directory) {
            check(::mkdirat(to.get(), name.c_str(), 0700), "make the directory");
            const Fd made = open_at(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
            copy_children(*entry.directory, made, depth + 1);
            copy_directory_metadata(entry.directory->top(), made);
            return;
        }
        if (entry.info.st_nlink > 1 && link_to_copy(entry, name, to)) return;
        copy_leaf(entry, name, to, name);
    }

    /// Files that are one in the image become one in the copy.
    bool link_to_copy(const MergedDir::Entry& entry, const std::string& name, const Fd& to) {
        const auto key = std::make_pair(entry.info.st_dev, entry.info.st_ino);
        const auto it = copies_.find(key);
        if (it == copies_.end()) {
            copies_.emplace(key, std::make_pair(to.duplicate(), name));
            return false;
        }
        const auto& [dir, first] = it->second;
        check(::linkat(dir.get(), first.c_str(), to.get(), name.c_str(), 0), "make the hard link");
        return true;
    }

    std::map<std::pair<dev_t, ino_t>, std::pair<Fd, std::string>> copies_;
};

}  // namespace

void copy_leaf(const MergedDir::Entry& from, const std::string& name, const Fd& to, const std::string& as,
               const CopyChanges& changes) {
    make_leaf(from, name, to, as);
    const auto& info = from.info;
    check(::fchownat(to.get(), as.c_str(), changes.uid.value_or(info.st_uid), changes.gid.value_or(info.st_gid),
                     AT_SYMLINK_NOFOLLOW),
          "set the owner");
    const mode_t mode = changes.mode.value_or(info.st_mode & 07777);
    if (!S_ISLNK(info.st_mode)) check(::fchmodat(to.get(), as.c_str(), mode, 0), "set the mode");
    copy_xattrs(fmt::format("/proc/self/fd/{}/{}", from.holder, name), fd_path(to) + "/" + as);
    const std::array<timespec, 2> times = {info.st_atim, info.st_mtim};
    check(::utimensat(to.get(), as.c_str(), times.data(), AT_SYMLINK_NOFOLLOW), "set the times");
}

void copy_directory_metadata(const Fd& from, const Fd& to) {
    struct stat info {};
    check(::fstat(from.get(), &info), "look at the directory");
    check(::fchown(to.get(), info.st_uid, info.st_gid), "set the owner");
    check(::fchmod(to.get(), info.st_mode & 07777), "set the mode");
    copy_xattrs(fd_path(from) + "/.", fd_path(to) + "/.");
    const std::array<timespec, 2> times = {info.st_atim, info.st_mtim};
    check(::futimens(to.get(), times.data()), "set the times");
}

void copy_tree(const MergedDir& from, const Fd& to) {
    Copier().copy_children(from, to, 0);
    copy_directory_metadata(from.top(), to);
}

}  // namespace hoist::storage
