// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target over files, once each: what libFuzzer does with files as arguments, for builds without it.
#include <cstdint>
#include <cstdio>

#include "base/error.h"
#include "base/file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int count, char** paths) {
    try {
        for (int i = 1; i < count; ++i) {
            const std::string input = hoist::read_file(paths[i]);
            LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
        }
    } catch (const hoist::Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    std::printf("%d inputs\n", count - 1);
    return 0;
}
