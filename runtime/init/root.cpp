// SPDX-License-Identifier: Apache-2.0
#include "runtime/init/root.h"

#include <sys/mount.h>
#include <sys/syscall.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "runtime/mount_options.h"

namespace hoist::runtime::init {
namespace {

/// Gives a file system one option. @return 0 or errno
int configure(const Fd& context, const char* key, const char* value) {
    const int done = value ? ::fsconfig(context.get(), FSCONFIG_SET_STRING, key, value, 0)
                           : ::fsconfig(context.get(), FSCONFIG_SET_FLAG, key, nullptr, 0);
    return done < 0 ? errno : 0;
}

/// The overlay through the new mount calls: one lower directory per call, so that neither ':' in a name nor the 4 KiB
/// of an option page matter. Empty if this kernel cannot.
Fd overlay_by_context(const RootFs& root) {
    const Fd context(::fsopen("overlay", FSOPEN_CLOEXEC));
    if (!context) return Fd();
    int code = configure(context, "source", "overlay");
    for (const auto& lower : root.lower) {
        if (code == 0) code = configure(context, "lowerdir+", lower.c_str());
    }
    if (code == EINVAL) return Fd();  // before 6.7
    if (code == 0 && !root.upper.empty()) code = configure(context, "upperdir", root.upper.c_str());
    if (code == 0 && !root.upper.empty()) code = configure(context, "workdir", root.work.c_str());
    if (code == 0 && root.volatile_upper) code = configure(context, "volatile", nullptr);
    if (code != 0) fail_errno(code, "mount the overlay over {}", root.lower.front());
    check(::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0), "mount the overlay over {}",
          root.lower.front());
    return Fd(check(::fsmount(context.get(), FSMOUNT_CLOEXEC, 0), "mount the overlay over {}", root.lower.front()));
}

std::string escaped(const std::string& path) {
    std::string text;
    for (const char letter : path) {
        if (letter == ':' || letter == '\\' || letter == ',') text += '\\';
        text += letter;
    }
    return text;
}

void overlay_by_option_page(const RootFs& root, const std::string& where) {
    std::string options = "lowerdir=";
    for (std::size_t i = 0; i < root.lower.size(); ++i) options += (i ? ":" : "") + escaped(root.lower[i]);
    if (!root.upper.empty()) options += ",upperdir=" + escaped(root.upper) + ",workdir=" + escaped(root.work);
    if (root.volatile_upper) options += ",volatile";
    check(::mount("overlay", where.c_str(), "overlay", 0, options.c_str()), "mount the overlay on {}", where);
}

/// The mount covers one of its own directories, where nobody else looks in this namespace: no mount point is needed.
RootDir mount_overlay(const RootFs& root) {
    const std::string& where = root.upper.empty() ? root.lower.front() : root.upper;
    // The kernel marks the work directory of a volatile overlay and refuses it from then on, since a crash of the
    // machine may have torn the upper. A restart of the container is no such crash, and the root is thrown away.
    if (root.volatile_upper) remove_tree(root.work + "/work/incompat/volatile");
    Fd mounted = overlay_by_context(root);
    if (!mounted) {
        overlay_by_option_page(root, where);
        return RootDir::open(where);
    }
    check(::move_mount(mounted.get(), "", AT_FDCWD, where.c_str(), MOVE_MOUNT_F_EMPTY_PATH), "attach the overlay to {}",
          where);
    return RootDir(std::move(mounted));
}

/// pivot_root(2) wants a mount, so a directory is mounted on itself.
RootDir mount_directory(const std::string& path) {
    Fd tree(check(::open_tree(AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE),
                  "open the root file system {}", path));
    check(::move_mount(tree.get(), "", AT_FDCWD, path.c_str(), MOVE_MOUNT_F_EMPTY_PATH),
          "mount the root file system {}", path);
    return RootDir(std::move(tree));
}

unsigned long propagation_flag(const std::string& word) {
    const auto options = parse_mount_options({"/", "", "", {word}});
    if (!options.propagation) fail(Kind::invalid, "linux.rootfsPropagation: \"{}\" is no kind of propagation", word);
    return options.propagation | (options.propagation_recursive ? MS_REC : 0);
}

}  // namespace

RootDir mount_root(const Config& config, const RootFs& root) {
    // Under a shared parent our mounts would also appear on the host and outlive the container. Slave and not private,
    // so that a bind mount may still receive what the host mounts below its source.
    const bool is_private = config.rootfs_propagation == "private" || config.rootfs_propagation == "rprivate";
    check(::mount(nullptr, "/", nullptr, MS_REC | (is_private ? MS_PRIVATE : MS_SLAVE), nullptr),
          "leave the host's mount propagation");
    return root.lower.empty() ? mount_directory(config.root_path) : mount_overlay(root);
}

void enter_root(const RootDir& root, bool no_pivot) {
    check(::fchdir(root.fd().get()), "enter the root file system");
    if (no_pivot) {
        check(::mount(".", "/", nullptr, MS_MOVE, nullptr), "move the root file system to /");
        check(::chroot("."), "change to the root file system");
    } else {
        // Both arguments the same: the old root lies on top of the new one for a moment, and is taken off by ".".
        check(::syscall(SYS_pivot_root, ".", "."), "pivot to the root file system");
        check(::umount2(".", MNT_DETACH), "let go of the host's root");
    }
    check(::chdir("/"), "enter the root file system");
}

void finish_root(const Config& config, const RootDir& root) {
    if (config.root_readonly) {
        mount_attr attributes{};
        attributes.attr_set = MOUNT_ATTR_RDONLY;
        check(::mount_setattr(root.fd().get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes),
              "make the root read-only");
    }
    if (!config.rootfs_propagation.empty())
        check(::mount(nullptr, "/", nullptr, propagation_flag(config.rootfs_propagation), nullptr),
              "set the root's propagation");
}

}  // namespace hoist::runtime::init
