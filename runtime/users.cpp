// SPDX-License-Identifier: Apache-2.0
#include "runtime/users.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/text.h"

namespace hoist::runtime {
namespace {

struct PasswdEntry {
    std::string name, home;
    std::uint32_t uid = 0, gid = 0;
};
struct GroupEntry {
    std::string name;
    std::uint32_t gid = 0;
    std::vector<std::string> members;
};

/// Calls what(fields) for each line until it returns true.
template <class What>
void each_line(std::string_view text, What what) {
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!line.empty() && line[0] != '#' && what(split(line, ':'))) return;
    }
}

/// The first entry that `matches`; malformed lines are nobody's.
template <class Matches>
std::optional<PasswdEntry> find_user(std::string_view passwd, Matches matches) {
    std::optional<PasswdEntry> found;
    each_line(passwd, [&](const std::vector<std::string>& fields) {
        if (fields.size() < 4) return false;
        const auto uid = parse_id(fields[2]), gid = parse_id(fields[3]);
        if (!uid || !gid) return false;
        PasswdEntry entry{fields[0], fields.size() > 5 ? fields[5] : "", *uid, *gid};
        if (!matches(entry)) return false;
        found = std::move(entry);
        return true;
    });
    return found;
}

std::vector<GroupEntry> read_groups(std::string_view text) {
    std::vector<GroupEntry> groups;
    each_line(text, [&](const std::vector<std::string>& fields) {
        const auto gid = fields.size() >= 3 ? parse_id(fields[2]) : std::nullopt;
        if (gid)
            groups.push_back({fields[0], *gid, fields.size() > 3 ? split(fields[3], ',') : std::vector<std::string>{}});
        return false;
    });
    return groups;
}

std::uint32_t find_group(const std::vector<GroupEntry>& groups, const std::string& written) {
    if (const auto gid = parse_id(written)) return *gid;
    for (const auto& group : groups) {
        if (!written.empty() && group.name == written) return group.gid;
    }
    fail(Kind::invalid, "unable to find group \"{}\": it is neither a number nor in the image's group file",
         escape_for_terminal(written));
}

/// What looks like a number but is none (" 0", "-1", "+0") is a mistake, never the name of somebody.
void refuse_odd_name(const std::string& name) {
    const bool odd = name.empty() || name[0] == '-' || name[0] == '+' ||
                     std::any_of(name.begin(), name.end(), [](unsigned char c) { return c <= ' ' || c == 0x7f; });
    if (odd) fail(Kind::invalid, "\"{}\" is not a user name", escape_for_terminal(name));
    const bool digits = std::all_of(name.begin(), name.end(), [](unsigned char c) { return c >= '0' && c <= '9'; });
    if (digits) fail(Kind::invalid, "user id {} is out of range: ids go from 0 to 4294967294", name);
}

void add_group(std::vector<std::uint32_t>& groups, std::uint32_t gid) {
    if (std::find(groups.begin(), groups.end(), gid) == groups.end()) groups.push_back(gid);
}

}  // namespace

std::optional<std::uint32_t> parse_id(std::string_view text) {
    std::uint32_t id = 0;
    if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (problem != std::errc() || end != text.data() + text.size() || id == 0xffffffff) return std::nullopt;
    return id;
}

ResolvedUser resolve_user(const User& user, std::string_view passwd, std::string_view group) {
    ResolvedUser made{user.uid, user.gid, user.additional_gids, ""};
    if (user.name.empty() && user.group_names.empty()) {
        const auto entry = find_user(passwd, [&](const PasswdEntry& e) { return e.uid == user.uid; });
        if (entry) made.home = entry->home;
        return made;
    }
    const auto groups = read_groups(group);
    const auto colon = user.name.find(':');
    const std::string name = user.name.empty() ? std::to_string(user.uid) : user.name.substr(0, colon);
    const auto number = parse_id(name);
    if (!number) refuse_odd_name(name);
    const auto entry =
        find_user(passwd, [&](const PasswdEntry& e) { return number ? e.uid == *number : e.name == name; });
    if (!number && !entry)
        fail(Kind::invalid, "unable to find user \"{}\": it is not in the image's passwd file",
             escape_for_terminal(name));
    made.uid = number ? *number : entry->uid;
    if (!user.name.empty()) made.gid = entry ? entry->gid : 0;
    made.home = entry ? entry->home : "";
    if (colon != std::string::npos) made.gid = find_group(groups, user.name.substr(colon + 1));
    add_group(made.groups, made.gid);
    if (entry && colon == std::string::npos) {
        for (const auto& one : groups) {
            if (std::find(one.members.begin(), one.members.end(), entry->name) != one.members.end())
                add_group(made.groups, one.gid);
        }
    }
    for (const auto& extra : user.group_names) add_group(made.groups, find_group(groups, extra));
    return made;
}

}  // namespace hoist::runtime
