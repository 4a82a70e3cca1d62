// SPDX-License-Identifier: Apache-2.0
#include "storage/merged_dir.h"

#include <dirent.h>
#include <limits.h>
#include <sys/xattr.h>

#include <array>
#include <deque>

#include "base/error.h"
#include "base/text.h"
#include "storage/overlay_marks.h"

namespace hoist::storage {
namespace {

std::string read_link(int dir, const std::string& name) {
    std::array<char, PATH_MAX> target{};
    const auto size = check(::readlinkat(dir, name.c_str(), target.data(), target.size()), "read the link {}", name);
    return {target.data(), static_cast<std::size_t>(size)};
}

/// Puts a path's parts in front of what is still to be walked.
void prepend(std::deque<std::string>& parts, const std::string& path) {
    const auto more = split(path, '/');
    parts.insert(parts.begin(), more.begin(), more.end());
}

}  // namespace

MergedDir MergedDir::open_layers(const std::vector<std::string>& layers) {
    if (layers.empty()) fail(Kind::invalid, "an image without layers");
    MergedDir root;
    for (const auto& layer : layers) root.dirs_.push_back(open_file(layer, O_RDONLY | O_DIRECTORY));
    return root;
}

MergedDir MergedDir::duplicate() const {
    MergedDir copy;
    for (const auto& dir : dirs_) copy.dirs_.push_back(dir.duplicate());
    return copy;
}

std::optional<MergedDir::Entry> MergedDir::find(const std::string& name) const {
    Entry found;
    MergedDir merged;
    for (const auto& dir : dirs_) {
        struct stat info {};
        if (::fstatat(dir.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
            if (errno == ENOENT) continue;
            if (errno == ENAMETOOLONG) return std::nullopt;
            fail_errno(errno, "look at {} in a layer", name);
        }
        if (is_whiteout(info)) break;
        if (!S_ISDIR(info.st_mode)) {
            if (!merged.dirs_.empty()) break;  // a directory above it hides it
            found.info = info;
            found.holder = dir.get();
            return found;
        }
        if (merged.dirs_.empty()) found.info = info;
        merged.dirs_.push_back(open_at(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
        if (is_opaque(merged.dirs_.back())) break;
    }
    if (merged.dirs_.empty()) return std::nullopt;
    found.directory = std::move(merged);
    return found;
}

std::set<std::string> MergedDir::names() const {
    std::set<std::string> shown, seen;
    for (const auto& dir : dirs_) {
        Fd fresh = open_at(dir, ".", O_RDONLY | O_DIRECTORY);  // with a position of its own
        DIR* listing = ::fdopendir(fresh.get());
        if (!listing) fail_errno(errno, "list a directory of a layer");
        fresh.release();
        while (const dirent* entry = ::readdir(listing)) {
            const std::string name = entry->d_name;
            if (name == "." || name == ".." || !seen.insert(name).second) continue;
            struct stat info {};
            const bool hidden = entry->d_type == DT_CHR &&
                                ::fstatat(dir.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
                                is_whiteout(info);
            if (!hidden) shown.insert(name);
        }
        ::closedir(listing);
    }
    return shown;
}

std::optional<Resolved> resolve_in_layers(const std::vector<std::string>& layers, const std::string& path) {
    std::vector<MergedDir> way;  // from the root to where we are, for ".."
    way.push_back(MergedDir::open_layers(layers));
    std::deque<std::string> parts;
    prepend(parts, path);
    int links = 0;
    while (!parts.empty()) {
        const std::string name = parts.front();
        parts.pop_front();
        if (name.empty() || name == ".") continue;
        if (name == "..") {
            if (way.size() > 1) way.pop_back();
            continue;
        }
        auto entry = way.back().find(name);
        if (!entry) return std::nullopt;
        const bool at_end = std::all_of(parts.begin(), parts.end(), [](const auto& part) { return part.empty(); });
        if (entry->directory) {
            way.push_back(std::move(*entry->directory));
        } else if (S_ISLNK(entry->info.st_mode)) {
            if (++links > 40) return std::nullopt;
            const std::string target = read_link(entry->holder, name);
            if (target.starts_with('/')) way.erase(way.begin() + 1, way.end());
            prepend(parts, target);
        } else if (at_end) {
            return Resolved{std::move(way.back()), name, std::move(*entry)};
        } else {
            return std::nullopt;
        }
    }
    MergedDir::Entry here;
    check(::fstat(way.back().top().get(), &here.info), "look at a directory of a layer");
    here.directory = way.back().duplicate();
    return Resolved{std::move(way.back()), "", std::move(here)};
}

}  // namespace hoist::storage
