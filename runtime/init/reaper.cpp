// SPDX-License-Identifier: Apache-2.0
// A small process 1 in front of programs that do not reap.
#include <signal.h>
#include <sys/wait.h>

#include "runtime/init/program.h"

namespace hoist::runtime::init {
namespace {

/// Takes in everyone who has ended. @return the program's wait status once it is among them
bool reap_program(pid_t program, int& status) {
    bool ended = false;
    int one = 0;
    for (pid_t pid; (pid = ::waitpid(-1, &one, WNOHANG)) > 0;) {
        if (pid == program) {
            status = one;
            ended = true;
        }
    }
    return ended;
}

}  // namespace

void run_reaper(pid_t program) {
    // It stays our own program: still hidden, as it was born, and holding nothing. (What follows must not need calls
    // that an old seccomp profile does not know.)
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    int status = 0;
    while (!reap_program(program, status)) {
        siginfo_t info{};
        const int signal = ::sigwaitinfo(&all, &info);
        // A terminal's own signals reach the program anyway; the kernel sends them to the whole foreground group.
        if (signal > 0 && signal != SIGCHLD && !(info.si_code == SI_KERNEL && signal != SIGTERM))
            ::kill(program, signal);
    }
    ::_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

}  // namespace hoist::runtime::init
