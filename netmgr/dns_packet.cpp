// SPDX-License-Identifier: Apache-2.0
#include "netmgr/dns_packet.h"

#include "base/text.h"

namespace hoist::netmgr::dns {
namespace {

constexpr std::size_t longest_name = 255;  // on the wire, with length bytes and root
constexpr std::size_t record_fixed = 10;   // type, class, TTL, length
constexpr std::size_t opt_size = 1 + record_fixed;
constexpr std::uint16_t our_udp_size = 1232;
constexpr std::uint32_t ttl_seconds = 5;  // containers come and go; a lookup here costs less than a stale answer

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

/// Reads an uncompressed name. A dot within a label cannot be told from a separator afterwards, so no such name is
/// accepted. @return the offset behind it
std::optional<std::size_t> read_name(std::string_view packet, std::size_t at, std::string& name) {
    const std::size_t start = at;
    for (;;) {
        if (at >= packet.size()) return std::nullopt;
        const auto length = static_cast<unsigned char>(packet[at++]);
        if (length == 0) break;
        if (length > 63 || at + length > packet.size() || at + length - start >= longest_name) return std::nullopt;
        if (!name.empty()) name += '.';
        for (const char c : packet.substr(at, length)) {
            if (c == '.') return std::nullopt;
            name += lower(c);
        }
        at += length;
    }
    return at;
}

/// Steps over a name that may end in a compression pointer, which is not followed.
std::optional<std::size_t> skip_name(std::string_view packet, std::size_t at) {
    while (at < packet.size()) {
        const auto length = static_cast<unsigned char>(packet[at]);
        if (length == 0) return at + 1;
        if (length >= 0xc0) return at + 2;
        if (length > 63) return std::nullopt;
        at += 1 + length;
    }
    return std::nullopt;
}

/// Goes over the records behind the question to find OPT.
bool read_records(std::string_view packet, Query& query) {
    std::size_t at = query.question_end;
    const unsigned count = read_u16(packet, 6) + read_u16(packet, 8) + read_u16(packet, 10);
    for (unsigned i = 0; i < count; ++i) {
        const auto fixed = skip_name(packet, at);
        if (!fixed || *fixed + record_fixed > packet.size()) return false;
        if (read_u16(packet, *fixed) == type_opt) {
            query.edns = true;
            query.udp_size = std::max<std::size_t>(plain_udp_size, read_u16(packet, *fixed + 2));
        }
        at = *fixed + record_fixed + read_u16(packet, *fixed + 8);
        if (at > packet.size()) return false;
    }
    return true;
}

void append_u16(std::string& packet, std::uint16_t value) {
    packet += static_cast<char>(value >> 8);
    packet += static_cast<char>(value & 255);
}

void append_record(std::string& packet, const Record& record) {
    append_u16(packet, 0xc000 | header_size);  // the name of the question
    append_u16(packet, record.type);
    append_u16(packet, class_in);
    append_u16(packet, ttl_seconds >> 16);
    append_u16(packet, ttl_seconds & 0xffff);
    if (record.type == type_a) {
        append_u16(packet, 4);
        append_u16(packet, record.address.value >> 16);
        append_u16(packet, record.address.value & 0xffff);
        return;
    }
    std::string data;
    for (const std::string& label : split(record.name, '.')) {
        data += static_cast<char>(std::min<std::size_t>(label.size(), 63));
        data += label.substr(0, 63);
    }
    data += '\0';
    append_u16(packet, static_cast<std::uint16_t>(data.size()));
    packet += data;
}

void append_opt(std::string& packet) {
    packet += '\0';
    append_u16(packet, type_opt);
    append_u16(packet, our_udp_size);
    packet.append(6, '\0');  // extended code, version, flags, no options
}

}  // namespace

std::uint16_t read_u16(std::string_view packet, std::size_t at) {
    return static_cast<std::uint16_t>(static_cast<unsigned char>(packet[at]) << 8 |
                                      static_cast<unsigned char>(packet[at + 1]));
}

void write_u16(std::string& packet, std::size_t at, std::uint16_t value) {
    packet[at] = static_cast<char>(value >> 8);
    packet[at + 1] = static_cast<char>(value & 255);
}

bool is_query(std::string_view packet) {
    return packet.size() >= header_size && !(packet[2] & 0x80);
}

std::optional<Query> parse_query(std::string_view packet) {
    if (!is_query(packet) || read_u16(packet, 4) != 1) return std::nullopt;
    Query query;
    query.id = read_u16(packet, 0);
    query.opcode = (static_cast<unsigned char>(packet[2]) >> 3) & 15;
    const auto name_end = read_name(packet, header_size, query.name);
    if (!name_end || *name_end + 4 > packet.size()) return std::nullopt;
    query.type = read_u16(packet, *name_end);
    query.klass = read_u16(packet, *name_end + 2);
    query.question_end = *name_end + 4;
    if (!read_records(packet, query)) return std::nullopt;
    return query;
}

std::string make_reply(std::string_view packet, const Query* query, Rcode code, const std::vector<Record>& records) {
    std::string reply(packet.substr(0, query ? query->question_end : header_size));
    reply[2] = static_cast<char>(0x80 | (packet[2] & 0x79));  // a response; opcode and RD as asked
    reply[3] = static_cast<char>(0x80 | code);                // recursion is available
    write_u16(reply, 4, query ? 1 : 0);
    write_u16(reply, 6, static_cast<std::uint16_t>(records.size()));
    write_u16(reply, 8, 0);
    write_u16(reply, 10, query && query->edns ? 1 : 0);
    for (const Record& record : records) append_record(reply, record);
    if (query && query->edns) append_opt(reply);
    return reply;
}

std::string fit_for_udp(std::string reply, const Query& query) {
    if (reply.size() <= query.udp_size) return reply;
    const std::size_t room = query.udp_size - (query.edns ? opt_size : 0);
    std::size_t end = query.question_end;
    std::uint16_t kept = 0;
    for (std::uint16_t i = 0; i < read_u16(reply, 6); ++i, ++kept) {
        const std::size_t next = end + 2 + record_fixed + read_u16(reply, end + 2 + 8);
        if (next > room) break;
        end = next;
    }
    reply.resize(end);
    if (query.edns) append_opt(reply);
    write_u16(reply, 6, kept);
    reply[2] = static_cast<char>(reply[2] | 0x02);
    return reply;
}

bool answers(std::string_view reply, std::string_view query) {
    if (reply.size() < header_size || !(reply[2] & 0x80) || read_u16(reply, 0) != read_u16(query, 0)) return false;
    const auto asked = parse_query(query);
    if (!asked || read_u16(reply, 4) != 1 || reply.size() < asked->question_end) return false;
    const auto question = [&](std::string_view packet) {
        return packet.substr(header_size, asked->question_end - header_size);
    };
    return std::equal(question(reply).begin(), question(reply).end(), question(query).begin(), question(query).end(),
                      [](char a, char b) { return lower(a) == lower(b); });
}

Rcode rcode_of(std::string_view reply) {
    return static_cast<Rcode>(reply[3] & 15);
}

std::optional<Address> address_of_reverse_name(const std::string& name) {
    constexpr std::string_view suffix = ".in-addr.arpa";
    if (!name.ends_with(suffix)) return std::nullopt;
    auto parts = split(std::string_view(name).substr(0, name.size() - suffix.size()), '.');
    if (parts.size() != 4) return std::nullopt;
    std::reverse(parts.begin(), parts.end());
    return parse_address(join(parts, "."));
}

}  // namespace hoist::netmgr::dns
