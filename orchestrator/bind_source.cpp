// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/bind_source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/file.h"
#include "base/path.h"

namespace hoist::orchestrator {
namespace {

using Inode = std::pair<dev_t, ino_t>;

/// By the inode, since a directory may have several names.
std::optional<Inode> inode_of(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return std::nullopt;
    return Inode{info.st_dev, info.st_ino};
}

std::vector<Inode> inodes_of(const std::vector<std::string>& paths) {
    std::vector<Inode> found;
    for (const auto& path : paths)
        if (const auto inode = inode_of(path)) found.push_back(*inode);
    return found;
}

}  // namespace

ConfinedSource confine_source(const std::string& source, const std::vector<std::string>& shared) {
    if (shared.empty()) return {source, ""};
    const auto theirs = inodes_of(shared);
    for (auto end = source.find('/', 1); end != std::string::npos; end = source.find('/', end + 1)) {
        const auto inode = inode_of(source.substr(0, end));
        if (!inode) break;
        const auto rest = source.substr(end + 1);
        const bool is_shared = std::find(theirs.begin(), theirs.end(), *inode) != theirs.end();
        if (is_shared && rest.find_first_not_of('/') != std::string::npos) return {source.substr(0, end), rest};
    }
    return {source, ""};
}

bool is_there(const ConfinedSource& source) {
    if (source.below.empty()) return ::access(source.root.c_str(), F_OK) == 0;
    return RootDir::open(source.root).exists(source.below);
}

void make_source(const ConfinedSource& source) {
    if (source.below.empty()) {
        make_directories(source.root);
    } else {
        RootDir::open(source.root).make_directories_in(source.below);
    }
}

}  // namespace hoist::orchestrator
