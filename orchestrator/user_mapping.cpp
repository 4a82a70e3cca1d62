// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/user_mapping.h"

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "runtime/users.h"

namespace hoist::orchestrator {
namespace {

/// A user or group as subuid names it: by name or by id.
struct Account {
    std::string name;
    std::optional<std::uint32_t> id;
};

/// The line of passwd or group with this name or id.
std::optional<Account> find_account(const std::string& text, const std::string& written) {
    const auto number = runtime::parse_id(written);
    for (const auto& line : split(text, '\n')) {
        const auto fields = split(line, ':');
        if (fields.size() < 3) continue;
        const auto id = runtime::parse_id(fields[2]);
        if (id && (number ? id == number : fields[0] == written)) return Account{fields[0], id};
    }
    return std::nullopt;
}

Account account_of(const std::string& text, const std::string& written, const char* kind) {
    if (const auto found = find_account(text, written)) return *found;
    fail(Kind::invalid, "userns-remap: there is no {} '{}' on this host", kind, escape_for_terminal(written));
}

runtime::IdMapping read_range(const std::vector<std::string>& fields, const std::string& line, const char* file) {
    const auto first = fields.size() == 3 ? runtime::parse_id(fields[1]) : std::nullopt;
    const auto count = fields.size() == 3 ? runtime::parse_id(fields[2]) : std::nullopt;
    if (!first || !count || *count == 0 || *count > 0xffffffff - *first)
        fail(Kind::invalid, "{}: '{}' is no range of ids: write it as name:first:count", file,
             escape_for_terminal(line));
    if (*first == 0)
        fail(Kind::invalid, "{}: '{}' begins with the host's root, from whom containers are to be kept apart", file,
             escape_for_terminal(line));
    return {0, *first, *count};
}

std::vector<runtime::IdMapping> ranges_of(const std::string& text, const Account& account, const char* file) {
    std::vector<runtime::IdMapping> ranges;
    std::uint64_t next = 0;
    for (const auto& line : split(text, '\n')) {
        const auto fields = split(line, ':');
        const bool theirs = fields[0] == account.name || (account.id && fields[0] == std::to_string(*account.id));
        if (!theirs || line.empty()) continue;
        auto range = read_range(fields, line, file);
        range.container_id = static_cast<std::uint32_t>(next);
        next += range.size;
        if (next > 0xffffffff)
            fail(Kind::invalid, "{}: the ranges of {} hold more ids than there are", file, account.name);
        ranges.push_back(range);
    }
    if (ranges.empty())
        fail(Kind::invalid, "{}: {} has no ids there: add a line like '{}:100000:65536'", file, account.name,
             account.name);
    return ranges;
}

/// The user that "default" means.
std::string default_user(const AccountFiles& files) {
    for (const char* name : {"hoist", "dockremap"})
        if (files.subuid.rfind(std::string(name) + ":", 0) == 0 ||
            files.subuid.find("\n" + std::string(name) + ":") != std::string::npos)
            return name;
    fail(Kind::invalid,
         "userns-remap: neither hoist nor dockremap has ids in /etc/subuid: add 'hoist:100000:65536' there and to "
         "/etc/subgid");
}

}  // namespace

AccountFiles read_account_files() {
    const auto text = [](const char* path) { return read_file_if_exists(path).value_or(""); };
    return {text("/etc/passwd"), text("/etc/group"), text("/etc/subuid"), text("/etc/subgid")};
}

UserMapping read_user_mapping(const std::string& option, const AccountFiles& files) {
    if (option == "default") {
        // Needs no account: only the ranges that are set aside under the name matter.
        const Account account{default_user(files), std::nullopt};
        return {ranges_of(files.subuid, account, "/etc/subuid"), ranges_of(files.subgid, account, "/etc/subgid")};
    }
    const auto colon = option.find(':');
    const auto user = account_of(files.passwd, option.substr(0, colon), "user");
    const auto group_name = colon == std::string::npos ? user.name : option.substr(colon + 1);
    const auto group = account_of(files.group, group_name, "group");
    return {ranges_of(files.subuid, user, "/etc/subuid"), ranges_of(files.subgid, group, "/etc/subgid")};
}

std::uint32_t host_id(const std::vector<runtime::IdMapping>& mappings, std::uint32_t inside) {
    for (const auto& range : mappings)
        if (inside >= range.container_id && inside - range.container_id < range.size)
            return range.host_id + (inside - range.container_id);
    fail(Kind::invalid, "id {} is not among those set aside for containers in /etc/subuid and /etc/subgid", inside);
}

}  // namespace hoist::orchestrator
