// SPDX-License-Identifier: Apache-2.0
#include "runtime/monitor_protocol.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "runtime/monitor_socket.h"
#include "tests/support/temp_dir.h"

namespace hoist::runtime {
namespace {

struct Ends {
    Fd one, other;
};
Ends make_ends() {
    int ends[2];
    check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), "make a socket pair");
    return {Fd(ends[0]), Fd(ends[1])};
}

TEST(MonitorProtocol, CarriesMessagesOfAnySizeWithDescriptors) {
    for (const std::size_t size : {0u, 100u, 65000u, 70000u, 300000u, 5000000u}) {
        const Ends ends = make_ends();
        const Pipe pipe = make_pipe();
        const Json body = {{"seq", 1}, {"text", std::string(size, 'x')}};
        EXPECT_TRUE(send_message(ends.one, body, {pipe.write_end.get(), pipe.read_end.get()}));
        const auto message = receive_message(ends.other);
        ASSERT_TRUE(message);
        EXPECT_EQ(message->body, body);
        ASSERT_EQ(message->fds.size(), 2u);
        write_all(message->fds[0], "x", "pipe");
        EXPECT_TRUE(::fcntl(message->fds[1].get(), F_GETFD) & FD_CLOEXEC);
        EXPECT_FALSE(receive_message(ends.other));
    }
}

TEST(MonitorProtocol, AFullBufferIsToldNotWaitedFor) {
    const Ends ends = make_ends();
    const Json body = {{"text", std::string(60000, 'x')}};
    int sent = 0;
    while (sent < 1000 && send_message(ends.one, body)) ++sent;
    EXPECT_LT(sent, 1000);
    for (int i = 0; i < sent; ++i) EXPECT_TRUE(receive_message(ends.other));
    EXPECT_TRUE(send_message(ends.one, body));
}

TEST(MonitorProtocol, AClosedPeerIsUnavailable) {
    Ends ends = make_ends();
    ends.other.reset();
    for (const bool sending : {true, false}) try {
            if (sending)
                send_message(ends.one, Json::object());
            else
                receive_message(ends.one);
            FAIL();
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), Kind::unavailable);
        }
}

class MalformedMessage : public testing::TestWithParam<const char*> {};
TEST_P(MalformedMessage, IsRefused) {
    const Ends ends = make_ends();
    ::send(ends.one.get(), GetParam(), std::strlen(GetParam()), 0);
    EXPECT_THROW(receive_message(ends.other), Error);
}
INSTANTIATE_TEST_SUITE_P(MonitorProtocol, MalformedMessage,
                         testing::Values("x", "[1]", "{\"a\":1,\"a\":2}", "{\"in\":\"memfd\"}", "{} {}"));

TEST(MonitorProtocol, SpecificationsSurviveJson) {
    MonitorSpec spec;
    spec.id = ContainerId::random();
    spec.config = default_config();
    spec.config.process.args = {"a", "b c"};
    spec.root = {.lower = {"/l1", "/l2"}, .upper = "/u", .work = "/w", .volatile_upper = true};
    spec.state_directory = "/s";
    spec.seccomp_file = "/f";
    spec.init = spec.open_stdin = spec.stdin_once = true;
    spec.log = {.driver = LogSettings::Driver::json_file,
                .limits = {.segment_size = Bytes{5}, .segments = 7},
                .file = "/x/y-json.log",
                .fields = {{"tag", "t"}},
                .non_blocking = true,
                .most_waiting = Bytes{9}};
    const Json json = to_json(spec);
    EXPECT_EQ(to_json(monitor_spec_from_json(Json::parse(json.dump()))), json);
    for (const char* key : {"config", "root", "state_directory"}) {
        Json broken = json;
        broken.erase(key);
        EXPECT_THROW(monitor_spec_from_json(broken), Error) << key;
    }
}

TEST(MonitorProtocol, ExitRecordsSurviveTheDisk) {
    test::TempDir dir;
    EXPECT_FALSE(read_exit_record(dir.path()));
    const ExitRecord record{.run = 3,
                            .code = 137,
                            .signal = 9,
                            .oom_killed = true,
                            .started_at = now(),
                            .finished_at = now(),
                            .error = "why"};
    dir.write("exit.json", to_json(record).dump());
    const auto read = read_exit_record(dir.path());
    ASSERT_TRUE(read);
    EXPECT_EQ(to_json(*read), to_json(record));
    dir.write("exit.json", "{\"code\":");
    EXPECT_THROW(read_exit_record(dir.path()), Error);
}

TEST(MonitorProtocol, TheSocketIsForRootAloneAndPathsMayBeLong) {
    test::TempDir dir;
    const std::string long_path = dir / std::string(200, 'd');
    make_directories(long_path);
    EXPECT_THROW(connect_monitor(long_path), Error);
    for (const auto& path : {dir.path(), long_path}) {
        const Fd listening = listen_as_monitor(path);
        struct stat info {};
        ASSERT_EQ(::stat((path + "/monitor.sock").c_str(), &info), 0);
        EXPECT_EQ(info.st_mode & 07777, 0600u);
        EXPECT_TRUE(connect_monitor(path));
    }
    try {
        connect_monitor(long_path);  // its file is still there, but nobody listens
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), Kind::unavailable);
    }
}

}  // namespace
}  // namespace hoist::runtime
