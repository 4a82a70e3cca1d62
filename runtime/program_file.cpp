// SPDX-License-Identifier: Apache-2.0
// Keeping our own program out of containers' reach. (SEC-01)
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/error.h"
#include "base/kernel_features.h"
#include "runtime/container.h"

namespace hoist::runtime {
namespace {

/// The file through a mount of its own that is read-only and attached nowhere. Empty if this kernel cannot.
Fd through_read_only_mount(const std::string& path) {
    if (!kernel_has(KernelFeature::mount_api) || !kernel_has(KernelFeature::mount_setattr)) return Fd();
    Fd tree(::open_tree(AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
    if (!tree) return Fd();
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_RDONLY;
    if (::mount_setattr(tree.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0) return Fd();
    return tree;
}

/// A copy that nobody can change any more.
Fd sealed_copy(const std::string& path) {
    const Fd source = open_file(path, O_RDONLY);
    struct stat info {};
    check(::fstat(source.get(), &info), "look at {}", path);
    Fd copy(check(::memfd_create("hoist-runtime", MFD_CLOEXEC | MFD_ALLOW_SEALING), "copy {}", path));
    for (off_t left = info.st_size; left > 0;) {
        const ssize_t sent =
            check(::sendfile(copy.get(), source.get(), nullptr, static_cast<std::size_t>(left)), "copy {}", path);
        if (sent == 0) fail(Kind::internal, "copy {}: it became shorter meanwhile", path);
        left -= sent;
    }
    check(::fchmod(copy.get(), 0500), "copy {}", path);
    check(::fcntl(copy.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE),
          "seal the copy of {}", path);
    return copy;
}

}  // namespace

Fd read_only_program(const std::string& path) {
    Fd program = through_read_only_mount(path);
    return program ? std::move(program) : sealed_copy(path);
}

bool runs_from_read_only_program() {
    struct statvfs info {};
    if (::statvfs("/proc/self/exe", &info) == 0 && (info.f_flag & ST_RDONLY)) return true;
    const Fd self(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    const int seals = ::fcntl(self.get(), F_GET_SEALS);
    return seals >= 0 && (seals & F_SEAL_WRITE);
}

}  // namespace hoist::runtime
