#pragma once
// SPDX-License-Identifier: Apache-2.0
// IPv4 addresses, subnets, and who gets which: pure.

#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace hoist::netmgr {

/// An IPv4 address in host byte order.
struct Address {
    std::uint32_t value = 0;
    auto operator<=>(const Address&) const = default;
};
std::optional<Address> parse_address(const std::string& text);
std::string to_string(Address address);

struct Subnet {
    Address base;
    int prefix = 0;
    bool contains(Address address) const;
    bool overlaps(const Subnet& other) const;
    Address first_host() const;
    Address last_host() const;
    Address broadcast() const;
    auto operator<=>(const Subnet&) const = default;
};
/// Reads "172.28.0.0/16"; host bits are cleared. nullopt if malformed.
std::optional<Subnet> parse_subnet(const std::string& text);
std::string to_string(const Subnet& subnet);

struct Pool {
    Subnet base;
    int size = 24;  ///< prefix length of the subnets cut from it
};
/// 10.213.0.0/16 in /24 first (small, rarely used), then 172.17-31.0.0/16 and 192.168.0.0/16 as Docker's, in /20.
std::vector<Pool> default_pools();

/// The first subnet of the pools that overlaps nothing in `taken`. @throws Error(conflict) when the pools are used up,
/// naming them and `default-address-pools`
Subnet allocate_subnet(const std::vector<Pool>& pools, const std::vector<Subnet>& taken);

/// The next free address: after the last one given, round the range, never base, broadcast or gateway.
/// @param last  the address given last, so that a freed one is not reused at once
/// @throws Error(conflict) if the range is full
Address allocate_address(const Subnet& subnet, const std::optional<Subnet>& range, Address gateway,
                         const std::set<Address>& used, std::optional<Address> last);

}  // namespace hoist::netmgr
