#pragma once
// SPDX-License-Identifier: Apache-2.0
// DNS messages as bytes (RFC 1035, RFC 6891): pure. For netmgr's own sources.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netmgr/address.h"

namespace hoist::netmgr::dns {

enum Type : std::uint16_t { type_a = 1, type_ptr = 12, type_opt = 41, type_any = 255 };
enum Rcode : std::uint8_t {
    no_error = 0,
    format_error = 1,
    server_failure = 2,
    name_error = 3,
    not_implemented = 4,
    refused = 5
};
constexpr std::uint16_t class_in = 1;
constexpr std::uint16_t class_any = 255;
constexpr std::size_t header_size = 12;
constexpr std::size_t plain_udp_size = 512;

/// The parts of a query that matter here.
struct Query {
    std::uint16_t id = 0;
    std::uint8_t opcode = 0;
    std::string name;  ///< lower case, without the last dot; empty for the root
    std::uint16_t type = 0;
    std::uint16_t klass = 0;
    std::size_t question_end = 0;  ///< the question is bytes 12 to here
    bool edns = false;
    std::size_t udp_size = plain_udp_size;  ///< the longest answer the asker takes over UDP
};

std::uint16_t read_u16(std::string_view packet, std::size_t at);
void write_u16(std::string& packet, std::size_t at, std::uint16_t value);

/// Whether a packet is long enough and marked as a query. Others get no answer at all.
bool is_query(std::string_view packet);
/// Reads a query. nullopt if it is malformed: not exactly one question, bad labels, records that end early.
std::optional<Query> parse_query(std::string_view packet);

/// One answer: an address for A, a name for PTR.
struct Record {
    std::uint16_t type = type_a;
    Address address;
    std::string name;
};
/// A reply to `packet`. With query == nullptr (malformed) it has no question.
std::string make_reply(std::string_view packet, const Query* query, Rcode code, const std::vector<Record>& records);
/// The reply shortened to what fits into UDP: whole records, TC set if some are missing.
std::string fit_for_udp(std::string reply, const Query& query);
/// Whether `reply` answers `query` as sent: a response of the same id with the same question, case ignored. (SEC-49)
bool answers(std::string_view reply, std::string_view query);
Rcode rcode_of(std::string_view reply);

/// "10.213.0.2" for "2.0.213.10.in-addr.arpa".
std::optional<Address> address_of_reverse_name(const std::string& name);

}  // namespace hoist::netmgr::dns
