#pragma once
// SPDX-License-Identifier: Apache-2.0
// Paths inside a root that is not ours: a container's root file system, a volume, an archive's target. Every step is
// taken by the kernel below a directory descriptor (openat2 RESOLVE_IN_ROOT), never by joining strings, so neither
// ".." nor a symbolic link, not even one swapped meanwhile, leads outside. (SEC-05..11, SEC-21..26)

#include <sys/types.h>

#include <string>

#include "base/fd.h"

namespace hoist {

/// A directory that path look-ups cannot leave. Absolute links and paths start again at it.
class RootDir {
public:
    explicit RootDir(Fd dir) : dir_(std::move(dir)) {}
    /// Opens the directory at `path`, which is ours to trust. @throws Error
    static RootDir open(const std::string& path);

    const Fd& fd() const noexcept { return dir_; }

    /// Opens `path` in the root; symbolic links are followed inside it. Magic links (/proc/N/fd) are refused.
    /// @throws Error(not_found, denied, ...) that names the path
    Fd open_in(const std::string& path, int flags, mode_t mode = 0) const;
    /// As open_in, but empty if there is nothing of this name: an exception would cost too much where that is usual.
    Fd find(const std::string& path, int flags) const;
    /// As open_in with O_PATH, but links are not followed at the last step.
    Fd open_entry(const std::string& path) const;
    /// Makes each missing directory of `path` (following links that stay inside) and opens the last one O_PATH.
    Fd make_directories_in(const std::string& path, mode_t mode = 0755) const;
    /// Opens (O_PATH) a directory to mount on, made if missing. @throws Error(invalid) if something else is there
    Fd mount_target_directory(const std::string& path) const;
    /// Opens (O_PATH) a non-directory to mount on, made as an empty file if missing.
    Fd mount_target_file(const std::string& path) const;
    bool exists(const std::string& path) const;

private:
    Fd dir_;
};

/// "/proc/self/fd/N" of a descriptor: for the few calls that take only a path. Valid while the descriptor is open and
/// only where /proc is the host's.
std::string fd_path(const Fd& fd);

/// The path with "." and empty parts dropped and ".." resolved as text, always absolute: for comparing and showing,
/// not for opening.
std::string clean_path(const std::string& path);

/// The parent directory and the last name of a clean path.
struct SplitPath {
    std::string parent;
    std::string name;
};
SplitPath split_path(const std::string& path);

}  // namespace hoist
