// SPDX-License-Identifier: Apache-2.0
// A container's output on its way into the log.
#include <sys/mount.h>
#include <sys/resource.h>

#include "tests/system/monitor_fixture.h"

namespace hoist::runtime {
namespace {

TEST_F(Monitor, WritesTheLogOfBothStreams) {
    launch({"sh", "-c", "echo out; sleep 0.05; echo err >&2; sleep 0.05; printf end"});
    start();
    expect_event("exit");
    std::vector<std::string> lines;
    LogReader reader(state_, {});
    while (const auto line = reader.next())
        lines.push_back((line->stream == Stream::stderr_ ? "e:" : "o:") + std::string(line->text));
    EXPECT_EQ(lines, (std::vector<std::string>{"o:out\n", "e:err\n", "o:end"}));
}

TEST_F(Monitor, TheLogIsCompleteWithoutADaemon) {
    spec_.log.limits.segment_size = Bytes{1 << 30};
    launch({"sh", "-c", "yes " + std::string(103, 'y') + " | head -n 1000000"});
    const auto began = Clock::now();
    start();
    socket_.reset();
    while (!read_exit_record(state_) && Clock::now() < began + 60s) std::this_thread::sleep_for(20ms);
    ASSERT_TRUE(read_exit_record(state_));
    LogReader reader(state_, {});
    std::uint64_t lines = 0, bytes = 0;
    while (const auto line = reader.next()) {
        ++lines;
        bytes += line->text.size();
    }
    EXPECT_EQ(lines, 1000000u);
    EXPECT_EQ(bytes, 104000000u);
}

/// A container that writes 4 MB when it is told to, says in a file that it has done so, and writes a line when told
/// again. (REL-19)
class FullLog : public Monitor {
protected:
    void run(const std::function<void()>& fill, const std::function<void()>& make_room) {
        spec_.open_stdin = true;
        launch({"sh", "-c", "read go; yes 0123456789abcde | head -n 262144; echo x > /tmp/written; read go; echo after"});
        int ends[2];
        check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "make a socket pair");
        const Fd ours(ends[0]);
        const Fd theirs(ends[1]);
        request({{"op", "attach"}, {"stdin", true}, {"stdout", false}, {"stderr", false}}, {theirs.get()});
        start();
        fill();
        write_all(ours, "go\n", "attach");
        EXPECT_GT(expect_event("log_lost").body.value("bytes", 0), 0);
        const auto late = Clock::now() + 60s;
        const auto written = [&] { return read_file_if_exists(state_ + "/upper/tmp/written").has_value(); };
        while (!written() && Clock::now() < late) std::this_thread::sleep_for(10ms);
        EXPECT_TRUE(written()) << "the container waits for its log";
        make_room();
        write_all(ours, "go\n", "attach");
        const Message resumed = expect_event("log_lost");
        EXPECT_EQ(expect_event("exit").body["code"], 0);
        spec_.state_directory = state_;
        expect_noted(resumed.body.value("bytes", std::uint64_t{0}));
    }

    /// The log tells where bytes are missing, and how many, and has all others.
    void expect_noted(std::uint64_t lost) {
        std::uint64_t kept = 0, noted = 0;
        std::string last;
        LogReader reader(log_directory_, {});
        while (const auto line = reader.next()) {
            last = std::string(line->text);
            unsigned long long bytes = 0;
            if (std::sscanf(last.c_str(), "[hoist: %llu bytes of output were lost", &bytes) == 1)
                noted += bytes;
            else
                kept += last.size();
        }
        EXPECT_EQ(last, "after\n");
        EXPECT_EQ(noted, lost);
        EXPECT_EQ(kept + noted, 262144u * 16 + 6);
    }

    std::string log_directory_;
};

TEST_F(FullLog, OnADiskWithoutRoomCountsWhatIsLostAndGoesOnByItself) {
    log_directory_ = spec_.state_directory = state_ + "/small";
    make_directories(log_directory_, 0700);
    check(::mount("small", log_directory_.c_str(), "tmpfs", 0, "size=1m"), "mount a tmpfs");
    run([] {},
        [&] {
            check(::mount("small", log_directory_.c_str(), "tmpfs", MS_REMOUNT, "size=16m"), "make it larger");
        });
    ::umount2(log_directory_.c_str(), MNT_DETACH);
}

TEST_F(FullLog, AtALimitOfFileSizesIsNoReasonToDie) {  // SIGXFSZ
    log_directory_ = state_;
    const auto limit = [&](rlim_t bytes) {
        const rlimit wanted{bytes, RLIM_INFINITY};
        check(::prlimit(monitor_.pid, RLIMIT_FSIZE, &wanted, nullptr), "limit the monitor's files");
    };
    run([&] { limit(1 << 20); }, [&] { limit(RLIM_INFINITY); });
}

/// What 100 MB of output cost through the monitor, against the same through a pipe to cat: printed for the record, and
/// held to a loose bound, since test machines are busy.
TEST_F(Monitor, WhatLoggingCosts) {
    test::sh("yes " + std::string(103, 'y') + " | head -n 1000000 > " + busybox_root() + "/tmp/text");
    const auto milliseconds = [&](const std::string& command) {
        write_spec({"sh", "-c", command});
        start();
        const Json exit = expect_event("exit").body;
        EXPECT_EQ(exit["code"], 0);
        return static_cast<double>(exit["finished_at"].get<std::int64_t>() - exit["started_at"].get<std::int64_t>()) /
               1e6;
    };
    launch({"true"});
    std::vector<double> ours, floor;
    for (int i = 0; i < 5; ++i) {
        floor.push_back(milliseconds("rm -f /tmp/copy; dd if=/tmp/text bs=64k 2>/dev/null | cat > /tmp/copy"));
        ours.push_back(milliseconds("exec dd if=/tmp/text bs=64k 2>/dev/null"));
    }
    std::sort(ours.begin(), ours.end());
    std::sort(floor.begin(), floor.end());
    ::printf("104 MB in blocks of 64 KiB: %.0f ms, to cat %.0f ms: %.2f x\n", ours[2], floor[2], ours[2] / floor[2]);
    EXPECT_LT(ours[2], 4 * floor[2]);
}

}  // namespace
}  // namespace hoist::runtime
