#pragma once
// SPDX-License-Identifier: Apache-2.0
// Other people's files to check against, where they are at hand: HOIST_TEST_DATA names the folder, else it lies beside
// the project as shared/data.

#include <cstdlib>
#include <filesystem>

namespace hoist::compose::test {

/// A file or folder of it; empty if it is not there.
inline std::string data(const std::string& name) {
    const char* root = std::getenv("HOIST_TEST_DATA");
    const std::filesystem::path path =
        (root ? std::filesystem::path(root) : std::filesystem::path(SOURCE_DIR) / "../shared/data") / name;
    return std::filesystem::exists(path) ? path.string() : "";
}

}  // namespace hoist::compose::test
