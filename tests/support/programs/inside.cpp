// SPDX-License-Identifier: Apache-2.0
#include "tests/support/programs/inside.h"

#include <cstdio>
#include <cstring>

int main(int count, char** words) {
    using namespace hoist::inside;
    constexpr struct {
        const char* name;
        int (*run)(int, char**);
    } commands[] = {{"syscalls", probe_syscalls},
                    {"swap", swap_names},
                    {"hunt", hunt},
                    {"hold", hold},
                    {"grab", grab_programs},
                    {"writable", list_writable},
                    {"devices", list_devices},
                    {"descriptors", list_descriptors},
                    {"user", tell_user},
                    {"notify", notify}};
    for (const auto& command : commands)
        if (count > 1 && std::strcmp(words[1], command.name) == 0) return command.run(count - 2, words + 2);
    std::fputs("usage: hoist-inside syscalls|swap|hunt|hold|grab|writable|devices|descriptors|user|notify ...\n", stderr);
    return 2;
}
