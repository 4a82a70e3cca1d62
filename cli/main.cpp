// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"

int main(int count, char** words) {
    return hoist::cli::run_command({words + 1, words + count});
}
