// SPDX-License-Identifier: Apache-2.0
// HTTP over a socket pair, with handlers of the test's own.
#include "api/connection.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "base/error.h"
#include "wire/errors.h"

namespace hoist::api {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> acted;  ///< what the handlers were asked, in order

asio::awaitable<void> echo(Exchange& exchange, Services&) {
    acted.push_back(exchange.request.path);
    const std::string body = co_await exchange.read_body(1000);
    co_await exchange.send(200, "text/plain", body);
}
asio::awaitable<void> json(Exchange& exchange, Services&) {
    co_await exchange.send_json(200, co_await exchange.read_json());
}
asio::awaitable<void> missing(Exchange&, Services&) {
    fail(Kind::not_found, "no such container: x");
}
asio::awaitable<void> stream(Exchange& exchange, Services&) {
    co_await exchange.begin_stream("application/json");
    co_await exchange.write("one");
    co_await exchange.write("two");
    co_await exchange.end_stream();
}
asio::awaitable<void> hijacked(Exchange& exchange, Services&) {
    auto connection = co_await exchange.hijack("application/vnd.docker.raw-stream");
    acted.push_back("early: " + connection.early);
}
bool cancelled = false;
struct Mark {
    ~Mark() { cancelled = true; }
};
asio::awaitable<void> forever(Exchange& exchange, Services&) {
    co_await exchange.begin_stream("application/json");
    const Mark mark;
    asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
    co_await timer.async_wait(asio::use_awaitable);
}

const std::vector<Route> routes = {{"POST", "/echo", echo},
                                   {"GET", "/echo", echo},
                                   {"POST", "/json", json},
                                   {"GET", "/missing", missing},
                                   {"GET", "/stream", stream},
                                   {"POST", "/hijack", hijacked},
                                   {"GET", "/forever", forever, WhenGone::cancel}};

/// A server's connection and the client's end of it.
class Pair {
public:
    explicit Pair(ConnectionLimits limits = {}) {
        acted.clear();
        int fds[2];
        check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), "socketpair");
        client_ = Fd(fds[0]);
        // No handler of these tests looks at the engine or the projects.
        static std::byte nothing[1];
        Services services{reinterpret_cast<orchestrator::Engine&>(nothing),
                          reinterpret_cast<orchestrator::Projects&>(nothing), background_};
        connection_.emplace(Socket(context_, asio::local::stream_protocol(), fds[1]), services, routes, limits);
        asio::co_spawn(
            context_, connection_->run(),
            asio::bind_cancellation_slot(connection_->cancelled.slot(), [this](std::exception_ptr) { ended = true; }));
    }
    ~Pair() {
        connection_->close();
        run(1s);
    }

    void send(const std::string& bytes) {
        ASSERT_EQ(::write(client_.get(), bytes.data(), bytes.size()), ssize_t(bytes.size()));
    }
    std::string receive() {
        std::string all;
        std::array<char, 4096> part;
        for (ssize_t size; (size = ::read(client_.get(), part.data(), part.size())) > 0;) all.append(part.data(), size);
        return all;
    }
    /// Runs until nothing is left to do, or for so long.
    void run(std::chrono::milliseconds limit) {
        context_.restart();
        context_.run_for(limit);
    }
    std::string exchange(const std::string& bytes, std::chrono::milliseconds limit = 50ms) {
        send(bytes);
        run(limit);
        return receive();
    }
    void hang_up() { client_.reset(); }

    bool ended = false;

private:
    asio::io_context context_;
    Background background_{context_};
    Fd client_;
    std::optional<Connection> connection_;
};

std::string post(const std::string& path, const std::string& fields, const std::string& body) {
    return "POST " + path + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n" + body;
}

