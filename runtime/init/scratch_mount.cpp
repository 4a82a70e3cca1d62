// SPDX-License-Identifier: Apache-2.0
#include "runtime/init/scratch_mount.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <array>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"

namespace hoist::runtime::init::scratch {
namespace {

// Covered for a moment only, and in this mount namespace only. Not where our own look-ups pass: /proc.
constexpr const char* directory_place = "/sys";
constexpr const char* file_place = "/dev/zero";

struct Flag {
    std::uint64_t attribute;  // MOUNT_ATTR_*
    unsigned long flag;       // MS_*
    unsigned long present;    // ST_*, as statvfs tells
};
constexpr std::array<Flag, 8> flags = {{{MOUNT_ATTR_RDONLY, MS_RDONLY, ST_RDONLY},
                                        {MOUNT_ATTR_NOSUID, MS_NOSUID, ST_NOSUID},
                                        {MOUNT_ATTR_NODEV, MS_NODEV, ST_NODEV},
                                        {MOUNT_ATTR_NOEXEC, MS_NOEXEC, ST_NOEXEC},
                                        {MOUNT_ATTR_NOATIME, MS_NOATIME, ST_NOATIME},
                                        {MOUNT_ATTR_STRICTATIME, MS_STRICTATIME, 0},
                                        {MOUNT_ATTR_NODIRATIME, MS_NODIRATIME, ST_NODIRATIME},
                                        {MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW, 0x2000}}};

unsigned long recursive(Below below) {
    return below == Below::included ? static_cast<unsigned long>(MS_REC) : 0;
}

unsigned long flags_of(std::uint64_t attributes) {
    unsigned long all = 0;
    for (const auto& one : flags) {
        if (attributes & one.attribute) all |= one.flag;
    }
    return all;
}

unsigned long present_flags(const std::string& path, const std::string& name) {
    struct statvfs info {};
    check(::statvfs(path.c_str(), &info), "look at mount {}", name);
    unsigned long all = 0;
    for (const auto& one : flags) {
        if (info.f_flag & one.present) all |= one.flag;
    }
    if (info.f_flag & ST_RELATIME) all |= MS_RELATIME;
    return all;
}

/// Blanks and the like stand as \040 in mountinfo.
std::string unescape_option(const std::string& text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 3 >= text.size()) {
            plain += text[i];
            continue;
        }
        plain += static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8));
        i += 3;
    }
    return plain;
}

std::string mount_id(const Fd& mount) {
    for (const auto& line : split(read_file(fmt::format("/proc/self/fdinfo/{}", mount.get())), '\n')) {
        if (line.starts_with("mnt_id:")) return std::string(trim(line.substr(7)));
    }
    return "";
}

/// The places of all mounts below one. Parents stand before their children.
std::vector<std::string> places_below(const Fd& mount) {
    std::set<std::string> family = {mount_id(mount)};
    std::vector<std::string> found;
    for (const auto& line : split(read_file("/proc/self/mountinfo"), '\n')) {
        const auto fields = split(line, ' ');
        if (fields.size() < 5 || !family.count(fields[1])) continue;
        family.insert(fields[0]);
        found.push_back(unescape_option(fields[4]));
    }
    return found;
}

}  // namespace

Fd make_mount(const std::string& type, const std::string& source, const MountData& data, std::uint64_t attributes) {
    std::vector<std::string> words;
    for (const auto& [key, value] : data) words.push_back(value.empty() ? key : key + "=" + value);
    check(::mount(source.empty() ? type.c_str() : source.c_str(), directory_place, type.c_str(), flags_of(attributes),
                  join(words, ",").c_str()),
          "mount {}", type);
    return open_file(directory_place, O_PATH | O_DIRECTORY);
}

Fd put(const Fd& detached, const std::string& type) {
    check(::move_mount(detached.get(), "", AT_FDCWD, directory_place, MOVE_MOUNT_F_EMPTY_PATH), "mount {}", type);
    return open_file(directory_place, O_PATH | O_DIRECTORY);
}

Fd clone_mount(const std::string& source, Below below, const std::string& name) {
    struct stat info {};
    check(::stat(source.c_str(), &info), "bind {}", name);
    const char* place = S_ISDIR(info.st_mode) ? directory_place : file_place;
    check(::mount(source.c_str(), place, nullptr, MS_BIND | recursive(below), nullptr), "bind {}", name);
    return open_file(place, O_PATH);
}

void remount(const std::string& path, std::uint64_t set, std::uint64_t clear, const std::string& name) {
    unsigned long wanted = present_flags(path, name) & ~flags_of(clear);
    if (clear & MOUNT_ATTR__ATIME) wanted &= ~static_cast<unsigned long>(MS_NOATIME | MS_RELATIME | MS_STRICTATIME);
    wanted |= flags_of(set);
    check(::mount(nullptr, path.c_str(), nullptr, MS_REMOUNT | MS_BIND | wanted, nullptr),
          "set the options of mount {}", name);
}

void change_mount(const Fd& mount, std::uint64_t set, std::uint64_t clear, Below below, const std::string& name) {
    remount(fd_path(mount), set, clear, name);
    if (below == Below::left_alone) return;
    for (const auto& place : places_below(mount)) remount(place, set, clear, name);
}

void set_propagation(const Fd& mount, std::uint64_t propagation, Below below, const std::string& name) {
    check(::mount(nullptr, fd_path(mount).c_str(), nullptr, propagation | recursive(below), nullptr),
          "set the propagation of mount {}", name);
}

void attach(const Fd& mount, const Fd& target, const std::string& destination) {
    check(::mount(fd_path(mount).c_str(), fd_path(target).c_str(), nullptr, MS_MOVE, nullptr), "mount on {}",
          destination);
}

}  // namespace hoist::runtime::init::scratch
