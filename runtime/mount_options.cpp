// SPDX-License-Identifier: Apache-2.0
#include "runtime/mount_options.h"

#include <sys/mount.h>

#include <array>
#include <string_view>

namespace hoist::runtime {
namespace {

struct AttributeWord {
    std::string_view word;
    std::uint64_t set, clear;
};
// The access-time settings are one field of three values, so each of them clears the field first.
constexpr std::array<AttributeWord, 17> attribute_words = {{
    {"ro", MOUNT_ATTR_RDONLY, 0},
    {"rw", 0, MOUNT_ATTR_RDONLY},
    {"nosuid", MOUNT_ATTR_NOSUID, 0},
    {"suid", 0, MOUNT_ATTR_NOSUID},
    {"nodev", MOUNT_ATTR_NODEV, 0},
    {"dev", 0, MOUNT_ATTR_NODEV},
    {"noexec", MOUNT_ATTR_NOEXEC, 0},
    {"exec", 0, MOUNT_ATTR_NOEXEC},
    {"noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
    {"atime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
    {"relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
    {"norelatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
    {"strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
    {"nodiratime", MOUNT_ATTR_NODIRATIME, 0},
    {"diratime", 0, MOUNT_ATTR_NODIRATIME},
    {"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0},
    {"symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW},
}};

bool read_attribute(std::string_view word, MountOptions& options) {
    for (const auto& row : attribute_words) {
        if (word == row.word) {
            options.set = (options.set & ~row.clear) | row.set;
            options.clear |= row.clear;
            return true;
        }
        if (word.size() == row.word.size() + 1 && word[0] == 'r' && word.substr(1) == row.word) {
            options.recursive_set = (options.recursive_set & ~row.clear) | row.set;
            options.recursive_clear |= row.clear;
            return true;
        }
    }
    return false;
}

bool read_propagation(std::string_view word, MountOptions& options) {
    static constexpr std::array<std::pair<std::string_view, std::uint64_t>, 4> words = {
        {{"private", MS_PRIVATE}, {"shared", MS_SHARED}, {"slave", MS_SLAVE}, {"unbindable", MS_UNBINDABLE}}};
    for (const auto& [name, flag] : words) {
        if (word != name && !(word.size() == name.size() + 1 && word[0] == 'r' && word.substr(1) == name)) continue;
        options.propagation = flag;
        options.propagation_recursive = word != name;
        return true;
    }
    return false;
}

}  // namespace

MountOptions parse_mount_options(const Mount& mount) {
    MountOptions options;
    options.bind = mount.type == "bind";
    for (const auto& word : mount.options) {
        if (word == "bind" || word == "rbind") {
            options.bind = true;
            options.bind_recursive = word == "rbind";
        } else if (word != "defaults" && !word.empty() && !read_propagation(word, options) &&
                   !read_attribute(word, options)) {
            const auto equals = word.find('=');
            options.data.emplace_back(word.substr(0, equals),
                                      equals == std::string::npos ? "" : word.substr(equals + 1));
        }
    }
    return options;
}

}  // namespace hoist::runtime
