// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "orchestrator/native_probe.h"

namespace hoist::orchestrator {
namespace {

using compose::Probe;

Probe probe(Probe::Type type, std::string path = "", std::string body = "") {
    Probe made;
    made.type = type, made.port = 80, made.path = std::move(path), made.body = std::move(body);
    return made;
}

std::string verdict(const Probe& of, std::string_view received, bool ended = true) {
    const auto answer = judge_probe(of, received, ended);
    return !answer ? "more" : (answer->good ? "good: " : "bad: ") + answer->text;
}

TEST(HttpProbe, AsksAndJudgesStatusAndBody) {
    EXPECT_THAT(probe_request(probe(Probe::Type::http, "/health")),
                testing::StartsWith("GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n"));
    EXPECT_EQ(verdict(probe(Probe::Type::http), "HTTP/1.1 200 OK\r\n\r\nx"), "good: HTTP/1.1 200 OK");
    EXPECT_EQ(verdict(probe(Probe::Type::http), "HTTP/1.1 502 Bad Gateway\r\n"), "bad: HTTP/1.1 502 Bad Gateway");
    EXPECT_EQ(verdict(probe(Probe::Type::http), "HTTP/1.1 20", false), "more");
    EXPECT_EQ(verdict(probe(Probe::Type::http), "SSH-2.0-x\r\n"), "bad: not an HTTP answer: SSH-2.0-x");
    const auto with_body = probe(Probe::Type::http, "/", "ready");
    EXPECT_EQ(verdict(with_body, "HTTP/1.0 200 OK\r\n\r\nnot yet", false), "more");
    EXPECT_EQ(verdict(with_body, "HTTP/1.0 200 OK\r\n\r\nnot yet"),
              "bad: HTTP/1.0 200 OK, but its body does not hold \"ready\"");
    EXPECT_EQ(verdict(with_body, "HTTP/1.0 200 OK\r\n\r\nI am ready"), "good: HTTP/1.0 200 OK");
}

std::string record(char type, std::string_view content) {
    std::string made(8, '\0');
    made[0] = 1, made[1] = type, made[3] = 1;
    made[4] = static_cast<char>(content.size() >> 8), made[5] = static_cast<char>(content.size());
    return made.append(content);
}

TEST(FastCgiProbe, ReadsRecords) {
    const auto ping = probe(Probe::Type::fastcgi, "/ping");
    EXPECT_THAT(probe_request(ping), testing::HasSubstr("SCRIPT_NAME/ping"));
    const std::string out = record(6, "Content-type: text/plain\r\n\r\npong");
    EXPECT_EQ(verdict(ping, out, false), "more");
    EXPECT_EQ(verdict(ping, out + record(3, std::string(8, '\0')), false), "good: status 200: pong");
    EXPECT_EQ(verdict(ping, record(6, "Status: 404 Not Found\r\n\r\nFile not found.")),
              "bad: status 404: File not found.");
    EXPECT_EQ(verdict(ping, "HTTP/1.1 400"), "bad: not a FastCGI answer");
    EXPECT_EQ(verdict(ping, ""), "bad: no FastCGI answer");
}

/// A packet: the payload behind its length.
std::string packet(std::string_view payload) {
    std::string made(4, '\0');
    made[0] = static_cast<char>(payload.size());
    return made.append(payload);
}

TEST(MySqlProbe, KnowsAGreetingFromARefusal) {
    std::string version = "\x0a";
    version.append("8.0.36").push_back('\0');
    version.append(20, 'x');
    const std::string greeting = packet(version);
    EXPECT_EQ(verdict(probe(Probe::Type::mysql), greeting.substr(0, 9), false), "more");
    EXPECT_EQ(verdict(probe(Probe::Type::mysql), greeting, false), "good: version 8.0.36");
    EXPECT_EQ(verdict(probe(Probe::Type::mysql), packet("\xff\x10\x04Too many connections")),
              "bad: refused: Too many connections");
}

TEST(RedisProbe, WantsAPong) {
    EXPECT_EQ(verdict(probe(Probe::Type::redis), "+PONG\r\n"), "good: +PONG");
    EXPECT_EQ(verdict(probe(Probe::Type::redis), "-NOAUTH Authentication required.\r\n"),
              "good: -NOAUTH Authentication required.");
    EXPECT_EQ(verdict(probe(Probe::Type::redis), "-LOADING Redis is loading the dataset in memory\r\n"),
              "bad: -LOADING Redis is loading the dataset in memory");
}

}  // namespace
}  // namespace hoist::orchestrator
