// SPDX-License-Identifier: Apache-2.0
// hoist-test-host COMMAND...: runs a command in a test host, for trying things by hand and for benchmarks.
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "tests/support/test_host.h"

int main(int count, char** words) {
    if (count < 2) {
        std::fputs("usage: hoist-test-host COMMAND [ARGUMENT...]\n", stderr);
        return 2;
    }
    try {
        hoist::test::enter_test_host();
    } catch (const hoist::Error& error) {
        std::fprintf(stderr, "hoist-test-host: %s\n", error.what());
        return 1;
    }
    // Not as process 1 itself: shells and daemons expect somebody to reap for them.
    const pid_t child = fork();
    if (child == 0) {
        execvp(words[1], words + 1);
        std::fprintf(stderr, "hoist-test-host: %s: %s\n", words[1], std::strerror(errno));
        _exit(127);
    }
    for (int status = 0;;) {
        const pid_t ended = wait(&status);
        if (ended == child) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
}
