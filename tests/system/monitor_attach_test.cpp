// SPDX-License-Identifier: Apache-2.0
// Clients that see a container's output and type into it.
#include "base/detach_keys.h"
#include "tests/system/monitor_fixture.h"

namespace hoist::runtime {
namespace {

struct Attached {
    Fd ours;
    std::string read_to_end() const { return read_all(ours, 1 << 30); }
};

Attached attach_pair(Fd& theirs) {
    int ends[2];
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "make a socket pair");
    theirs = Fd(ends[1]);
    return {Fd(ends[0])};
}

/// The bytes of Docker's frames without their headers.
std::string payload(const std::string& frames) {
    std::string text;
    for (std::size_t at = 0; at + 8 <= frames.size();) {
        const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(frames[at + i]); };
        const std::size_t length = byte(4) << 24 | byte(5) << 16 | byte(6) << 8 | byte(7);
        text += frames.substr(at + 8, length);
        at += 8 + length;
    }
    return text;
}

TEST_F(Monitor, ServesSeveralAttachedClients) {
    spec_.open_stdin = spec_.stdin_once = true;
    launch({"sh", "-c", "cat; echo done >&2"});
    Fd theirs;
    const Attached first = attach_pair(theirs);
    request({{"op", "attach"}, {"stdin", true}}, {theirs.get()});
    const Attached second = attach_pair(theirs);
    request({{"op", "attach"}, {"stdin", false}}, {theirs.get()});
    theirs.reset();
    write_all(first.ours, "early\n", "attach");
    start();
    ::shutdown(first.ours.get(), SHUT_WR);
    EXPECT_EQ(expect_event("exit").body["code"], 0);
    const std::string want = std::string("\1\0\0\0\0\0\0\6early\n", 14) + std::string("\2\0\0\0\0\0\0\5done\n", 13);
    EXPECT_EQ(first.read_to_end(), want);
    EXPECT_EQ(second.read_to_end(), want);
}

TEST_F(Monitor, ASlowClientGetsAllAndHoldsNobodyUp) {
    launch({"sh", "-c", "yes 0123456789abcdef | head -n 1000000"});
    Fd theirs;
    const Attached slow = attach_pair(theirs);
    request({{"op", "attach"}, {"stdin", false}}, {theirs.get()});
    theirs.reset();
    start();
    EXPECT_EQ(expect_event("exit").body["code"], 0);  // before the client has read anything
    EXPECT_EQ(exec({"true"}, "x"), "the container is not running");
    const std::string text = slow.read_to_end();
    EXPECT_EQ(payload(text).size(), 17000000u);
}

TEST_F(Monitor, ATerminalIsAttachedRawAndResized) {
    spec_.config.process.terminal = true;
    launch({"sh", "-c", "stty -echo; read line; stty size; echo $line"});
    Fd theirs;
    const Attached client = attach_pair(theirs);
    request({{"op", "attach"}, {"stdin", true}}, {theirs.get()});
    theirs.reset();
    start();
    EXPECT_FALSE(request({{"op", "resize"}, {"rows", 40}, {"columns", 120}}).body.contains("error"));
    std::this_thread::sleep_for(200ms);
    write_all(client.ours, "typed\n", "attach");
    EXPECT_EQ(expect_event("exit").body["code"], 0);
    EXPECT_EQ(client.read_to_end(), "40 120\r\ntyped\r\n");
    EXPECT_EQ(log_text(), "40 120\r\ntyped\r\n");
}

/// Reads until `text` has come.
std::string read_until(const Fd& from, const std::string& text) {
    std::string seen;
    char bytes[4096];
    while (seen.find(text) == std::string::npos) {
        pollfd readable{from.get(), POLLIN, 0};
        if (::poll(&readable, 1, 20'000) != 1) return seen + " (and then nothing)";
        const ssize_t got = ::read(from.get(), bytes, sizeof bytes);
        if (got <= 0) return seen + " (and then the end)";
        seen.append(bytes, static_cast<std::size_t>(got));
    }
    return seen;
}

TEST_F(Monitor, StandardInputOutlivesItsClientsUnlessItIsForOne) {
    spec_.open_stdin = true;
    launch({"sh", "-c", "while read line; do echo got $line; done; echo end"});
    Fd theirs;
    start();
    for (const std::string word : {"one", "two"}) {
        const Attached client = attach_pair(theirs);
        request({{"op", "attach"}, {"stdin", true}}, {theirs.get()});
        theirs.reset();
        write_all(client.ours, word + "\n", "attach");
        EXPECT_NE(read_until(client.ours, "got " + word).find("got " + word), std::string::npos);
        ::shutdown(client.ours.get(), SHUT_WR);
    }
    EXPECT_EQ(exec({"true"}, "x"), "|0") << "it reads on";
    request({{"op", "signal"}, {"signal", SIGKILL}});
    expect_event("exit");
    EXPECT_EQ(log_text(), "got one\ngot two\n");
}

TEST_F(Monitor, KeysLetGoOfATerminalForOneClientOnly) {
    spec_.config.process.terminal = true;
    launch({"sh", "-c", "stty -echo; echo ready; read line; echo $line"});
    Fd theirs;
    const Attached leaves = attach_pair(theirs);
    request({{"op", "attach"}, {"stdin", true}, {"detach_keys", parse_detach_keys("ctrl-p,ctrl-q")}}, {theirs.get()});
    const Attached stays = attach_pair(theirs);
    request({{"op", "attach"}, {"stdin", true}}, {theirs.get()});
    theirs.reset();
    start();
    EXPECT_NE(read_until(stays.ours, "ready\r\n").find("ready"), std::string::npos);
    write_all(leaves.ours, "typed \x10\x11", "attach");
    expect_event("detach");
    EXPECT_EQ(leaves.read_to_end(), "ready\r\n");
    write_all(stays.ours, "too\n", "attach");
    EXPECT_EQ(expect_event("exit").body["code"], 0);
    EXPECT_EQ(stays.read_to_end(), "typed too\r\n") << "what came before the keys was typed";
}

TEST_F(Monitor, AClientThatLeavesInTheMiddleTakesNobodyAlong) {
    launch({"sh", "-c", "yes 0123456789abcdef | head -n 1000000"});
    Fd theirs;
    Attached leaves = attach_pair(theirs);
    request({{"op", "attach"}, {"stdin", true}}, {theirs.get()});
    const Attached stays = attach_pair(theirs);
    request({{"op", "attach"}, {"stdin", false}}, {theirs.get()});
    theirs.reset();
    start();
    read_until(leaves.ours, "0123456789abcdef");
    leaves.ours.reset();  // with output on its way to it
    EXPECT_EQ(payload(stays.read_to_end()).size(), 17'000'000u);
    EXPECT_EQ(expect_event("exit").body["code"], 0);
}

}  // namespace
}  // namespace hoist::runtime
