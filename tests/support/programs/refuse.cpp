// SPDX-License-Identifier: Apache-2.0
// hoist-refuse CALL[:ARGUMENT=VALUE] ERRNO PROGRAM [WORD...]: runs a program for which one system call fails, in itself
// and in all that it starts. CALL and VALUE are numbers; ARGUMENT is 0 to 5, of which the lower 32 bits are compared.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace {

struct Refused {
    unsigned call = 0;
    int argument = -1;
    unsigned value = 0;
};

bool parse(const char* text, Refused& refused) {
    char* end = nullptr;
    refused.call = static_cast<unsigned>(std::strtoul(text, &end, 0));
    if (*end == '\0') return end != text;
    if (*end != ':') return false;
    refused.argument = static_cast<int>(std::strtol(end + 1, &end, 0));
    if (*end != '=' || refused.argument < 0 || refused.argument > 5) return false;
    refused.value = static_cast<unsigned>(std::strtoul(end + 1, &end, 0));
    return *end == '\0';
}

long load(const Refused& refused, unsigned code) {
    const unsigned argument = refused.argument < 0 ? 0 : static_cast<unsigned>(refused.argument);
    const unsigned place = static_cast<unsigned>(offsetof(seccomp_data, args)) + 8 * argument;
    sock_filter filter[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, refused.call, 0, 3),
                            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, place),
                            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, refused.value, 0, 1),
                            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | code),
                            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    if (refused.argument < 0) filter[3] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 0);
    const sock_fprog program{sizeof filter / sizeof filter[0], filter};
    return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

}  // namespace

int main(int count, char** words) {
    Refused refused;
    if (count < 4 || !parse(words[1], refused)) {
        std::fputs("usage: hoist-refuse CALL[:ARGUMENT=VALUE] ERRNO PROGRAM [WORD...]\n", stderr);
        return 2;
    }
    if (load(refused, static_cast<unsigned>(std::atoi(words[2]))) != 0) {
        std::perror("hoist-refuse: seccomp");
        return 2;
    }
    ::execvp(words[3], words + 3);
    std::perror(words[3]);
    return 127;
}
