// SPDX-License-Identifier: Apache-2.0
// floor LOWER WORK_AREA SECCOMP|- BRIDGE|- ADDRESS GATEWAY PROGRAM [ARGUMENT...]: one container of bare kernel calls.
// floor exec PID SECCOMP|- PROGRAM [ARGUMENT...]: one more process in the container of process PID.
#include <cstdio>
#include <cstdlib>

#include "bench/floor.h"
#include "bench/floor_exec.h"

int main(int count, char** words) {
    const auto word = [&](int i) { return std::string(words[i]) == "-" ? std::string() : std::string(words[i]); };
    if (count > 4 && word(1) == "exec") return hoist::bench::run_floor_exec(std::atoi(words[2]), word(3), words + 4);
    if (count < 8) {
        std::fputs(
            "usage: floor LOWER WORK_AREA SECCOMP|- BRIDGE|- ADDRESS GATEWAY PROGRAM [ARGUMENT...]\n"
            "       floor exec PID SECCOMP|- PROGRAM [ARGUMENT...]\n",
            stderr);
        return 2;
    }
    return hoist::bench::run_floor({.lower = word(1),
                                    .work_area = word(2),
                                    .seccomp = word(3),
                                    .bridge = word(4),
                                    .address = word(5),
                                    .gateway = word(6),
                                    .argv = words + 7});
}
