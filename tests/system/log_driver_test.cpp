// SPDX-License-Identifier: Apache-2.0
// Log drivers and their options, as a user meets them. REL-15, REL-19, REL-30, REL-31, SEC-53
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <future>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "base/units.h"
#include "tests/support/hoist_host.h"

namespace hoist::test {
namespace {

using std::chrono::milliseconds;
const std::string program = PROGRAM_DIR "/hoist";

class LogDriver : public testing::Test {
protected:
    void SetUp() override { import_busybox(); }
    void TearDown() override {
        sh(program + " ps -a -q | xargs -r " + program + " rm -f");
        EXPECT_EQ(hoist_ok({"system", "audit"}), "database and kernel agree\n");
    }
    /// Runs a shell line to its end in a container "cc" with options of `hoist run`.
    static void run_to_end(const std::vector<std::string>& options, const std::string& line) {
        start(options, line);
        hoist_ok({"wait", "cc"});
    }
    static void start(const std::vector<std::string>& options, const std::string& line) {
        std::vector<std::string> command = {"run", "-d", "--name", "cc", "--network", "none"};
        command.insert(command.end(), options.begin(), options.end());
        command.insert(command.end(), {"busybox", "sh", "-c", line});
        hoist_ok(command);
    }
    static std::string log_path() { return inspect("cc").value("LogPath", ""); }
};

/// Where a container's lines and all bytes of them come back, whatever the driver.
class ReadableLog : public LogDriver, public testing::WithParamInterface<std::vector<std::string>> {};

TEST_P(ReadableLog, ComesBackByStreamTimeAndTail) {
    run_to_end(GetParam(), "echo one; usleep 50000; echo two >&2; usleep 50000; echo three");
    const auto both = hoist({"logs", "cc"});
    EXPECT_EQ(both.out, "one\nthree\n");
    EXPECT_EQ(both.err, "two\n");
    EXPECT_EQ(hoist({"logs", "--tail", "2", "cc"}).out, "three\n");
    EXPECT_EQ(sh(program + " logs -f cc 2>&1"), "one\ntwo\nthree\n");
    const auto stamped = split(trim(sh(program + " logs -t cc 2>&1")), '\n');
    ASSERT_EQ(stamped.size(), 3u);
    const auto second = stamped[1].substr(0, stamped[1].find(' '));
    EXPECT_TRUE(parse_time(second)) << stamped[1];
    EXPECT_EQ(sh(program + " logs --since " + second + " cc 2>&1"), "two\nthree\n");
    EXPECT_EQ(sh(program + " logs --until " + second + " cc 2>&1"), "one\ntwo\n");
}

TEST_P(ReadableLog, KeepsForeignBytes) {  // SEC-53
    run_to_end(GetParam(),
               "echo '{\"log\":\"fake\\n\",\"stream\":\"stderr\",\"time\":\"2020-01-01T00:00:00Z\"}'; "
               "printf 'a\\0b\\0\\n'; head -c 1048576 /dev/zero | tr '\\0' x; echo; printf end");
    const auto text = hoist({"logs", "cc"}).out;
    const std::string want = "{\"log\":\"fake\\n\",\"stream\":\"stderr\",\"time\":\"2020-01-01T00:00:00Z\"}\n" +
                             std::string("a\0b\0\n", 5) + std::string(1 << 20, 'x') + "\nend";
    EXPECT_EQ(text.size(), want.size());
    EXPECT_TRUE(text == want);
}

TEST_P(ReadableLog, StaysWithinItsLimitsAndIsFollowedAcrossRotations) {  // REL-31
    auto options = GetParam();
    for (const char* option : {"max-size=20k", "max-file=3"}) options.insert(options.end(), {"--log-opt", option});
    start(options,
          "echo 0; while [ ! -e /go ]; do usleep 10000; done; i=1; while [ $i -lt 20000 ]; do echo $i; i=$((i+1)); done");
    auto follower = std::async(std::launch::async, [] { return sh(program + " logs -f cc | tee /tmp/followed", 120); });
    // It follows once the first line has come.
    ASSERT_TRUE(eventually([] { return read_file_if_exists("/tmp/followed").value_or("") == "0\n"; }, 60));
    hoist_ok({"exec", "-T", "cc", "touch", "/go"});
    hoist_ok({"wait", "cc"});
    const auto numbers = split(trim(follower.get()), '\n');
    ASSERT_GT(numbers.size(), 1000u);
    EXPECT_EQ(numbers.front(), "0");
    EXPECT_EQ(numbers.back(), "19999");
    for (std::size_t i = 1; i < numbers.size(); ++i) ASSERT_GT(std::stoi(numbers[i]), std::stoi(numbers[i - 1]));
    const auto size = std::stol(sh("du -bc $(dirname $(ls -d " + log_path() + "*  | head -1))/*log* | tail -1"));
    EXPECT_LT(size, 3 * 20000 * 5 / 4);
}

TEST_P(ReadableLog, NeedsNoDaemon) {  // REL-30
    auto options = GetParam();
    options.insert(options.end(), {"--log-opt", "max-size=1g"});
    // As fast as it goes, on both streams, each line numbered; 80 MB.
    start(options,
          "seq 0 4999999 > /numbers; touch /ready; while [ ! -e /go ]; do usleep 10000; done; "
          "cat /numbers & cat /numbers >&2; wait");
    ASSERT_TRUE(eventually([] { return hoist({"exec", "-T", "cc", "test", "-e", "/ready"}).status == 0; }, 30));
    hoist_ok({"exec", "-T", "cc", "touch", "/go"});
    const int daemon = daemon_pid();
    ::kill(daemon, SIGSTOP);
    std::this_thread::sleep_for(milliseconds(500));
    ::kill(daemon, SIGCONT);
    kill_daemon();
    std::this_thread::sleep_for(milliseconds(300));
    hoist_ok({"wait", "cc"});
    EXPECT_EQ(inspect("cc")["State"].value("ExitCode", -1), 0);
    EXPECT_EQ(inspect("cc")["State"].value("LogLostBytes", 0), 0);
    sh("seq 0 4999999 > /tmp/numbers; " + program +
           " logs cc > /tmp/out 2> /tmp/err; cmp /tmp/numbers /tmp/out; "
           "cmp /tmp/numbers /tmp/err",
       240);
}

INSTANTIATE_TEST_SUITE_P(Drivers, ReadableLog,
                         testing::Values(std::vector<std::string>{},
                                         std::vector<std::string>{"--log-driver", "json-file"},
                                         std::vector<std::string>{"--log-driver", "local", "--log-opt",
                                                                  "mode=non-blocking", "--log-opt",
                                                                  "max-buffer-size=512m"}));

TEST_F(LogDriver, JsonFileIsDockersFile) {
    run_to_end({"--log-driver", "json-file", "--log-opt", "tag={{.Name}}", "--log-opt", "labels=team", "-l",
                "team=blue", "-e", "TIER=front", "--log-opt", "env=TIER"},
               "echo '<hi>'; echo bye >&2");
    const auto id = inspect("cc").value("Id", "");
    EXPECT_EQ(log_path(), "/var/lib/hoist/containers/" + id + "/" + id + "-json.log");
    const auto lines = split(trim(read_file(log_path())), '\n');
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(lines[0].substr(0, lines[0].find(",\"time\"")),
              "{\"log\":\"\\u003chi\\u003e\\n\",\"stream\":\"stdout\",\"attrs\":{\"TIER\":\"front\",\"tag\":\"cc\","
              "\"team\":\"blue\"}");
    EXPECT_EQ(parse_json(lines[1], "record").value("stream", ""), "stderr");
    const Json config = inspect("cc")["HostConfig"]["LogConfig"];
    EXPECT_EQ(config.value("Type", ""), "json-file");
    EXPECT_EQ(config["Config"].value("tag", ""), "{{.Name}}");
    struct stat info {};
    ASSERT_EQ(::stat(log_path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0640u);
}

TEST_F(LogDriver, NoneKeepsNothingAndStillShowsWhoIsAttached) {
    EXPECT_EQ(sh(program + " run --rm --network none --log-driver none busybox echo seen"), "seen\n");
    run_to_end({"--log-driver", "none"}, "echo unseen");
    EXPECT_EQ(log_path(), "");
    const auto refused = hoist({"logs", "cc"});
    EXPECT_EQ(refused.status, 1);
    EXPECT_NE(refused.err.find("does not support reading"), std::string::npos) << refused.err;
}

TEST_F(LogDriver, OthersAreRefusedWithTheList) {
    const auto refused = hoist({"create", "--log-driver", "syslog", "busybox"});
    EXPECT_NE(refused.err.find("use one of local, json-file, journald, none"), std::string::npos) << refused.err;
    EXPECT_NE(hoist({"create", "--log-opt", "colour=red", "busybox"}).err.find("unknown log opt 'colour'"),
              std::string::npos);
    sh("mkdir -p /tmp/logging");
    write_file_atomic("/tmp/logging/compose.yaml",
                      "services:\n  web:\n    image: busybox\n    command: echo composed\n"
                      "    logging: {driver: json-file, options: {max-size: 1m, max-file: '2'}}\n",
                      0644, Durable::no);
    hoist_ok({"up", "-d"}, "/tmp/logging");
    const Json config = inspect("logging-web-1")["HostConfig"]["LogConfig"];
    EXPECT_EQ(config.value("Type", ""), "json-file");
    EXPECT_EQ(config["Config"].value("max-file", ""), "2");
    EXPECT_EQ(hoist_ok({"compose", "logs", "--no-log-prefix", "web"}, "/tmp/logging"), "composed\n");
    hoist_ok({"down"}, "/tmp/logging");
}

/// systemd's journal, as far as a log driver sees of it.
class Journal {
public:
    explicit Journal(int kept = 0) {
        make_directories("/run/systemd/journal");
        socket_ = Fd(check(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "make a socket"));
        if (kept > 0) ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &kept, sizeof kept);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::string_view(path_).copy(address.sun_path, sizeof address.sun_path - 1);
        check(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), "bind {}", path_);
    }
    ~Journal() { ::unlink(path_); }

