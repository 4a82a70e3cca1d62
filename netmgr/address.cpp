// SPDX-License-Identifier: Apache-2.0
#include "netmgr/address.h"

#include <arpa/inet.h>

#include <charconv>

#include "base/error.h"
#include "base/text.h"

namespace hoist::netmgr {
namespace {

std::uint32_t mask_of(int prefix) {
    return prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix);
}

Subnet subnet_at(std::uint32_t base, int prefix) {
    return {Address{base & mask_of(prefix)}, prefix};
}

std::string to_string(const std::vector<Pool>& pools) {
    std::vector<std::string> words;
    for (const Pool& pool : pools) words.push_back(fmt::format("{} in /{}", to_string(pool.base), pool.size));
    return join(words, ", ");
}

}  // namespace

std::optional<Address> parse_address(const std::string& text) {
    in_addr raw{};
    if (::inet_pton(AF_INET, text.c_str(), &raw) != 1) return std::nullopt;
    return Address{ntohl(raw.s_addr)};
}

std::string to_string(Address address) {
    const std::uint32_t v = address.value;
    return fmt::format("{}.{}.{}.{}", v >> 24, (v >> 16) & 255, (v >> 8) & 255, v & 255);
}

bool Subnet::contains(Address address) const {
    return (address.value & mask_of(prefix)) == base.value;
}

bool Subnet::overlaps(const Subnet& other) const {
    return prefix <= other.prefix ? contains(other.base) : other.contains(base);
}

// A /31 has two hosts and no broadcast address (RFC 3021); a /32 is one host.
Address Subnet::first_host() const {
    return prefix >= 31 ? base : Address{base.value + 1};
}
Address Subnet::last_host() const {
    return prefix >= 31 ? broadcast() : Address{broadcast().value - 1};
}
Address Subnet::broadcast() const {
    return Address{base.value | ~mask_of(prefix)};
}

std::optional<Subnet> parse_subnet(const std::string& text) {
    const auto slash = text.find('/');
    if (slash == std::string::npos) return std::nullopt;
    const auto address = parse_address(text.substr(0, slash));
    const char* begin = text.data() + slash + 1;
    const char* end = text.data() + text.size();
    int prefix = -1;
    const auto [stop, error] = std::from_chars(begin, end, prefix);
    if (!address || begin == end || stop != end || error != std::errc{} || *begin == '-' || prefix > 32)
        return std::nullopt;
    return subnet_at(address->value, prefix);
}

std::string to_string(const Subnet& subnet) {
    return fmt::format("{}/{}", to_string(subnet.base), subnet.prefix);
}

std::vector<Pool> default_pools() {
    std::vector<Pool> pools = {{*parse_subnet("10.213.0.0/16"), 24}};
    for (int second = 17; second <= 31; ++second)
        pools.push_back({*parse_subnet(fmt::format("172.{}.0.0/16", second)), 20});
    pools.push_back({*parse_subnet("192.168.0.0/16"), 20});
    return pools;
}

Subnet allocate_subnet(const std::vector<Pool>& pools, const std::vector<Subnet>& taken) {
    for (const Pool& pool : pools) {
        if (pool.size < pool.base.prefix || pool.size > 30) continue;
        const std::uint64_t step = std::uint64_t{1} << (32 - pool.size);
        std::uint64_t at = pool.base.base.value;
        while (at <= pool.base.broadcast().value) {
            const Subnet candidate = subnet_at(static_cast<std::uint32_t>(at), pool.size);
            const auto clash = std::find_if(taken.begin(), taken.end(),
                                            [&](const Subnet& other) { return other.overlaps(candidate); });
            if (clash == taken.end()) return candidate;
            // Skips all of a large clash at once, or a route like 10.0.0.0/8 would cost thousands of steps.
            const std::uint64_t clash_end = std::uint64_t{clash->broadcast().value} + 1;
            at = std::max(at + step, (clash_end + step - 1) / step * step);
        }
    }
    fail(
        Kind::conflict,
        "no free subnet is left: every one in the pools ({}) overlaps a network or a route of this host; remove unused "
        "networks, or add to `default-address-pools` in daemon.json",
        to_string(pools));
}

Address allocate_address(const Subnet& subnet, const std::optional<Subnet>& range, Address gateway,
                         const std::set<Address>& used, std::optional<Address> last) {
    // The ends of a narrower range are ordinary addresses unless they are also the subnet's.
    const std::uint32_t low = std::max(range ? range->base.value : 0, subnet.first_host().value);
    const std::uint32_t high = std::min(range ? range->broadcast().value : ~0u, subnet.last_host().value);
    const std::uint64_t count = high >= low ? std::uint64_t{high} - low + 1 : 0;
    const bool resume = last && last->value >= low && last->value <= high;
    std::uint32_t at = resume ? last->value : high;
    for (std::uint64_t step = 0; step < count; ++step) {
        at = at >= high ? low : at + 1;
        if (at != gateway.value && !used.contains(Address{at})) return Address{at};
    }
    fail(Kind::conflict, "no free address is left in {}: {} are in use", to_string(range.value_or(subnet)),
         used.size());
}

}  // namespace hoist::netmgr
