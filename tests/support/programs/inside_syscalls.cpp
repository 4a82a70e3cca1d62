// SPDX-License-Identifier: Apache-2.0
// The filter is asked, not the kernel behind it: a second filter of our own answers every call that carries a mark in
// its sixth argument with "tell the supervisor", which is weaker than any refusal of the first filter. So a refusal
// comes back as it is, and what would be allowed comes to us, is not made, and gets an answer that no call has.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include "tests/support/programs/inside.h"

namespace hoist::inside {
namespace {

constexpr unsigned mark = 0x5ec0de;
constexpr int allowed = 2000, killed = 2001, unanswered = 2002;
constexpr int x32_bit = 0x40000000;
constexpr int most = 1024;

#if defined(__x86_64__)
long call_64(long number, unsigned long first) {
    long result = number;
    register long fourth asm("r10") = 0;
    register long fifth asm("r8") = 0;
    register long sixth asm("r9") = mark;
    asm volatile("syscall"
                 : "+a"(result), "+r"(fourth), "+r"(fifth), "+r"(sixth)
                 : "D"(first), "S"(0L), "d"(0L)
                 : "rcx", "r11", "memory");
    return result;
}

long call_32(long number, unsigned long first) {
    int result = static_cast<int>(number);
    asm volatile(
        "push %%rbp\n\t"
        "mov %[sixth], %%ebp\n\t"
        "int $0x80\n\t"
        "pop %%rbp"
        : "+a"(result)
        : "b"(static_cast<unsigned>(first)), "c"(0), "d"(0), "S"(0), "D"(0), [sixth] "i"(mark)
        : "r8", "r9", "r10", "r11", "memory");
    return result;
}
#else
long call_64(long number, unsigned long first) {
    return ::syscall(number, first, 0L, 0L, 0L, 0L, long{mark}) < 0 ? -errno : 0;
}
long call_32(long, unsigned long) {
    return -unanswered;
}
#endif

/// The listener for marked calls of this process and its children; -1 if it cannot be had.
int watch_marked_calls() {
    sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[5])),
                          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, mark, 0, 1),
                          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
                          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog program{sizeof code / sizeof code[0], code};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    return static_cast<int>(
        ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
}

struct Table {
    const char* name;
    int offset;
    long (*call)(long, unsigned long);
};
constexpr Table tables[] = {{"x86_64", 0, call_64}, {"x32", x32_bit, call_64}, {"i386", 0, call_32}};

/// The child's part. What kills it leaves its mark in the answer before.
[[noreturn]] void ask(const Table& table, int first, int last, unsigned long argument, volatile int* answers) {
    for (int number = first; number <= last; ++number) {
        if (answers[number] != unanswered) continue;
        answers[number] = killed;
        answers[number] = static_cast<int>(-table.call(number + table.offset, argument));
    }
    ::_exit(0);
}

void answer_calls(int listener, pid_t child) {
    for (int status = 0; ::waitpid(child, &status, WNOHANG) == 0;) {
        pollfd waiting{listener, POLLIN, 0};
        if (::poll(&waiting, 1, 2) < 1) continue;
        seccomp_notif request{};
        if (::ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) continue;
        seccomp_notif_resp answer{};
        answer.id = request.id;
        answer.error = -allowed;
        ::ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }
}

void print(const Table& table, int first, int last, const volatile int* answers) {
    for (int number = first; number <= last; ++number) {
        std::printf("%s %d ", table.name, number);
        if (answers[number] == allowed)
            std::printf("allow\n");
        else if (answers[number] == killed)
            std::printf("kill\n");
        else
            std::printf("%d\n", answers[number]);
    }
}

/// Runs children until every number has its answer.
void probe(const Table& table, int listener, int first, int last, unsigned long argument, volatile int* answers) {
    for (int number = first; number <= last; ++number) answers[number] = unanswered;
    for (int left = last - first + 1; left > 0; --left) {
        const pid_t child = ::fork();
        if (child == 0) ask(table, first, last, argument, answers);
        answer_calls(listener, child);
        int number = first;
        while (number <= last && answers[number] != unanswered) ++number;
        if (number > last) return;
    }
}

}  // namespace

int probe_syscalls(int count, char** words) {
    if (count < 2) return 2;
    const int first = std::atoi(words[0]), last = std::atoi(words[1]);
    const unsigned long argument = count > 2 ? std::strtoul(words[2], nullptr, 0) : 0;
    if (first < 0 || last >= most) return 2;
    const int listener = watch_marked_calls();
    if (listener < 0) {
        std::perror("hoist-inside: seccomp listener");
        return 1;
    }
    auto* answers = static_cast<volatile int*>(
        ::mmap(nullptr, most * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    for (const auto& table : tables) {
        probe(table, listener, first, last, argument, answers);
        print(table, first, last, answers);
    }
    return 0;
}

}  // namespace hoist::inside
