// SPDX-License-Identifier: Apache-2.0
// tmpcopyup: a tmpfs begins with what it covers.
#include <dirent.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include <array>
#include <memory>

#include "base/error.h"
#include "runtime/init/mounts.h"

namespace hoist::runtime::init {
namespace {

void copy_directory(const Fd& from, const Fd& to, const std::string& name, int depth);

void copy_content(const Fd& from, const Fd& to, const std::string& name) {
    for (;;) {
        const ssize_t sent = ::sendfile(to.get(), from.get(), nullptr, 1u << 30);
        if (sent == 0) return;
        check(sent < 0 ? -1 : 0, "copy {} into the tmpfs", name);
    }
}

void copy_link(const Fd& from, const Fd& to, const std::string& entry, const std::string& name) {
    std::array<char, 4096> target{};
    const ssize_t length = ::readlinkat(from.get(), entry.c_str(), target.data(), target.size() - 1);
    check(length < 0 ? -1 : 0, "copy link {} into the tmpfs", name);
    check(::symlinkat(target.data(), to.get(), entry.c_str()), "copy link {} into the tmpfs", name);
}

void copy_owner(const Fd& to, const std::string& entry, const struct stat& info, const std::string& name) {
    check(::fchownat(to.get(), entry.c_str(), info.st_uid, info.st_gid, AT_SYMLINK_NOFOLLOW),
          "set the owner of {} in the tmpfs", name);
    if (!S_ISLNK(info.st_mode))
        check(::fchmodat(to.get(), entry.c_str(), info.st_mode & 07777, 0), "set the mode of {} in the tmpfs", name);
    const timespec times[2] = {info.st_atim, info.st_mtim};
    (void)::utimensat(to.get(), entry.c_str(), times, AT_SYMLINK_NOFOLLOW);
}

void copy_entry(const Fd& from, const Fd& to, const std::string& entry, const std::string& name, int depth) {
    struct stat info {};
    check(::fstatat(from.get(), entry.c_str(), &info, AT_SYMLINK_NOFOLLOW), "look at {}", name);
    if (S_ISDIR(info.st_mode)) {
        check(::mkdirat(to.get(), entry.c_str(), 0700), "make {} in the tmpfs", name);
        copy_directory(open_at(from, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW),
                       open_at(to, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), name, depth + 1);
    } else if (S_ISREG(info.st_mode)) {
        copy_content(open_at(from, entry, O_RDONLY | O_NOFOLLOW),
                     open_at(to, entry, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600), name);
    } else if (S_ISLNK(info.st_mode)) {
        copy_link(from, to, entry, name);
    } else {
        check(::mknodat(to.get(), entry.c_str(), info.st_mode, info.st_rdev), "make {} in the tmpfs", name);
    }
    copy_owner(to, entry, info, name);
}

void copy_directory(const Fd& from, const Fd& to, const std::string& name, int depth) {
    constexpr int deepest = 100;  // each level holds two descriptors
    if (depth > deepest) fail(Kind::invalid, "copy {} into the tmpfs: more than {} levels deep", name, deepest);
    Fd listing = open_at(from, ".", O_RDONLY | O_DIRECTORY);
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(listing.get()), ::closedir);
    if (!entries) fail_errno(errno, "list {}", name);
    (void)listing.release();
    while (const dirent* entry = ::readdir(entries.get())) {
        const std::string word = entry->d_name;
        if (word != "." && word != "..") copy_entry(from, to, word, name + "/" + word, depth);
    }
}

}  // namespace

void copy_up(const Fd& from, const Fd& to, const std::string& name) {
    copy_directory(from, to, name, 0);
}

}  // namespace hoist::runtime::init
