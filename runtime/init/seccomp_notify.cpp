// SPDX-License-Identifier: Apache-2.0
#include "runtime/init/seccomp_notify.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <atomic>
#include <cstring>

#include "base/error.h"
#include "runtime/unix_socket.h"

namespace hoist::runtime::init {
namespace {

int send_descriptor(int socket, const std::string& text, int descriptor) {
    iovec data{const_cast<char*>(text.data()), text.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    return ::sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? errno : 0;
}

constexpr timespec moment{0, 200'000};

}  // namespace

/// What the two processes tell each other, in memory: the one with the filter may make no call.
struct NotifyConnection::Shared {
    std::atomic<int> socket{-1};  ///< the connection's number
    std::atomic<int> filter{-1};  ///< the filter's, once it is loaded; -2: it could not be
    std::atomic<int> result{-1};  ///< 0 or errno of sending it

    static Shared* make() {
        void* const page = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (page == MAP_FAILED) fail_errno(errno, "share a page");
        return new (page) Shared;
    }
    /// The helper's part; ends when the descriptor is sent, or its process gave up or is gone.
    void wait_for_filter(pid_t parent) const {
        while (filter == -1) {
            if (::getppid() != parent) ::_exit(0);
            ::nanosleep(&moment, nullptr);
        }
        if (filter < 0) ::_exit(0);
    }
};

NotifyConnection::NotifyConnection(SeccompListener listener, Json state, pid_t pid)
    : listener_(std::move(listener)), state_(std::move(state)), pid_(pid) {
    if (listener_.path.empty()) return;
    try {
        socket_ = connect_unix(listener_.path, SOCK_STREAM);
    } catch (Error& error) {
        throw error.during("linux.seccomp.listenerPath");
    }
}

void NotifyConnection::move_above(int lowest) {
    if (socket_ && socket_.get() < lowest)
        socket_ = Fd(check(::fcntl(socket_.get(), F_DUPFD_CLOEXEC, lowest), "move a descriptor"));
}

void NotifyConnection::start_helper(const PidNote* note) {
    if (!socket_) return;
    shared_ = Shared::make();
    for_another_ = note != nullptr;
    const pid_t self = ::getpid();
    // Without a signal at its end: nothing of it may reach the program.
    helper_ = static_cast<pid_t>(check(::syscall(SYS_clone, CLONE_FILES, nullptr, nullptr, nullptr, nullptr),
                                       "make a helper for the seccomp listener"));
    if (helper_ > 0) return;
    shared_->wait_for_filter(self);
    // A clone that the listener has to answer first never leaves a pid, so there is an end to waiting for it.
    for (int tries = 0; note && note->pid() == 0 && tries < 5000; ++tries) ::nanosleep(&moment, nullptr);
    // The version is that of the specification's example, and what crun sends.
    const Json told = {{"ociVersion", "0.2.0"},
                       {"fds", {"seccompFd"}},
                       {"pid", note && note->pid() ? note->pid() : pid_},
                       {"metadata", listener_.metadata},
                       {"state", state_}};
    shared_->result = send_descriptor(shared_->socket, told.dump(), shared_->filter);
    ::_exit(0);
}

void NotifyConnection::load_filter(const SeccompProgram& program) {
    sock_fprog filter{};
    filter.len = static_cast<unsigned short>(program.filter.size() / sizeof(sock_filter));
    filter.filter = reinterpret_cast<sock_filter*>(const_cast<char*>(program.filter.data()));
    shared_->socket = socket_.get();
    const long loaded = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, program.flags, &filter);
    const int code = errno;
    shared_->filter = loaded < 0 ? -2 : static_cast<int>(loaded);
    if (loaded < 0) fail_errno(code, "load the seccomp filter");
    if (for_another_) return;
    while (shared_->result == -1) {  // no call may be made that the listener would have to answer first
    }
    if (shared_->result != 0) fail_errno(shared_->result, "send the seccomp filter to {}", listener_.path);
    ::waitpid(helper_, nullptr, __WALL);  // from here on the listener answers
}

}  // namespace hoist::runtime::init