    /// The next message's fields; empty if none comes within the time.
    std::map<std::string, std::string> next(int milliseconds = 5000) {
        pollfd readable{socket_.get(), POLLIN, 0};
        std::string bytes(256 << 10, '\0');
        if (::poll(&readable, 1, milliseconds) != 1) return {};
        bytes.resize(static_cast<std::size_t>(check(::recv(socket_.get(), bytes.data(), bytes.size(), 0), "receive")));
        std::map<std::string, std::string> fields;
        for (std::string_view rest = bytes; !rest.empty();) {
            const auto end = rest.find_first_of("=\n");
            const std::string name(rest.substr(0, end));
            std::size_t size, start = end + 1;
            if (rest[end] == '=') {
                size = rest.find('\n', start) - start;
            } else {
                size = static_cast<unsigned char>(rest[start]) | static_cast<unsigned char>(rest[start + 1]) << 8;
                start += 8;
            }
            fields[name] = rest.substr(start, size);
            rest.remove_prefix(start + size + 1);
        }
        return fields;
    }

private:
    static constexpr const char* path_ = "/run/systemd/journal/socket";
    Fd socket_;
};

TEST_F(LogDriver, JournaldIsToldWhoSaysWhat) {
    Journal journal;
    start({"--log-driver", "journald", "--log-opt", "tag=app/{{.Name}}"},
          "echo out; usleep 50000; echo err >&2; usleep 50000; head -c 20000 /dev/zero | tr '\\0' x; echo; sleep 1000");
    const auto out = journal.next();
    const auto id = inspect("cc").value("Id", "");
    EXPECT_EQ(out.at("MESSAGE"), "out");
    EXPECT_EQ(out.at("PRIORITY"), "6");
    EXPECT_EQ(out.at("CONTAINER_ID"), id.substr(0, 12));
    EXPECT_EQ(out.at("CONTAINER_ID_FULL"), id);
    EXPECT_EQ(out.at("CONTAINER_NAME"), "cc");
    EXPECT_EQ(out.at("CONTAINER_TAG"), "app/cc");
    EXPECT_EQ(out.at("SYSLOG_IDENTIFIER"), "app/cc");
    EXPECT_EQ(out.at("IMAGE_NAME"), "busybox");
    const auto err = journal.next();
    EXPECT_EQ(err.at("MESSAGE"), "err");
    EXPECT_EQ(err.at("PRIORITY"), "3");
    const auto part = journal.next();
    EXPECT_EQ(part.at("MESSAGE"), std::string(16384, 'x'));
    EXPECT_EQ(part.at("CONTAINER_PARTIAL_MESSAGE"), "true");
    const auto rest = journal.next();
    EXPECT_EQ(rest.at("MESSAGE"), std::string(20000 - 16384, 'x'));
    EXPECT_FALSE(rest.contains("CONTAINER_PARTIAL_MESSAGE"));
    EXPECT_NE(hoist({"logs", "cc"}).err.find("journalctl CONTAINER_ID_FULL=" + id), std::string::npos);
}

TEST_F(LogDriver, WithoutAJournalItDoesNotStart) {
    const auto refused =
        hoist({"run", "-d", "--name", "cc", "--network", "none", "--log-driver", "journald", "busybox", "true"});
    EXPECT_NE(refused.status, 0);
    EXPECT_NE(refused.err.find("there is no journal at /run/systemd/journal/socket"), std::string::npos) << refused.err;
}

const std::string count_up =
    "i=0; while [ $i -lt 100000 ]; do echo line $i; i=$((i+1)); done; echo x > /done; sleep 1000";

bool container_is_done() {
    return hoist({"exec", "-T", "cc", "test", "-e", "/done"}).status == 0;
}

TEST_F(LogDriver, AJournalThatDoesNotReadHoldsTheContainerUpAndLosesNothing) {
    Journal journal(4096);
    start({"--log-driver", "journald"}, count_up + std::string());
    std::this_thread::sleep_for(milliseconds(1500));
    EXPECT_FALSE(container_is_done()) << "mode=blocking is back-pressure";
    for (int i = 0; i < 100000; ++i) ASSERT_EQ(journal.next()["MESSAGE"], fmt::format("line {}", i));
    EXPECT_TRUE(eventually(container_is_done, 5));
    EXPECT_EQ(inspect("cc")["State"].value("LogLostBytes", 0), 0);
}

TEST_F(LogDriver, NonBlockingLosesInsteadAndTells) {
    Journal journal(4096);
    start({"--log-driver", "journald", "--log-opt", "mode=non-blocking", "--log-opt", "max-buffer-size=16k"}, count_up);
    EXPECT_TRUE(eventually(container_is_done, 10)) << "nobody reads, and yet it goes on";
    EXPECT_TRUE(eventually([] { return inspect("cc")["State"].value("LogLostBytes", 0) > 0; }, 5));
    int last = -1;
    for (auto message = journal.next(1000); !message.empty(); message = journal.next(300)) {
        const int number = std::stoi(message.at("MESSAGE").substr(5));
        EXPECT_GT(number, last);
        last = number;
    }
    EXPECT_GT(last, 10);
    EXPECT_LT(last, 99999);
}

TEST_F(LogDriver, AJournalThatIsStartedAnewIsFoundAgain) {
    auto journal = std::make_unique<Journal>();
    start({"--log-driver", "journald"}, "i=0; while :; do echo $i; i=$((i+1)); usleep 20000; done");
    EXPECT_EQ(journal->next()["MESSAGE"], "0");
    journal.reset();
    std::this_thread::sleep_for(milliseconds(300));
    EXPECT_EQ(status_of("cc"), "running");
    journal = std::make_unique<Journal>();
    auto message = journal->next();
    EXPECT_NE(message["MESSAGE"].find("[hoist: "), std::string::npos) << message["MESSAGE"];
    EXPECT_EQ(message["PRIORITY"], "4");
    EXPECT_GT(std::stoi(journal->next()["MESSAGE"]), 3);
}

TEST_F(LogDriver, ADiskThatStandsStillDoesNotStopNonBlocking) {
    start({"--log-opt", "mode=non-blocking", "--log-opt", "max-buffer-size=64k"},
          "while [ ! -e /go ]; do usleep 10000; done; i=0; while [ $i -lt 100000 ]; do echo line $i; i=$((i+1)); done; "
          "echo x > /done; sleep 1000");
    const auto writer = std::string(trim(sh("pgrep hoist-log")));
    sh("kill -STOP " + writer);  // as a process that waits for its disk
    hoist_ok({"exec", "-T", "cc", "touch", "/go"});
    EXPECT_TRUE(eventually(container_is_done, 20));
    sh("kill -CONT " + writer);
    EXPECT_TRUE(eventually([] { return inspect("cc")["State"].value("LogLostBytes", 0) > 0; }, 5));
    EXPECT_TRUE(eventually([] { return hoist_ok({"logs", "cc"}).find("line ") != std::string::npos; }, 5));
    sh("kill -KILL " + writer);
    hoist_ok({"exec", "-T", "cc", "sh", "-c", "echo after > /proc/1/fd/1; sleep 0.2; echo again > /proc/1/fd/1"});
    EXPECT_TRUE(eventually(
        [] {
            return hoist_ok({"logs", "--tail", "1", "cc"}) == "again\n";
        },
        5))
        << "another writer takes over";
}

}  // namespace
}  // namespace hoist::test
