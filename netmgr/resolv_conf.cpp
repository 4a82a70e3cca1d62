// SPDX-License-Identifier: Apache-2.0
#include "netmgr/resolv_conf.h"

#include <netdb.h>

#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace hoist::netmgr {

std::optional<Upstream> parse_upstream(std::string_view text) {
    std::string host(text), port = "53";
    if (const auto colon = text.find(':'); colon != text.npos && text.find(':', colon + 1) == text.npos) {
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
    }
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo* found = nullptr;
    if (host.empty() || ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0 || !found) return std::nullopt;
    Upstream upstream;
    std::memcpy(&upstream.address, found->ai_addr, found->ai_addrlen);
    upstream.size = found->ai_addrlen;
    ::freeaddrinfo(found);
    return upstream;
}

std::vector<std::string> nameservers_of(std::string_view resolv_conf) {
    constexpr std::size_t most = 3;
    std::vector<std::string> servers;
    for (const std::string& line : split(resolv_conf, '\n')) {
        std::string_view rest = trim(line);
        if (!rest.starts_with("nameserver")) continue;
        rest.remove_prefix(std::strlen("nameserver"));
        if (rest.empty() || (rest[0] != ' ' && rest[0] != '\t')) continue;
        rest = trim(rest);
        servers.emplace_back(rest.substr(0, rest.find_first_of(" \t#;")));
        if (servers.size() == most) break;
    }
    return servers;
}

const std::vector<Upstream>& ResolvConf::servers() {
    struct stat now {};
    if (::stat(path_.c_str(), &now) != 0) now = {};
    const auto same = [&](const timespec& a, const timespec& b) {
        return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
    };
    if (now.st_ino == seen_.st_ino && now.st_dev == seen_.st_dev && now.st_size == seen_.st_size &&
        same(now.st_mtim, seen_.st_mtim) && same(now.st_ctim, seen_.st_ctim))
        return servers_;
    seen_ = now;
    servers_.clear();
    try {
        for (const std::string& server : nameservers_of(read_file_if_exists(path_, 1 << 16).value_or("")))
            if (const auto upstream = parse_upstream(server)) servers_.push_back(*upstream);
    } catch (const Error&) {  // unreadable or absurdly long: as good as empty, until it changes
    }
    return servers_;
}

}  // namespace hoist::netmgr
