// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "netmgr/firewall.h"

namespace hoist::netmgr {
namespace {

bool can_bind(Address address, std::uint16_t port, Protocol protocol) {
    const int type = protocol == Protocol::udp ? SOCK_DGRAM : SOCK_STREAM;
    const Fd socket(::socket(AF_INET, type | SOCK_CLOEXEC, protocol == Protocol::sctp ? IPPROTO_SCTP : 0));
    if (!socket) return true;  // SCTP is not in the kernel: then nobody holds its ports
    const int on = 1;
    // Connections in TIME_WAIT do not count as holders; listening sockets still do.
    if (protocol == Protocol::tcp) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    name.sin_addr.s_addr = htonl(address.value);
    return ::bind(socket.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) == 0 || errno == EADDRNOTAVAIL;
}

/// The inode of a socket bound to the port, from one line of /proc/net/{tcp,udp}{,6}; empty if the line is another's.
std::string inode_in(const std::string& line, std::uint16_t port, bool listening_only) {
    std::vector<std::string> words;
    for (const std::string& word : split(line, ' '))
        if (!word.empty()) words.push_back(word);
    if (words.size() < 10) return {};
    const auto colon = words[1].rfind(':');
    if (colon == std::string::npos) return {};
    unsigned found = 0;
    std::from_chars(words[1].data() + colon + 1, words[1].data() + words[1].size(), found, 16);
    constexpr const char* listen_state = "0A";
    if (found != port || (listening_only && words[3] != listen_state)) return {};
    return words[9];
}

std::set<std::string> inodes_at(std::uint16_t port, Protocol protocol) {
    std::set<std::string> inodes;
    const std::string base = protocol == Protocol::udp ? "udp" : "tcp";
    for (const std::string& name : {base, base + "6"}) {
        const auto table = read_file_if_exists("/proc/thread-self/net/" + name);
        if (!table) continue;
        for (const std::string& line : split(*table, '\n'))
            if (std::string inode = inode_in(line, port, protocol == Protocol::tcp); !inode.empty())
                inodes.insert("socket:[" + inode + "]");
    }
    return inodes;
}

bool has_socket(const std::string& process, const std::set<std::string>& links) {
    const std::string folder = "/proc/" + process + "/fd";
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(folder.c_str()), ::closedir);
    if (!dir) return false;
    while (const dirent* entry = ::readdir(dir.get())) {
        char target[64];
        const ssize_t size = ::readlinkat(::dirfd(dir.get()), entry->d_name, target, sizeof target);
        if (size > 0 && links.contains(std::string(target, size))) return true;
    }
    return false;
}

std::string process_with(const std::set<std::string>& links) {
    const std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), ::closedir);
    if (!proc || links.empty()) return {};
    while (const dirent* entry = ::readdir(proc.get())) {
        const std::string pid = entry->d_name;
        if (pid.find_first_not_of("0123456789") != std::string::npos || !has_socket(pid, links)) continue;
        const auto name = read_file_if_exists("/proc/" + pid + "/comm");
        return fmt::format("{}, pid {}", name ? trim(*name) : "a process", pid);
    }
    return {};
}

}  // namespace

std::string port_holder(Address host_address, std::uint16_t port, Protocol protocol) {
    if (can_bind(host_address, port, protocol)) return {};
    const std::string holder = process_with(inodes_at(port, protocol));
    return holder.empty() ? "a process that cannot be seen from here" : holder;
}

}  // namespace hoist::netmgr
