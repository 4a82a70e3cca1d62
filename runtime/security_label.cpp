// SPDX-License-Identifier: Apache-2.0
#include "runtime/security_label.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace hoist::runtime {
namespace {

Fd open_attribute(const char* first, const char* second) {
    Fd file(::open(first, O_WRONLY | O_CLOEXEC));
    return file ? std::move(file) : open_file(second, O_WRONLY);
}

}  // namespace

bool has_apparmor() {
    const auto enabled = read_file_if_exists("/sys/module/apparmor/parameters/enabled");
    return enabled && enabled->starts_with("Y");
}

bool has_selinux() {
    struct statfs info {};
    return ::statfs("/sys/fs/selinux", &info) == 0 && info.f_type == SELINUX_MAGIC;
}

void check_labels(const Process& process) {
    constexpr const char* why = "this kernel runs without {}, so nothing would hold the program back";
    if (!process.apparmor_profile.empty() && !has_apparmor())
        fail(Kind::invalid, "process.apparmorProfile \"{}\": {}", escape_for_terminal(process.apparmor_profile),
             fmt::format(fmt::runtime(why), "AppArmor"));
    if (!process.selinux_label.empty() && !has_selinux())
        fail(Kind::invalid, "process.selinuxLabel \"{}\": {}", escape_for_terminal(process.selinux_label),
             fmt::format(fmt::runtime(why), "SELinux"));
}

ExecLabel ExecLabel::open(const Process& process) {
    ExecLabel made;
    made.profile_ = process.apparmor_profile;
    made.label_ = process.selinux_label;
    if (!made.profile_.empty())
        made.apparmor_ = open_attribute("/proc/self/attr/apparmor/exec", "/proc/self/attr/exec");
    if (!made.label_.empty()) made.selinux_ = open_attribute("/proc/self/attr/exec", "/proc/self/attr/exec");
    return made;
}

void ExecLabel::move_above(int lowest) {
    for (Fd* fd : {&apparmor_, &selinux_}) {
        if (*fd && fd->get() < lowest)
            *fd = Fd(check(::fcntl(fd->get(), F_DUPFD_CLOEXEC, lowest), "move a descriptor"));
    }
}

void ExecLabel::apply() const {
    const std::string text = "exec " + profile_;
    if (apparmor_)
        check(::write(apparmor_.get(), text.data(), text.size()), "process.apparmorProfile: take profile \"{}\"",
              escape_for_terminal(profile_));
    if (selinux_)
        check(::write(selinux_.get(), label_.data(), label_.size()), "process.selinuxLabel: take label \"{}\"",
              escape_for_terminal(label_));
}

}  // namespace hoist::runtime