TEST(Connection, AnswersAndStaysOpen) {
    Pair pair;
    const auto first = pair.exchange(post("/v1.41/echo", "Content-Length: 5\r\n", "hello"));
    EXPECT_EQ(first.substr(0, 17), "HTTP/1.1 200 OK\r\n");
    EXPECT_NE(first.find("Api-Version: 1.51\r\n"), std::string::npos);
    EXPECT_NE(first.find("Content-Length: 5\r\n"), std::string::npos);
    EXPECT_EQ(first.substr(first.size() - 5), "hello");
    const auto second =
        pair.exchange(post("/echo", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
    EXPECT_EQ(second.substr(second.size() - 5), "abcde");
    EXPECT_FALSE(pair.ended);
}

TEST(Connection, AnswersPipelinedRequestsInOrder) {
    Pair pair;
    const auto answers =
        pair.exchange(post("/echo", "Content-Length: 1\r\n", "1") + post("/echo", "Content-Length: 1\r\n", "2"));
    EXPECT_LT(answers.find("\r\n\r\n1"), answers.find("\r\n\r\n2"));
    EXPECT_EQ(acted.size(), 2u);
}

TEST(Connection, SpellsErrorsAsDocker) {
    Pair pair;
    const auto answer = pair.exchange("GET /v1.43/missing HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(answer.substr(0, 24), "HTTP/1.1 404 Not Found\r\n");
    const Json body = parse_json(answer.substr(answer.find("\r\n\r\n") + 4), "body");
    EXPECT_EQ(body["message"], "No such container: x");
    const auto unknown = pair.exchange("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_NE(unknown.find("\"page not found\""), std::string::npos);
    EXPECT_FALSE(pair.ended);
}

TEST(Connection, StreamsInChunks) {
    Pair pair;
    const auto answer = pair.exchange("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_NE(answer.find("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"), std::string::npos);
    EXPECT_FALSE(pair.ended);
    const auto old = pair.exchange("GET /stream HTTP/1.0\r\nHost: x\r\n\r\n");
    EXPECT_NE(old.find("\r\n\r\nonetwo"), std::string::npos);
    EXPECT_TRUE(pair.ended);
}

TEST(Connection, RefusesOtherContentTypes) {
    Pair pair;
    EXPECT_EQ(pair.exchange(post("/json", "Content-Type: text/plain\r\nContent-Length: 2\r\n", "{}")).substr(9, 3),
              "400");
    EXPECT_EQ(
        pair.exchange(post("/json", "Content-Type: application/json\r\nContent-Length: 2\r\n", "{}")).substr(9, 3),
        "200");
    EXPECT_EQ(pair.exchange(post("/json", "Content-Length: 0\r\n", "")).substr(9, 3), "200");
    EXPECT_EQ(
        pair.exchange(post("/json", "Content-Type: application/json\r\nContent-Length: 2\r\n", "[]")).substr(9, 3),
        "400");
}

class Malformed : public testing::TestWithParam<const char*> {};
TEST_P(Malformed, IsRefusedAndClosed) {
    Pair pair;
    const std::string smuggled = "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n";
    const auto answer = pair.exchange(GetParam() + smuggled);
    EXPECT_EQ(answer.substr(9, 3), "400") << answer;
    EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << "the second request was answered: " << answer;
    EXPECT_TRUE(pair.ended);
    for (const auto& path : acted) EXPECT_NE(path, "/echo-smuggled");
    EXPECT_LE(acted.size(), 1u);
}
INSTANTIATE_TEST_SUITE_P(
    Smuggling, Malformed,
    testing::Values("POST /echo HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    "POST /echo HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
                    "POST /echo HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                    "POST /echo HTTP/1.1\r\nA: b\n\r\n\r\n", "GET /echo HTTP/1.1\nHost: x\n\n",
                    "POST /echo HTTP/1.1\r\nA: b\r\n c\r\n\r\n", "POST /echo HTTP/1.1\r\nContent-Length : 3\r\n\r\nabc",
                    "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n",
                    "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n",
                    "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc\r\n0\r\n\r\n",
                    "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
                    "POST /echo HTTP/2.0\r\n\r\n", "POST echo HTTP/1.1\r\n\r\n", "nonsense\r\n\r\n",
                    "GET  /echo HTTP/1.1\r\n\r\n", "GET /echo?a=%zz HTTP/1.1\r\n\r\n",
                    "GET /v1.99/echo HTTP/1.1\r\n\r\n"));

TEST(Connection, RefusesABodyOverTheLimit) {
    Pair pair;
    const auto announced = pair.exchange(post("/echo", "Content-Length: 1001\r\n", ""));
    EXPECT_EQ(announced.substr(9, 3), "400");
    EXPECT_TRUE(pair.ended);
    Pair other;
    std::string chunks;
    for (int i = 0; i < 20; ++i) chunks += "64\r\n" + std::string(100, 'x') + "\r\n";
    EXPECT_EQ(other.exchange(post("/echo", "Transfer-Encoding: chunked\r\n", chunks)).substr(9, 3), "400");
    EXPECT_TRUE(other.ended);
}

TEST(Connection, RefusesAHeadOver64KiB) {
    Pair pair;
    std::string head = "GET /echo HTTP/1.1\r\n";
    while (head.size() < 70'000) head += "X-Padding: " + std::string(100, 'x') + "\r\n";
    EXPECT_EQ(pair.exchange(head).substr(9, 3), "400");
    EXPECT_TRUE(pair.ended);
}

TEST(Connection, GivesUpOnASlowHead) {
    Pair pair({.head = 30ms, .idle = 10s});
    pair.send("GET /ec");
    pair.run(300ms);
    EXPECT_TRUE(pair.ended);
}

TEST(Connection, ClosesWhenIdleForTooLong) {
    Pair pair({.head = 10s, .idle = 30ms});
    pair.run(300ms);
    EXPECT_TRUE(pair.ended);
}

TEST(Connection, HandsOverWhatFollowsAnUpgrade) {
    Pair pair;
    const auto answer = pair.exchange(post("/hijack", "Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 2\r\n",
                                           "{}GET /echo HTTP/1.1\r\n\r\n"));
    EXPECT_EQ(answer.substr(0, 23), "HTTP/1.1 101 UPGRADED\r\n");
    EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos);
    ASSERT_EQ(acted.size(), 0u + 1);
    EXPECT_TRUE(pair.ended);
}

TEST(Connection, CancelsAHandlerWhoseClientIsGone) {
    cancelled = false;
    Pair pair;
    pair.exchange("GET /forever HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_FALSE(cancelled);
    pair.hang_up();
    pair.run(200ms);
    EXPECT_TRUE(cancelled);
    EXPECT_TRUE(pair.ended);
}

TEST(Connection, EndsWhenItsOwnerClosesIt) {
    cancelled = false;
    {
        Pair pair;
        pair.exchange("GET /forever HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    EXPECT_TRUE(cancelled);
}

}  // namespace
}  // namespace hoist::api
