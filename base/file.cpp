// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/id.h"
#include "base/path.h"

namespace hoist {
namespace {

void sync_directory(const std::string& path) {
    const Fd dir = open_file(path, O_RDONLY | O_DIRECTORY);
    check(::fsync(dir.get()), "sync directory {}", path);
}

/// Removes what is in an open directory; keeps the first failure's text and goes on.
void remove_children(int dir_fd, const std::string& path, dev_t device, std::string& problem) {
    DIR* dir = ::fdopendir(dir_fd);
    if (!dir) {
        ::close(dir_fd);
        return;
    }
    while (const dirent* entry = ::readdir(dir)) {
        const std::string name = entry->d_name;
        if (name == "." || name == "..") continue;
        if (::unlinkat(::dirfd(dir), name.c_str(), 0) == 0) continue;
        const int code = errno;
        const std::string child = path + "/" + name;
        struct stat info {};
        if (code == EISDIR || code == EPERM) {
            const int fd = ::openat(::dirfd(dir), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (fd >= 0 && ::fstat(fd, &info) == 0 && info.st_dev == device) {
                remove_children(fd, child, device, problem);
            } else if (fd >= 0) {
                ::close(fd);
            }
            if (::unlinkat(::dirfd(dir), name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) continue;
        }
        if (code != ENOENT && problem.empty()) problem = child + ": " + std::strerror(errno);
    }
    ::closedir(dir);
}

}  // namespace

std::string read_all(const Fd& fd, std::size_t limit) {
    std::string content;
    std::size_t used = 0;
    for (;;) {
        if (content.size() - used < 4096) content.resize(std::max<std::size_t>(content.size() * 2, 8192));
        const ssize_t got = ::read(fd.get(), content.data() + used, content.size() - used);
        if (got < 0 && errno == EINTR) continue;
        check(got, "read");
        if (got == 0) break;
        used += static_cast<std::size_t>(got);
        if (used > limit) fail(Kind::invalid, "larger than the limit of {} bytes", limit);
    }
    content.resize(used);
    return content;
}

std::string read_file(const std::string& path, std::size_t limit) {
    const Fd fd = open_file(path, O_RDONLY);
    try {
        return read_all(fd, limit);
    } catch (Error& error) {
        throw error.during("{}", path);
    }
}

std::optional<std::string> read_file_if_exists(const std::string& path, std::size_t limit) {
    try {
        return read_file(path, limit);
    } catch (const Error& error) {
        if (error.kind() == Kind::not_found) return std::nullopt;
        throw;
    }
}

void write_all(const Fd& fd, std::string_view data, const std::string& name_for_errors) {
    while (!data.empty()) {
        const ssize_t put = ::write(fd.get(), data.data(), data.size());
        if (put < 0 && errno == EINTR) continue;
        check(put, "write {}", name_for_errors);
        data.remove_prefix(static_cast<std::size_t>(put));
    }
}

void write_file_atomic(const std::string& path, std::string_view data, mode_t mode, Durable durable) {
    const std::string temporary = path + ".tmp-" + random_hex_id().substr(0, 12);
    try {
        const Fd fd = open_file(temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
        check(::fchmod(fd.get(), mode), "set the mode of {}", temporary);  // whatever the umask is
        write_all(fd, data, temporary);
        if (durable == Durable::yes) check(::fsync(fd.get()), "sync {}", temporary);
        check(::rename(temporary.c_str(), path.c_str()), "rename {} to {}", temporary, path);
    } catch (...) {
        ::unlink(temporary.c_str());
        throw;
    }
    if (durable == Durable::yes) sync_directory(split_path(path).parent);
}

void make_directories(const std::string& path, mode_t mode) {
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
        const std::string part = path.substr(0, end);
        if (::mkdir(part.c_str(), mode) != 0 && errno != EEXIST) fail_errno(errno, "make directory {}", part);
        if (end == std::string::npos) break;
    }
    struct stat info {};
    check(::stat(path.c_str(), &info), "make directory {}", path);
    if (!S_ISDIR(info.st_mode)) fail(Kind::conflict, "make directory {}: something else is there", path);
}

void remove_tree(const std::string& path) {
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) return;
    if (errno != EISDIR && errno != EPERM) fail_errno(errno, "remove {}", path);
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return;
    check(fd, "remove {}", path);
    struct stat info {};
    check(::fstat(fd, &info), "remove {}", path);
    std::string problem;
    remove_children(fd, path, info.st_dev, problem);
    if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return;
    fail(kind_of(errno), "remove {}: {}", path, problem.empty() ? std::strerror(errno) : problem);
}

}  // namespace hoist
