// SPDX-License-Identifier: Apache-2.0
// DNS packets as containers send them and as servers (or others) answer them.
#include <cstdint>
#include <cstdlib>

#include "netmgr/dns.h"
#include "netmgr/dns_packet.h"
#include "netmgr/resolv_conf.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hoist::netmgr;
    const std::string_view packet(reinterpret_cast<const char*>(data), size);
    const NameTable names = {{"web", {Address{0x0a000002}, Address{0x0a000003}}}, {"db", {Address{0x0a000004}}}};
    const auto answer = answer_query(packet, {&names}, true);
    if (answer.kind == DnsAnswer::Kind::reply && !dns::is_query(packet)) std::abort();
    if (const auto query = dns::parse_query(packet)) {
        const auto reply = dns::fit_for_udp(dns::make_reply(packet, &*query, dns::no_error, {}), *query);
        if (!dns::answers(reply, packet)) std::abort();
        (void)dns::address_of_reverse_name(query->name);
    }
    const auto half = size / 2;
    (void)dns::answers(packet.substr(0, half), packet.substr(half));
    for (const auto& server : nameservers_of(packet)) (void)parse_upstream(server);
    return 0;
}
