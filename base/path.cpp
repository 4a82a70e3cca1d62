// SPDX-License-Identifier: Apache-2.0
#include "base/path.h"

#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/error.h"
#include "base/kernel_features.h"
#include "base/path_walk.h"
#include "base/text.h"

namespace hoist {
namespace {

/// openat2(2) confined to a root; retries while a rename elsewhere makes the kernel unsure (EAGAIN), in bounds.
int open_confined(int root, const char* path, int flags, mode_t mode) {
    if (!kernel_has(KernelFeature::openat2)) return walk_in_root(root, path, flags, (flags & O_CREAT) ? mode : 0);
    open_how how{};
    how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
    how.mode = (flags & O_CREAT) ? mode : 0;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    for (int tries = 0; tries < 128; ++tries) {
        const long fd = ::syscall(SYS_openat2, root, path, &how, sizeof how);
        if (fd >= 0 || errno != EAGAIN) return static_cast<int>(fd);
    }
    errno = EAGAIN;
    return -1;
}

}  // namespace

RootDir RootDir::open(const std::string& path) {
    return RootDir(open_file(path, O_PATH | O_DIRECTORY));
}

Fd RootDir::open_in(const std::string& path, int flags, mode_t mode) const {
    return Fd(check(open_confined(dir_.get(), path.c_str(), flags, mode), "open {} in the root", path));
}

Fd RootDir::find(const std::string& path, int flags) const {
    Fd found(open_confined(dir_.get(), path.c_str(), flags, 0));
    if (!found && errno != ENOENT && errno != ENOTDIR) fail_errno(errno, "open {} in the root", path);
    return found;
}

Fd RootDir::open_entry(const std::string& path) const {
    return open_in(path, O_PATH | O_NOFOLLOW);
}

bool RootDir::exists(const std::string& path) const {
    return static_cast<bool>(Fd(open_confined(dir_.get(), path.c_str(), O_PATH, 0)));
}

Fd RootDir::make_directories_in(const std::string& path, mode_t mode) const {
    // Each prefix is looked up from the root again, so that a link on the way is followed by the kernel, inside.
    Fd here = open_in(".", O_PATH | O_DIRECTORY);
    std::string walked;
    for (const auto& part : split(clean_path(path), '/')) {
        if (part.empty()) continue;
        walked += "/" + part;
        Fd next(open_confined(dir_.get(), walked.c_str(), O_PATH | O_DIRECTORY, 0));
        if (!next) {
            if (errno != ENOENT) fail_errno(errno, "make directory {} in the root", walked);
            if (::mkdirat(here.get(), part.c_str(), mode) != 0 && errno != EEXIST)
                fail_errno(errno, "make directory {} in the root", walked);
            next = open_in(walked, O_PATH | O_DIRECTORY);
        }
        here = std::move(next);
    }
    return here;
}

Fd RootDir::mount_target_directory(const std::string& path) const {
    return make_directories_in(path);
}

Fd RootDir::mount_target_file(const std::string& path) const {
    Fd there(open_confined(dir_.get(), path.c_str(), O_PATH, 0));
    if (!there) {
        if (errno != ENOENT) fail_errno(errno, "open mount target {} in the root", path);
        const auto [parent, name] = split_path(clean_path(path));
        const Fd dir = make_directories_in(parent);
        // A dangling link at the last step: O_CREAT in the root follows it inside.
        Fd made(open_confined(dir_.get(), path.c_str(), O_RDONLY | O_CREAT, 0644));
        check(made.get(), "make mount target {} in the root", path);
        there = open_in(path, O_PATH);
    }
    struct stat info {};
    check(::fstat(there.get(), &info), "look at mount target {}", path);
    if (S_ISDIR(info.st_mode)) fail(Kind::invalid, "mount target {} is a directory, the source is a file", path);
    return there;
}

std::string fd_path(const Fd& fd) {
    return "/proc/self/fd/" + std::to_string(fd.get());
}

std::string clean_path(const std::string& path) {
    std::vector<std::string> kept;
    for (auto& part : split(path, '/')) {
        if (part.empty() || part == ".") continue;
        if (part == "..") {
            if (!kept.empty()) kept.pop_back();
        } else {
            kept.push_back(std::move(part));
        }
    }
    return "/" + join(kept, "/");
}

SplitPath split_path(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return {".", path};
    return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace hoist
