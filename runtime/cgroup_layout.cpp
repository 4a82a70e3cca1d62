// SPDX-License-Identifier: Apache-2.0
// Where the cgroup hierarchies are.
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "runtime/cgroup.h"

namespace hoist::runtime {
namespace {

/// One line of mountinfo, as far as we need it.
struct MountLine {
    std::string mount_point, type, options;
};

/// mountinfo writes blanks as \040.
std::string unescape(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size()) {
            plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
            i += 3;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

std::optional<MountLine> parse_mount_line(std::string_view line) {
    const auto dash = line.find(" - cgroup");  // the others need no closer look
    if (dash == std::string_view::npos) return std::nullopt;
    const auto before = split(line.substr(0, dash), ' ');
    const auto after = split(line.substr(dash + 3), ' ');
    if (before.size() < 5 || after.size() < 3) return std::nullopt;
    return MountLine{unescape(before[4]), after[0], after[2]};
}

/// The controllers among the options of a v1 mount.
std::string controllers_of(const std::string& options) {
    static const std::set<std::string> others = {"rw",       "ro",          "xattr", "clone_children", "cpuset_v2_mode",
                                                 "noprefix", "favordynmods"};
    std::vector<std::string> kept;
    for (auto& option : split(options, ',')) {
        if (others.count(option) || option.rfind("release_agent=", 0) == 0) continue;
        kept.push_back(std::move(option));
    }
    return join(kept, ",");
}

std::set<std::string> as_set(const std::string& controllers) {
    const auto names = split(controllers, ',');
    return {names.begin(), names.end()};
}

/// The path in the line of /proc/self/cgroup with these controllers ("" for v2).
std::string own_path_in(const std::vector<std::string>& lines, const std::string& controllers) {
    for (const auto& line : lines) {
        const auto first = line.find(':');
        const auto second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) continue;
        if (as_set(line.substr(first + 1, second - first - 1)) == as_set(controllers)) return line.substr(second + 1);
    }
    return "/";
}

}  // namespace

CgroupLayout CgroupLayout::detect(const std::string& root) {
    const std::string base = root == "/" ? "" : root;
    const std::string mounts = read_file(base + "/proc/self/mountinfo");
    const auto own = split(read_file(base + "/proc/self/cgroup"), '\n');
    CgroupLayout layout;
    bool any_v1 = false, any_v2 = false;
    std::set<std::string> seen;
    for (std::size_t at = 0; at < mounts.size();) {
        const auto end = std::min(mounts.find('\n', at), mounts.size());
        const auto line = parse_mount_line(std::string_view(mounts).substr(at, end - at));
        at = end + 1;
        if (!line) continue;
        const bool v2 = line->type == "cgroup2";
        const std::string controllers = v2 ? "" : controllers_of(line->options);
        if (!seen.insert(controllers).second) continue;
        (v2 ? any_v2 : any_v1) = true;
        layout.hierarchies.push_back({controllers, base + line->mount_point, own_path_in(own, controllers)});
    }
    layout.mode = !any_v1 ? CgroupMode::v2 : any_v2 ? CgroupMode::hybrid : CgroupMode::v1;
    return layout;
}

const CgroupLayout& CgroupLayout::host() {
    static const CgroupLayout layout = detect();
    return layout;
}

}  // namespace hoist::runtime
