// SPDX-License-Identifier: Apache-2.0
#include "runtime/init/program.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cstring>

#include "base/descriptors.h"
#include "base/error.h"
#include "base/text.h"
#include "runtime/init/identity.h"

namespace hoist::runtime::init {
namespace {

/// The words for a program that cannot run, as people know them from libc and from Docker.
[[noreturn]] void fail_exec(const std::string& name, int code) {
    struct stat info {};
    if (code == EACCES && ::stat(name.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) code = EISDIR;
    std::string words = std::strerror(code);
    words[0] = static_cast<char>(words[0] | 0x20);
    const Kind kind = code == ENOENT || code == ENOTDIR  ? Kind::not_found
                      : code == ENOMEM || code == EAGAIN ? Kind::internal
                                                         : Kind::denied;
    throw Error(kind, fmt::format("exec: \"{}\": {}", escape_for_terminal(name), words));
}

std::string search_path(const std::vector<std::string>& env) {
    for (const auto& entry : env) {
        if (entry.rfind("PATH=", 0) == 0) return entry.substr(5);
    }
    return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> list;
    list.reserve(texts.size() + 1);
    for (const auto& text : texts) list.push_back(const_cast<char*>(text.c_str()));
    list.push_back(nullptr);
    return list;
}

void load_filter(Confinement& confinement) {
    const SeccompProgram& seccomp = confinement.seccomp;
    if (seccomp.filter.empty()) return;
    if (confinement.listener) return confinement.listener.load_filter(seccomp);
    sock_fprog program{};
    program.len = static_cast<unsigned short>(seccomp.filter.size() / sizeof(sock_filter));
    program.filter = reinterpret_cast<sock_filter*>(const_cast<char*>(seccomp.filter.data()));
    check(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, seccomp.flags, &program), "load the seccomp filter");
}

/// Tries the program's file, or where it is without a path each directory of $PATH in turn.
/// @param attempt  true: done; false: errno tells why not @throws Error if none was good
template <class Attempt>
void try_places(const Process& process, Attempt attempt) {
    if (process.args.empty()) fail(Kind::invalid, "process.args is empty: there is no program to run");
    const std::string& name = process.args[0];
    if (name.find('/') != std::string::npos) {
        if (attempt(name)) return;
        fail_exec(name, errno);
    }
    std::string refused;
    int refusal = 0;
    for (const auto& directory : split(name.empty() ? "" : search_path(process.env), ':')) {
        if (name.empty()) break;
        const std::string path = (directory.empty() ? "." : directory) + "/" + name;
        if (attempt(path)) return;
        struct stat info {};
        if (errno == ENOENT || errno == ENOTDIR) continue;
        const int code = errno;
        if (code == EACCES && ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) continue;
        if (!refusal) refused = path, refusal = code;
        if (code != EACCES) break;
    }
    if (refusal) fail_exec(refused, refusal);
    fail(Kind::not_found, "exec: \"{}\": executable file not found in $PATH", escape_for_terminal(name));
}

}  // namespace

void use_streams(Stdio& stdio, std::uint32_t uid) {
    Fd* const wanted[] = {&stdio.in, &stdio.out, &stdio.err};
    for (int stream = 0; stream <= 2; ++stream) {
        // Out of the way of those still to come, where a caller had its own 0, 1 or 2 closed.
        if (*wanted[stream] && wanted[stream]->get() <= 2)
            *wanted[stream] = Fd(check(::fcntl(wanted[stream]->get(), F_DUPFD_CLOEXEC, 3), "move a stream"));
    }
    for (int stream = 0; stream <= 2; ++stream) {
        if (*wanted[stream]) check(::dup2(wanted[stream]->get(), stream), "set up the standard streams");
        struct stat info {};
        if (uid != 0 && ::fstat(stream, &info) == 0 && S_ISFIFO(info.st_mode) && info.st_uid != uid)
            (void)!::fchown(stream, uid, static_cast<gid_t>(-1));  // so that /dev/stdout can be opened; a comfort
    }
}

void keep_descriptors(const std::vector<int>& preserved, Reporter& reporter, Confinement& confinement) {
    const int first_free = 3 + static_cast<int>(preserved.size());
    reporter.move_above(first_free);
    confinement.listener.move_above(first_free);
    confinement.label.move_above(first_free);
    std::vector<Fd> moved;
    for (const int fd : preserved)
        moved.emplace_back(fd < 0 ? -1 : check(::fcntl(fd, F_DUPFD_CLOEXEC, first_free), "keep descriptor {}", fd));
    int next = 3;
    for (const auto& fd : moved) {
        if (fd) check(::dup2(fd.get(), next), "keep a descriptor");
        if (!fd) ::fcntl(next, F_SETFD, FD_CLOEXEC);  // whatever of ours has this number
        ++next;
    }
    close_at_exec_from(first_free);
}

void reset_signals() {
    struct sigaction standard {};
    for (int number = 1; number < 32; ++number) {
        if (number != SIGKILL && number != SIGSTOP) ::sigaction(number, &standard, nullptr);
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

Confinement open_confinement(const Process& process, const SeccompProgram& seccomp, const Json& profile, Json state,
                             pid_t pid) {
    Confinement made;
    made.seccomp = seccomp;
    made.label = ExecLabel::open(process);
    made.listener = NotifyConnection(seccomp_listener(profile, seccomp), std::move(state), pid);
    return made;
}

void confine(const Process& process, Confinement& confinement) {
    if (process.no_new_privileges) check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs");
    // Loading needs either no_new_privs or a capability that is about to go.
    if (!process.no_new_privileges) load_filter(confinement);
    drop_capabilities(process);
    if (process.no_new_privileges) load_filter(confinement);
}

void apply_personality(const Personality& personality) {
    const unsigned long domain = personality.domain == "LINUX32" ? PER_LINUX32 : PER_LINUX;
    check(::personality(domain), "linux.personality: become {}", personality.domain);
}

void execute(const Process& process) {
    const auto argv = pointers(process.args), envp = pointers(process.env);
    try_places(process, [&](const std::string& path) {
        ::execve(path.c_str(), argv.data(), envp.data());
        return false;
    });
    ::_exit(1);
}

void find_program(const Process& process) {
    try_places(process, [](const std::string& path) {
        struct stat info {};
        if (::access(path.c_str(), X_OK) != 0 || ::stat(path.c_str(), &info) != 0) return false;
        errno = EACCES;
        return S_ISREG(info.st_mode);
    });
}

}  // namespace hoist::runtime::init
