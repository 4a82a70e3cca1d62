// SPDX-License-Identifier: Apache-2.0
// How long an image's import takes: import_bench ARCHIVE DIRECTORY. To be set beside `tar -x` of the same archive.
#include <cstdio>

#include "base/error.h"
#include "storage/image.h"
#include "storage/layout.h"

using namespace hoist;

int main(int argc, char** argv) {
    if (argc != 3) {
        fmt::print(stderr, "usage: import_bench ARCHIVE DIRECTORY\n");
        return 2;
    }
    try {
        const std::string base = argv[2];
        const storage::Layout layout(base + "/root", base + "/run");
        layout.make();
        storage::Database database(layout.database());
        storage::ImageStore store(layout, database);
        const auto start = std::chrono::steady_clock::now();
        const std::string id = store.import(open_file(argv[1], O_RDONLY), {});
        const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
        fmt::print("{} {:.3f} s\n", id.substr(0, 19), time.count());
    } catch (const Error& error) {
        fmt::print(stderr, "import_bench: {}\n", error.what());
        return 1;
    }
    return 0;
}
