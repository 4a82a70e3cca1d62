// SPDX-License-Identifier: Apache-2.0
#include "runtime/mount_options.h"

#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "runtime/user_namespace.h"
#include "runtime/users.h"

namespace hoist::runtime {
namespace {

struct AttributeWord {
    std::string_view word;
    std::uint64_t set, clear;
};
// The access-time settings are one field of three values, so each of them clears the field first.
constexpr std::array<AttributeWord, 18> attribute_words = {{
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
    {"nostrictatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
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

/// Words that stand for the mount's kind, and those without a meaning of their own.
bool read_kind(std::string_view word, MountOptions& options) {
    if (word == "bind" || word == "rbind") {
        options.bind = true;
        options.bind_recursive = word == "rbind";
    } else if (word == "idmap" || word == "ridmap" || word.starts_with("idmap=") || word.starts_with("ridmap=")) {
        options.id_mapped = true;
        options.id_mapped_recursive = word[0] == 'r';
    } else if (word == "remount") {
        options.remount = true;
    } else if (word == "tmpcopyup") {
        options.copy_up = true;
    } else {
        return word.empty() || word == "defaults" || word == "silent" || word == "loud";
    }
    return true;
}

/// "0-100000-10#10-5-1", or "@..." with second ids of the container.
std::vector<IdMapping> parse_ranges(std::string_view text, const std::vector<IdMapping>& own) {
    const bool relative = text.starts_with("@");
    std::vector<IdMapping> ranges;
    for (const auto& written : split(text.substr(relative), '#')) {
        const auto fields = split(written, '-');
        std::array<std::uint32_t, 3> numbers{};
        if (fields.size() != 3) fail(Kind::invalid, "idmap: \"{}\" is not ID-ID-COUNT", escape_for_terminal(written));
        for (std::size_t i = 0; i < 3; ++i) {
            const auto number = parse_id(fields[i]);
            if (!number) fail(Kind::invalid, "idmap: \"{}\" is not an id", escape_for_terminal(fields[i]));
            numbers[i] = *number;
        }
        IdMapping made{numbers[0], numbers[1], numbers[2]};
        if (relative) made.host_id = host_id(own, made.host_id);
        ranges.push_back(made);
    }
    return ranges;
}

/// What stands behind "idmap=", if anything does.
std::string_view written_mappings(const Mount& mount) {
    for (const std::string_view word : mount.options) {
        if (word.starts_with("idmap=") || word.starts_with("ridmap=")) return word.substr(word.find('=') + 1);
    }
    return "";
}

}  // namespace

MountOptions parse_mount_options(const Mount& mount) {
    MountOptions options;
    options.bind = mount.type == "bind";
    options.id_mapped = !mount.uid_mappings.empty();
    for (const auto& word : mount.options) {
        if (read_kind(word, options) || read_propagation(word, options) || read_attribute(word, options)) continue;
        const auto equals = word.find('=');
        options.data.emplace_back(word.substr(0, equals), equals == std::string::npos ? "" : word.substr(equals + 1));
    }
    if (options.id_mapped && !options.bind)
        fail(Kind::invalid, "mount on {}: only bind mounts can be id-mapped", mount.destination);
    if (options.copy_up && mount.type != "tmpfs")
        fail(Kind::invalid, "mount on {}: tmpcopyup is for tmpfs", mount.destination);
    return options;
}

std::vector<std::string> known_mount_options() {
    std::vector<std::string> words = {"bind",     "rbind",   "remount",  "tmpcopyup",  "idmap",       "ridmap",
                                      "defaults", "silent",  "loud",     "private",    "rprivate",    "shared",
                                      "rshared",  "slave",   "rslave",   "unbindable", "runbindable", "async",
                                      "sync",     "dirsync", "lazytime", "nolazytime"};
    for (const auto& row : attribute_words) {
        words.emplace_back(row.word);
        words.push_back("r" + std::string(row.word));
    }
    std::sort(words.begin(), words.end());
    return words;
}

bool has_written_mappings(const Mount& mount) {
    return !written_mappings(mount).empty();
}

std::optional<IdMappings> mount_id_mappings(const Mount& mount, const Config& config) {
    const auto options = parse_mount_options(mount);
    if (!options.id_mapped) return std::nullopt;
    if (!mount.uid_mappings.empty()) return IdMappings{mount.uid_mappings, mount.gid_mappings};
    IdMappings made;
    const std::string written(written_mappings(mount));
    for (const auto& part : split(written, ';')) {
        if (part.starts_with("uids=")) made.uids = parse_ranges(std::string_view(part).substr(5), config.uid_mappings);
        if (part.starts_with("gids=")) made.gids = parse_ranges(std::string_view(part).substr(5), config.gid_mappings);
    }
    if (written.empty()) made = {config.uid_mappings, config.gid_mappings};
    if (made.uids.empty() || made.gids.empty())
        fail(Kind::invalid, "mount on {}: idmap needs mappings: its own, or those of the container's user namespace",
             mount.destination);
    return made;
}

}  // namespace hoist::runtime
