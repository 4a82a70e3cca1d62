#pragma once
// SPDX-License-Identifier: Apache-2.0
// A file descriptor with one owner, and the ways to get one.

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <string>
#include <utility>

namespace hoist {

/// Owns a file descriptor and closes it. Empty when get() is -1.
class Fd {
public:
    Fd() = default;
    explicit Fd(int raw) noexcept : raw_(raw) {}
    Fd(Fd&& other) noexcept : raw_(std::exchange(other.raw_, -1)) {}
    Fd& operator=(Fd other) noexcept {  // `other` closes what we held
        std::swap(raw_, other.raw_);
        return *this;
    }
    ~Fd() {
        if (raw_ >= 0) ::close(raw_);
    }

    int get() const noexcept { return raw_; }
    explicit operator bool() const noexcept { return raw_ >= 0; }
    /// Gives the descriptor up without closing it.
    int release() noexcept { return std::exchange(raw_, -1); }
    void reset() noexcept { *this = Fd(); }
    /// A second descriptor for the same open file, close-on-exec. @throws Error
    Fd duplicate() const;

private:
    int raw_ = -1;
};

/// Opens a file; adds O_CLOEXEC. @throws Error that names the path
Fd open_file(const std::string& path, int flags, mode_t mode = 0);
/// Opens a file below a directory descriptor; adds O_CLOEXEC. Follows symbolic links: for paths that are ours only.
Fd open_at(const Fd& dir, const std::string& path, int flags, mode_t mode = 0);

struct Pipe {
    Fd read_end;
    Fd write_end;
};
/// pipe2(2), close-on-exec, with `flags` added.
Pipe make_pipe(int flags = 0);

/// pidfd_open(2). @throws Error(not_found) if there is no such process
Fd open_pidfd(pid_t pid);

}  // namespace hoist
