// SPDX-License-Identifier: Apache-2.0
#include "runtime/init/root.h"

#include <sys/mount.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/file.h"
#include "base/kernel_features.h"
#include "base/text.h"
#include "runtime/init/detached_mount.h"
#include "runtime/mount_options.h"

namespace hoist::runtime::init {
namespace {

bool is_volatile(const RootFs& root) {
    return root.volatile_upper && kernel_has(KernelFeature::overlay_volatile);
}

/// Gives a file system one option. @return 0 or errno
int configure(const Fd& context, const char* key, const char* value) {
    const int done = value ? ::fsconfig(context.get(), FSCONFIG_SET_STRING, key, value, 0)
                           : ::fsconfig(context.get(), FSCONFIG_SET_FLAG, key, nullptr, 0);
    return done < 0 ? errno : 0;
}

/// The overlay through the new mount calls: one lower directory per call, so that neither ':' in a name nor the 4 KiB
/// of an option page matter.
Fd overlay_by_context(const RootFs& root) {
    const Fd context(check(::fsopen("overlay", FSOPEN_CLOEXEC), "mount the overlay over {}", root.lower.front()));
    int code = configure(context, "source", "overlay");
    for (const auto& lower : root.lower) {
        if (code == 0) code = configure(context, "lowerdir+", lower.c_str());
    }
    if (code == 0 && !root.upper.empty()) code = configure(context, "upperdir", root.upper.c_str());
    if (code == 0 && !root.upper.empty()) code = configure(context, "workdir", root.work.c_str());
    if (code == 0 && is_volatile(root)) code = configure(context, "volatile", nullptr);
    if (code != 0) fail_errno(code, "mount the overlay over {}", root.lower.front());
    check(::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0), "mount the overlay over {}",
          root.lower.front());
    return Fd(check(::fsmount(context.get(), FSMOUNT_CLOEXEC, 0), "mount the overlay over {}", root.lower.front()));
}

/// The overlay by mount(2). Descriptors instead of paths make room for all layers in the one page of options, and leave
/// no letter to escape.
void overlay_by_option_page(const RootFs& root, const std::string& where) {
    std::vector<Fd> open;
    const auto name = [&](const std::string& path) {
        open.push_back(open_file(path, O_PATH | O_DIRECTORY));
        return fd_path(open.back());
    };
    std::string options = "lowerdir=";
    for (std::size_t i = 0; i < root.lower.size(); ++i) options += (i ? ":" : "") + name(root.lower[i]);
    if (!root.upper.empty()) options += ",upperdir=" + name(root.upper) + ",workdir=" + name(root.work);
    if (is_volatile(root)) options += ",volatile";
    check(::mount("overlay", where.c_str(), "overlay", 0, options.c_str()), "mount the overlay on {}", where);
}

/// The kernel marks the work directory of a volatile overlay and refuses it from then on, since a crash of the machine
/// may have torn the upper. A restart of the container is no such crash, and the root is thrown away.
void clear_volatile_mark(const RootFs& root) {
    if (root.volatile_upper) remove_tree(root.work + "/work/incompat/volatile");
}

/// The mount covers one of its own directories, where nobody else looks in this namespace: no mount point is needed.
RootDir mount_overlay(const RootFs& root) {
    const std::string& where = root.upper.empty() ? root.lower.front() : root.upper;
    clear_volatile_mark(root);
    if (!kernel_has(KernelFeature::mount_api) || !kernel_has(KernelFeature::overlay_lowerdir)) {
        overlay_by_option_page(root, where);
        return RootDir::open(where);
    }
    Fd mounted = overlay_by_context(root);
    check(::move_mount(mounted.get(), "", AT_FDCWD, where.c_str(), MOVE_MOUNT_F_EMPTY_PATH), "attach the overlay to {}",
          where);
    return RootDir(std::move(mounted));
}

/// pivot_root(2) wants a mount, so a directory is mounted on itself.
RootDir mount_directory(const std::string& path) {
    Fd tree = clone_mount_at(path, Below::included, path);
    attach(tree, open_file(path, O_PATH | O_DIRECTORY), path);
    return RootDir(std::move(tree));
}

/// Under a shared parent our mounts would also appear on the host and outlive the container. Slave and not private, so
/// that a bind mount may still receive what the host mounts below its source.
void leave_propagation(const Config& config) {
    const bool is_private = config.rootfs_propagation == "private" || config.rootfs_propagation == "rprivate";
    check(::mount(nullptr, "/", nullptr, MS_REC | (is_private ? MS_PRIVATE : MS_SLAVE), nullptr),
          "leave the host's mount propagation");
}

/// The host's procfs and sysfs stay in this namespace when the root is only moved, out of sight: but a user namespace
/// inside could mount its own, unmasked, as long as the kernel finds such a one here.
void hide_kernel_views(const RootDir& root) {
    std::array<char, 4096> where{};
    check(::readlink(fd_path(root.fd()).c_str(), where.data(), where.size() - 1), "find the root file system");
    const std::string own = std::string(where.data()) + "/";
    auto lines = split(read_file("/proc/self/mountinfo"), '\n');
    std::reverse(lines.begin(), lines.end());  // what covers comes after what it covers
    for (const auto& line : lines) {
        const auto fields = split(line, ' ');
        const auto dash = std::find(fields.begin(), fields.end(), "-");
        if (fields.end() - dash < 2 || (*(dash + 1) != "proc" && *(dash + 1) != "sysfs")) continue;
        if (fields[4].starts_with(own)) continue;
        if (::umount2(fields[4].c_str(), MNT_DETACH) != 0)
            check(::mount("tmpfs", fields[4].c_str(), "tmpfs", MS_RDONLY, "size=4k"), "cover {}", fields[4]);
    }
}

unsigned long propagation_flag(const std::string& word) {
    const auto options = parse_mount_options({"/", "", "", {word}});
    if (!options.propagation) fail(Kind::invalid, "linux.rootfsPropagation: \"{}\" is no kind of propagation", word);
    return options.propagation | (options.propagation_recursive ? MS_REC : 0);
}

}  // namespace

