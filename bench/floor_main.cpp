// SPDX-License-Identifier: Apache-2.0
// floor LOWER WORK_AREA SECCOMP|- BRIDGE|- ADDRESS GATEWAY PROGRAM [ARGUMENT...]: one container of bare kernel calls.
#include <cstdio>

#include "bench/floor.h"

int main(int count, char** words) {
    if (count < 8) {
        std::fputs("usage: floor LOWER WORK_AREA SECCOMP|- BRIDGE|- ADDRESS GATEWAY PROGRAM [ARGUMENT...]\n", stderr);
        return 2;
    }
    const auto word = [&](int i) { return std::string(words[i]) == "-" ? std::string() : std::string(words[i]); };
    return hoist::bench::run_floor({.lower = word(1),
                                    .work_area = word(2),
                                    .seccomp = word(3),
                                    .bridge = word(4),
                                    .address = word(5),
                                    .gateway = word(6),
                                    .argv = words + 7});
}
