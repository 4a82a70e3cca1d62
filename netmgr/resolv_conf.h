#pragma once
// SPDX-License-Identifier: Apache-2.0
// The name servers that a resolv.conf names. For netmgr's own sources.

#include <sys/socket.h>
#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hoist::netmgr {

/// A name server's socket address, port 53.
struct Upstream {
    sockaddr_storage address{};
    socklen_t size = 0;
};
/// Reads "10.0.0.1", "fe80::1%eth0" or "10.0.0.1:5353"; nullopt if it is no address.
std::optional<Upstream> parse_upstream(std::string_view text);
/// The `nameserver` lines' addresses, at most three as the C library takes them.
std::vector<std::string> nameservers_of(std::string_view resolv_conf);

/// A resolv.conf that is read again when it has changed, symbolic links' targets included.
class ResolvConf {
public:
    explicit ResolvConf(std::string path) : path_(std::move(path)) {}
    /// The servers now; costs one stat(2) if nothing changed. Empty if there is no file.
    const std::vector<Upstream>& servers();

private:
    std::string path_;
    struct stat seen_ {};
    std::vector<Upstream> servers_;
};

}  // namespace hoist::netmgr
