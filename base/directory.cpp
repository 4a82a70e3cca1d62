// SPDX-License-Identifier: Apache-2.0
#include "base/directory.h"

#include <dirent.h>

#include <algorithm>

#include "base/error.h"

namespace hoist {

std::vector<std::string> names_in(const Fd& dir) {
    Fd fresh = open_at(dir, ".", O_RDONLY | O_DIRECTORY);
    DIR* listing = ::fdopendir(fresh.get());
    if (!listing) fail_errno(errno, "list the directory");
    fresh.release();
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(listing)) names.emplace_back(entry->d_name);
    ::closedir(listing);
    std::erase_if(names, [](const auto& name) { return name == "." || name == ".."; });
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace hoist
