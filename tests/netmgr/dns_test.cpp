// SPDX-License-Identifier: Apache-2.0
#include "netmgr/dns.h"

#include <random>

#include "netmgr/dns_packet.h"
#include "netmgr/resolv_conf.h"

namespace hoist::netmgr {
namespace {

using namespace std::string_literals;
using Kind = DnsAnswer::Kind;

std::string wire(const std::string& name) {
    std::string bytes;
    for (std::size_t at = 0; at < name.size();) {
        const auto end = std::min(name.find('.', at), name.size());
        bytes += static_cast<char>(end - at);
        bytes += name.substr(at, end - at);
        at = end + 1;
    }
    return bytes + '\0';
}

std::string query(const std::string& name, int type = 1, const std::string& extra = {}, int records = 0, int id = 0) {
    std::string packet = "\0\0\1\0\0\1\0\0\0\0\0"s + static_cast<char>(records);
    packet[1] = static_cast<char>(id);
    return packet + wire(name) + '\0' + static_cast<char>(type) + "\0\1"s + extra;
}

const std::string opt = "\0\0\x29\x10\0\0\0\0\0\0\0"s;  // EDNS, 4096 bytes

NameTable table() {
    NameTable names = {{"db", {Address{0x0ad50002}}},
                       {"shop-db-1", {Address{0x0ad50002}}},
                       {"0123456789ab", {Address{0x0ad50002}}},
                       {"web", {Address{1}, Address{2}, Address{3}}},
                       {"gone", {}}};
    for (std::uint32_t i = 0; i < 200; ++i) names["many"].push_back(Address{i + 1});
    return names;
}

DnsAnswer decide(const std::string& packet, bool forward = false) {
    static const NameTable names = table();
    return answer_query(packet, {&names}, forward);
}

int code(const DnsAnswer& answer) {
    return answer.kind == Kind::reply ? answer.packet[3] & 15 : -1;
}
int count(const DnsAnswer& answer) {
    return dns::read_u16(answer.packet, 6);
}

TEST(AnswerQuery, LocalNames) {
    const struct {
        const char* name;
        int type, code, records;
    } cases[] = {{"db", 1, 0, 1},   {"DB", 1, 0, 1},     {"dB", 255, 0, 1},
                 {"db", 28, 0, 0},  {"db", 15, 0, 0},    {"web", 1, 0, 3},
                 {"gone", 1, 0, 0}, {"nobody", 1, 3, 0}, {"db.example.org", 1, 3, 0},
                 {"", 1, 3, 0}};
    for (const auto& c : cases) {
        const DnsAnswer answer = decide(query(c.name, c.type));
        EXPECT_EQ(code(answer), c.code) << c.name;
        EXPECT_EQ(count(answer), c.records) << c.name;
    }
}

TEST(AnswerQuery, TheReplyByteByByte) {
    EXPECT_EQ(decide(query("db", 1, "", 0, 7)).packet,
              "\0\7\x81\x80\0\1\0\1\0\0\0\0\2db\0\0\1\0\1"
              "\xc0\x0c\0\1\0\1\0\0\0\5\0\4\x0a\xd5\0\2"s);
}

TEST(AnswerQuery, ReverseNamesTellingOnesFirst) {
    const DnsAnswer answer = decide(query("2.0.213.10.in-addr.arpa", 12));
    EXPECT_EQ(count(answer), 3);
    EXPECT_LT(answer.packet.find("shop-db-1"), answer.packet.find("\2db"));
    EXPECT_LT(answer.packet.find("\2db"), answer.packet.find("0123456789ab"));
    EXPECT_EQ(code(decide(query("9.9.9.9.in-addr.arpa", 12))), 3);
    EXPECT_EQ(decide(query("9.9.9.9.in-addr.arpa", 12), true).kind, Kind::forward);
}

TEST(AnswerQuery, WhatIsNotLocalIsForwardedIfItMay) {
    EXPECT_EQ(decide(query("example.org"), true).kind, Kind::forward);
    EXPECT_EQ(decide(query("db"), true).kind, Kind::reply);
}

TEST(AnswerQuery, ScaledServicesAreTurnedByTheQuerysId) {
    std::set<std::string> first;
    for (int id = 0; id < 3; ++id) first.insert(decide(query("web", 1, "", 0, id)).packet.substr(20 + 13, 4));
    EXPECT_EQ(first.size(), 3u);
}

TEST(AnswerQuery, EdnsIsAnsweredAndItsSizeRespected) {
    for (const auto& [extra, records, limit] : {std::tuple{""s, 0, 512u}, {opt, 1, 4096u}}) {
        const std::string packet = query("many", 1, extra, records);
        const auto parsed = dns::parse_query(packet);
        ASSERT_TRUE(parsed);
        EXPECT_EQ(parsed->udp_size, limit);
        const std::string reply = dns::fit_for_udp(decide(packet).packet, *parsed);
        EXPECT_LE(reply.size(), limit);
        EXPECT_EQ((reply[2] & 2) != 0, limit == 512) << "truncated";
        EXPECT_EQ(dns::read_u16(reply, 10), records);
    }
}

TEST(AnswerQuery, MalformedPackets) {
    const std::string long_label = wire(std::string(63, 'a')), sixty_four = '\x40' + std::string(64, 'a') + '\0';
    std::string too_long, many_labels;
    for (int i = 0; i < 4; ++i) too_long += "\x3f" + std::string(63, 'a');
    for (int i = 0; i < 300; ++i) many_labels += "\1a";
    const std::string head = "\0\1\1\0\0\1\0\0\0\0\0\0"s, tail = "\0\1\0\1"s;
    const struct {
        const char* what;
        std::string packet;
        int code;  ///< -1: dropped
    } cases[] = {
        {"empty", "", -1},
        {"eleven bytes", head.substr(0, 11), -1},
        {"a reply", "\0\1\x81\x80\0\1\0\0\0\0\0\0\2db\0\0\1\0\1"s, -1},
        {"no question", "\0\1\1\0\0\0\0\0\0\0\0\0"s, 1},
        {"two questions", "\0\1\1\0\0\2\0\0\0\0\0\0"s + wire("db") + tail + wire("db") + tail, 1},
        {"question missing", head, 1},
        {"name cut off", head + "\5ab", 1},
        {"no type", head + wire("db"), 1},
        {"half a class", head + wire("db") + "\0\1\0"s, 1},
        {"pointer to itself", head + "\xc0\x0c" + tail, 1},
        {"label then pointer loop", head + "\2db\xc0\x0c" + tail, 1},
        {"label of 64", head + sixty_four + tail, 1},
        {"label of 63", head + long_label + tail, 3},
        {"256 bytes of name", head + too_long + '\0' + tail, 1},
        {"300 labels", head + many_labels + '\0' + tail, 1},
        {"dot in a label", head + "\3d.b\0"s + tail, 1},
        {"record that ends early", query("db", 1, opt.substr(0, 8), 1), 1},
        {"record longer than the packet", query("db", 1, "\0\0\x29\x10\0\0\0\0\0\xff\xff"s, 1), 1},
        {"65535 records promised", "\0\1\1\0\0\1\xff\xff\xff\xff\xff\xff"s + wire("db") + tail, 1},
        {"another opcode", "\0\1\x29\0\0\1\0\0\0\0\0\0"s + wire("db") + tail, 4},
        {"class CHAOS", head + wire("version.bind") + "\0\x10\0\3"s, 5},
    };
    for (const auto& c : cases) EXPECT_EQ(code(decide(c.packet)), c.code) << c.what;
}

TEST(AnswerQuery, NoChangedPacketDoesHarm) {
    std::mt19937 random(1);
    const std::string seeds[] = {query("db"), query("many", 255, opt, 1), query("2.0.213.10.in-addr.arpa", 12)};
    for (int i = 0; i < 30000; ++i) {
        std::string packet = seeds[i % 3];
        for (unsigned k = random() % 4; k-- > 0;) packet[random() % packet.size()] = static_cast<char>(random());
        packet.resize(random() % 3 ? packet.size() : random() % (packet.size() + 1));
        const DnsAnswer answer = decide(packet, i & 1);
        if (answer.kind != Kind::reply) continue;
        ASSERT_GE(answer.packet.size(), dns::header_size);
        if (const auto parsed = dns::parse_query(packet)) {
            ASSERT_LE(dns::fit_for_udp(answer.packet, *parsed).size(), parsed->udp_size);
        }
        dns::answers(answer.packet, packet);
    }
}

TEST(Answers, OnlyTheSameQuestionUnderTheSameId) {
    const std::string asked = query("example.org", 1, "", 0, 5);
    std::string reply = asked;
    reply[2] = static_cast<char>(0x81);
    EXPECT_TRUE(dns::answers(reply, asked));
    std::string shouted = reply;
    shouted[13] = 'E';
    EXPECT_TRUE(dns::answers(shouted, asked));
    EXPECT_FALSE(dns::answers(asked, asked)) << "a query is no answer";
    for (const std::size_t at : {0, 1, 5, 13, 25, 27}) {
        std::string forged = reply;
        forged[at] ^= 2;
        EXPECT_FALSE(dns::answers(forged, asked)) << at;
    }
    EXPECT_FALSE(dns::answers(reply.substr(0, 20), asked));
    EXPECT_FALSE(dns::answers("", asked));
}

TEST(Nameservers, AreReadAsTheCLibraryDoes) {
    EXPECT_EQ(nameservers_of("# nameserver 9.9.9.9\nnameserver\t10.0.0.1 # a\nsearch x\n nameserver fe80::1%lo\n"
                             "nameservers 1.1.1.1\nnameserver 127.0.0.53"),
              (std::vector<std::string>{"10.0.0.1", "fe80::1%lo", "127.0.0.53"}));
    EXPECT_EQ(nameservers_of("nameserver 1.1.1.1\nnameserver 2\nnameserver 3\nnameserver 4").size(), 3u);
    for (const char* right : {"10.0.0.1", "::1", "10.0.0.1:5353"}) EXPECT_TRUE(parse_upstream(right)) << right;
    for (const char* wrong : {"", "dns.example", "10.0.0.1:x", ":53"}) EXPECT_FALSE(parse_upstream(wrong)) << wrong;
}

}  // namespace
}  // namespace hoist::netmgr
