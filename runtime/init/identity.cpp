// SPDX-License-Identifier: Apache-2.0
#include "runtime/init/identity.h"

#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "runtime/rlimits.h"

namespace hoist::runtime::init {
namespace {

/// A file of the image, which may be anything: a FIFO must not hold us up, a huge one not fill our memory.
std::string read_account_file(const RootDir& root, const std::string& path) {
    const Fd file = root.find(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!file) return "";
    struct stat info {};
    check(::fstat(file.get(), &info), "look at {} in the root", path);
    if (!S_ISREG(info.st_mode)) fail(Kind::invalid, "{} in the root is not a regular file", path);
    return read_all(file, 1u << 20);
}

bool has_variable(const std::vector<std::string>& env, const std::string& start) {
    return std::any_of(env.begin(), env.end(),
                       [&](const std::string& e) { return e.compare(0, start.size(), start) == 0; });
}

__rlimit_resource resource_of(const Rlimit& limit) {
    const auto number = rlimit_number(limit.type);
    if (!number)
        fail(Kind::invalid, "process.rlimits: \"{}\" is not a resource limit", escape_for_terminal(limit.type));
    return static_cast<__rlimit_resource>(*number);
}

void set_rlimit(const Rlimit& limit) {
    const auto resource = resource_of(limit);
    rlimit wanted{limit.soft, limit.hard};
    if (::setrlimit(resource, &wanted) == 0) return;
    if (errno != EPERM) fail_errno(errno, "set {} to {}:{}", limit.type, limit.soft, limit.hard);
    // Raising a hard limit takes CAP_SYS_RESOURCE over the host, which the engine itself may lack: as far as it goes.
    rlimit present{};
    check(::getrlimit(resource, &present), "read {}", limit.type);
    wanted.rlim_max = std::min<rlim_t>(limit.hard, present.rlim_max);
    wanted.rlim_cur = std::min<rlim_t>(limit.soft, wanted.rlim_max);
    check(::setrlimit(resource, &wanted), "set {} to {}:{}", limit.type, limit.soft, limit.hard);
}

struct CapabilityState {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, 2> data{};
};

CapabilityState present_capabilities() {
    CapabilityState state;
    check(::syscall(SYS_capget, &state.header, state.data.data()), "read the capabilities");
    return state;
}

std::uint64_t permitted(const CapabilityState& state) {
    return state.data[0].permitted | std::uint64_t{state.data[1].permitted} << 32;
}

void set_capabilities(std::uint64_t effective, std::uint64_t permitted, std::uint64_t inheritable) {
    CapabilityState state;
    for (std::size_t word = 0; word < 2; ++word) {
        state.data[word].effective = static_cast<std::uint32_t>(effective >> 32 * word);
        state.data[word].permitted = static_cast<std::uint32_t>(permitted >> 32 * word);
        state.data[word].inheritable = static_cast<std::uint32_t>(inheritable >> 32 * word);
    }
    check(::syscall(SYS_capset, &state.header, state.data.data()), "set the capabilities");
}

void drop_bounding(std::uint64_t keep) {
    for (int number = 0; number < 64; ++number) {
        if (keep >> number & 1) continue;
        if (::prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0) continue;
        if (errno == EINVAL) break;  // past the last one that this kernel knows
        fail_errno(errno, "drop capability {} from the bounding set", number);
    }
}

}  // namespace

void hide() {
    check(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "make the process non-dumpable");
}

ResolvedUser find_identity(Process& process, const RootDir& root) {
    const bool by_name = !process.user.name.empty() || !process.user.group_names.empty();
    const bool needs_home = !has_variable(process.env, "HOME=");
    std::string passwd, group;
    if (by_name || needs_home) passwd = read_account_file(root, "/etc/passwd");
    if (by_name) group = read_account_file(root, "/etc/group");
    auto user = resolve_user(process.user, passwd, group);
    if (needs_home) process.env.push_back("HOME=" + (user.home.empty() ? (user.uid == 0 ? "/root" : "/") : user.home));
    return user;
}

void make_room(const Process& process) {
    for (const auto& limit : process.rlimits) {
        rlimit present{};
        const auto resource = resource_of(limit);
        if (::getrlimit(resource, &present) != 0 || present.rlim_max >= limit.hard) continue;
        present.rlim_max = limit.hard;
        (void)::setrlimit(resource, &present);  // what may not be is told by become()
    }
}

void set_oom_score(const Process& process) {
    if (!process.oom_score_adj) return;
    const Fd file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
    const std::string value = std::to_string(*process.oom_score_adj);
    (void)!::write(file.get(), value.data(), value.size());
}

void become_root_inside() {
    check(::setgroups(0, nullptr), "leave the host's groups");
    check(::setresgid(0, 0, 0), "become root in the user namespace: group 0");
    check(::setresuid(0, 0, 0), "become root in the user namespace: user 0");
    hide();  // a change of user makes a process dumpable by its new user
}

void become(const Process& process, const ResolvedUser& user) {
    for (const auto& limit : process.rlimits) set_rlimit(limit);
    if (process.capabilities) drop_bounding(process.capabilities->bounding);
    ::umask(process.user.umask.value_or(022));
    check(::setgroups(user.groups.size(), user.groups.data()), "set the supplementary groups");
    check(::setresgid(user.gid, user.gid, user.gid), "become group {}", user.gid);
    if (user.uid == 0) return;
    check(::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "keep capabilities over the change of user");
    check(::setresuid(user.uid, user.uid, user.uid), "become user {}", user.uid);
    const auto kept = permitted(present_capabilities());
    set_capabilities(kept, kept, 0);
    hide();  // a change of user makes a process dumpable by its new user
}

void leave_keyring() {
    // A kernel without keyrings has none to share.
    if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) < 0 && errno != ENOSYS)
        fail_errno(errno, "take a session keyring");
}

void enter_working_directory(const Process& process, const RootDir& root) {
    if (process.cwd.empty() || process.cwd[0] != '/')
        fail(Kind::invalid, "process.cwd \"{}\" is not an absolute path", process.cwd);
    Fd directory = root.find(process.cwd, O_PATH | O_DIRECTORY);
    if (!directory) directory = root.make_directories_in(process.cwd);
    check(::fchdir(directory.get()), "enter the working directory {}", process.cwd);
    // The kernel's own call: libc's getcwd would hide that the directory cannot be reached from the root.
    std::array<char, 4096> where{};
    check(::syscall(SYS_getcwd, where.data(), where.size()), "enter the working directory {}", process.cwd);
    if (where[0] != '/') fail(Kind::denied, "working directory {} is outside of the container's root", process.cwd);
}

void drop_capabilities(const Process& process) {
    if (!process.capabilities) return;
    const auto& wanted = *process.capabilities;
    // What the engine itself lacks it cannot give; less is safe.
    const std::uint64_t have = permitted(present_capabilities());
    const std::uint64_t allowed = wanted.permitted & have;
    const std::uint64_t inheritable = wanted.inheritable & (have | wanted.bounding);
    set_capabilities(wanted.effective & allowed, allowed, inheritable);
    check(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "clear the ambient capabilities");
    for (int number = 0; number < 64; ++number) {
        if (wanted.ambient & allowed & inheritable & (std::uint64_t{1} << number))
            check(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0), "raise ambient capability {}", number);
    }
}

}  // namespace hoist::runtime::init