RootDir mount_root(const Config& config, const RootFs& root) {
    leave_propagation(config);
    return root.lower.empty() ? mount_directory(config.root_path) : mount_overlay(root);
}

RootDir attach_root(const Config& config, Fd made) {
    leave_propagation(config);
    // On "/", which can be reached whatever the host's directories allow; pivot_root(2) brings it to light.
    attach(made, open_file("/", O_PATH | O_DIRECTORY), "/");
    return RootDir(std::move(made));
}

Fd make_root(const Config& config, const RootFs& root) {
    if (root.lower.empty()) return clone_mount_at(config.root_path, Below::included, config.root_path);
    clear_volatile_mark(root);
    return overlay_by_context(root);
}

void enter_root(const RootDir& root, RootChange change) {
    check(::fchdir(root.fd().get()), "enter the root file system");
    if (change == RootChange::pivot) {
        // Both arguments the same: the old root lies on top of the new one for a moment, and is taken off by ".".
        check(::syscall(SYS_pivot_root, ".", "."), "pivot to the root file system");
        check(::umount2(".", MNT_DETACH), "let go of the host's root");
    } else {
        if (change == RootChange::move) {
            hide_kernel_views(root);
            check(::mount(".", "/", nullptr, MS_MOVE, nullptr), "move the root file system to /");
        }
        check(::chroot("."), "change to the root file system");
    }
    check(::chdir("/"), "enter the root file system");
}

void finish_root(const Config& config) {
    if (config.root_readonly) change_root_mount(MOUNT_ATTR_RDONLY, 0);
    if (!config.rootfs_propagation.empty())
        check(::mount(nullptr, "/", nullptr, propagation_flag(config.rootfs_propagation), nullptr),
              "set the root's propagation");
}

}  // namespace hoist::runtime::init
