// SPDX-License-Identifier: Apache-2.0
#include "netmgr/dns.h"
#include "netmgr/dns_packet.h"

namespace hoist::netmgr {
namespace {

/// All addresses of a name on the networks asked from; nullopt if none of them knows it.
std::optional<std::vector<Address>> addresses_of(const std::string& name,
                                                 const std::vector<const NameTable*>& networks) {
    std::optional<std::vector<Address>> found;
    for (const NameTable* table : networks) {
        const auto entry = table->find(name);
        if (entry == table->end()) continue;
        if (!found) found.emplace();
        found->insert(found->end(), entry->second.begin(), entry->second.end());
    }
    return found;
}

/// The names of an address, the most telling first: "shop-db-1" before "db", ids last.
std::vector<std::string> names_of(Address address, const std::vector<const NameTable*>& networks) {
    std::vector<std::string> names;
    for (const NameTable* table : networks)
        for (const auto& [name, addresses] : *table)
            if (std::find(addresses.begin(), addresses.end(), address) != addresses.end()) names.push_back(name);
    const auto rank = [](const std::string& name) {
        const bool id = name.size() >= 12 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
        return std::pair(id, -static_cast<int>(name.size()));
    };
    std::stable_sort(names.begin(), names.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    return names;
}

std::vector<dns::Record> local_records(const dns::Query& query, std::vector<Address> addresses) {
    std::vector<dns::Record> records;
    if (query.type != dns::type_a && query.type != dns::type_any) return records;
    // Most programs take the first address: turning the list by the query's id, which is random, spreads them.
    if (!addresses.empty())
        std::rotate(addresses.begin(), addresses.begin() + query.id % addresses.size(), addresses.end());
    for (const Address address : addresses) records.push_back({.type = dns::type_a, .address = address, .name = {}});
    return records;
}

std::vector<dns::Record> reverse_records(const dns::Query& query, const std::vector<const NameTable*>& networks) {
    std::vector<dns::Record> records;
    const auto address = dns::address_of_reverse_name(query.name);
    if (!address || query.type != dns::type_ptr) return records;
    for (const std::string& name : names_of(*address, networks))
        records.push_back({.type = dns::type_ptr, .address = {}, .name = name});
    return records;
}

}  // namespace

DnsAnswer answer_query(std::string_view packet, const std::vector<const NameTable*>& networks, bool may_forward) {
    if (!dns::is_query(packet)) return {};
    const auto query = dns::parse_query(packet);
    const auto reply = [&](dns::Rcode code, const std::vector<dns::Record>& records = {}) {
        return DnsAnswer{DnsAnswer::Kind::reply, dns::make_reply(packet, query ? &*query : nullptr, code, records)};
    };
    if (!query) return reply(dns::format_error);
    if (query->opcode != 0) return reply(dns::not_implemented);
    if (query->klass != dns::class_in && query->klass != dns::class_any) return reply(dns::refused);
    if (auto addresses = addresses_of(query->name, networks))
        return reply(dns::no_error, local_records(*query, std::move(*addresses)));
    if (const auto records = reverse_records(*query, networks); !records.empty()) return reply(dns::no_error, records);
    if (may_forward) return {DnsAnswer::Kind::forward, {}};
    return reply(dns::name_error);
}

}  // namespace hoist::netmgr
