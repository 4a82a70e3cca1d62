// SPDX-License-Identifier: Apache-2.0
#include "storage/changes.h"

#include <sys/stat.h>
#include <sys/xattr.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "base/error.h"
#include "storage/merged_dir.h"
#include "storage/overlay_marks.h"

namespace hoist::storage {
namespace {

class Comparison {
public:
    std::vector<Change> found;

    /// @param below  the directory of the same name in the image, if it is shown there
    void compare(const Fd& upper, const std::string& path, const std::optional<MergedDir>& below, unsigned depth) {
        if (depth > deepest_directory)
            fail(Kind::invalid, "directories nested deeper than {} levels", deepest_directory);
        std::set<std::string> here;
        for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd/" + std::to_string(upper.get())))
            here.insert(entry.path().filename());
        for (const auto& name : here) {
            const auto old = below ? below->find(name) : std::nullopt;
            struct stat info {};
            check(::fstatat(upper.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW), "look at {}", name);
            entry(upper, name, path + "/" + name, info, old, depth);
        }
        // A directory that was removed and made again hides all of the image's: what it lacks is gone.
        if (below && is_opaque(upper))
            for (const auto& name : below->names())
                if (!here.contains(name)) found.push_back({path + "/" + name, Change::Kind::removed});
    }

private:
    void entry(const Fd& upper, const std::string& name, const std::string& path, const struct stat& info,
               const std::optional<MergedDir::Entry>& old, unsigned depth) {
        if (S_ISCHR(info.st_mode) && info.st_rdev == 0) {
            if (old) found.push_back({path, Change::Kind::removed});
            return;
        }
        found.push_back({path, old ? Change::Kind::modified : Change::Kind::added});
        if (!S_ISDIR(info.st_mode)) return;
        std::optional<MergedDir> below;
        if (old && old->directory) below = old->directory->duplicate();
        compare(open_at(upper, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), path, below, depth + 1);
    }
};

}  // namespace

std::vector<Change> changes_of(const std::string& upper, const std::vector<std::string>& lower) {
    Comparison comparison;
    comparison.compare(open_file(upper, O_RDONLY | O_DIRECTORY), "", MergedDir::open_layers(lower), 0);
    std::sort(comparison.found.begin(), comparison.found.end(),
              [](const auto& left, const auto& right) { return left.path < right.path; });
    return std::move(comparison.found);
}

std::vector<Change> without_mount_points(std::vector<Change> changes, const std::vector<std::string>& targets) {
    const auto lies_in = [](const std::string& path, const std::string& directory) {
        return path == directory || path.starts_with(directory + "/");
    };
    std::set<std::string> parents;  // of what was left out
    std::erase_if(changes, [&](const Change& change) {
        const bool ours =
            change.kind == Change::Kind::added && std::any_of(targets.begin(), targets.end(), [&](const auto& target) {
                return lies_in(change.path, target) || lies_in(target, change.path);
            });
        if (ours) parents.insert(change.path.substr(0, change.path.rfind('/')));
        return ours;
    });
    const auto left = changes;
    std::erase_if(changes, [&](const Change& change) {
        const bool others = std::any_of(left.begin(), left.end(), [&](const Change& other) {
            return other.path != change.path && lies_in(other.path, change.path);
        });
        return change.kind == Change::Kind::modified && parents.contains(change.path) && !others;
    });
    return changes;
}

}  // namespace hoist::storage
