// SPDX-License-Identifier: Apache-2.0
#include "runtime/init/console.h"

#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/error.h"
#include "runtime/init/detached_mount.h"
#include "runtime/init/mounts.h"

namespace hoist::runtime::init {

Terminal open_terminal(const RootDir& root, const Process& process) {
    Terminal made;
    made.master = root.open_in("/dev/pts/ptmx", O_RDWR | O_NOCTTY);
    struct stat info {};
    check(::fstat(made.master.get(), &info), "open a terminal");
    if (!S_ISCHR(info.st_mode) || info.st_rdev != ::makedev(5, 2) || !is_on(made.master, DEVPTS_SUPER_MAGIC))
        fail(Kind::denied, "open a terminal: /dev/pts/ptmx in the root is not the terminal multiplexer");
    const int unlock = 0;
    check(::ioctl(made.master.get(), TIOCSPTLCK, &unlock), "unlock the terminal");
    made.slave = Fd(
        check(::ioctl(made.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC), "open the terminal's other end"));
    if (process.console_rows || process.console_columns) {
        winsize size{};
        size.ws_row = process.console_rows;
        size.ws_col = process.console_columns;
        check(::ioctl(made.master.get(), TIOCSWINSZ, &size), "set the terminal's size");
    }
    return made;
}

void mount_console(const Fd& slave, const RootDir& root) {
    const Fd target = root.mount_target_file("/dev/console");
    if (is_on(target, PROC_SUPER_MAGIC) || is_on(target, SYSFS_MAGIC))
        fail(Kind::denied, "/dev/console in the root leads to a file of the kernel");
    attach(clone_mount(slave, Below::left_alone, "/dev/console"), target, "/dev/console");
}

void use_terminal(const Fd& slave, std::uint32_t uid) {
    check(::fchown(slave.get(), uid, static_cast<gid_t>(-1)), "give the terminal to user {}", uid);
    for (int stream = 0; stream <= 2; ++stream) check(::dup2(slave.get(), stream), "use the terminal");
}

void control_terminal() {
    check(::ioctl(0, TIOCSCTTY, 0), "take the terminal as controlling terminal");
}

}  // namespace hoist::runtime::init
