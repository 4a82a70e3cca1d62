#pragma once
// SPDX-License-Identifier: Apache-2.0
// A real monitor with a real container, and a test in the daemon's place: what monitor_protocol.h promises.

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <chrono>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "runtime/log_store.h"
#include "runtime/monitor_protocol.h"
#include "tests/support/test_host.h"

namespace hoist::runtime {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

inline const std::string program = PROGRAM_DIR "/hoist-runtime";

/// One root for all: busybox and its links.
inline const std::string& busybox_root() {
    static const std::string root = [] {
        const std::string path = "/var/lib/hoist/busybox";
        test::sh("mkdir -p " + path + "/bin " + path + "/proc " + path + "/sys " + path + "/dev " + path + "/etc " +
                 path + "/tmp && cp /usr/bin/busybox " + path +
                 "/bin/ && for name in sh cat sleep echo true false stty kill ls yes "
                 "head seq readlink dd tr rm; do ln -sf busybox " +
                 path + "/bin/$name; done");
        return path;
    }();
    return root;
}

/// A monitor with the directories it needs, and a daemon's view of it.
class Monitor : public testing::Test {
protected:
    void SetUp() override {
        static int count = 0;
        const std::string name = "m" + std::to_string(++count);
        run_ = "/run/" + name;
        state_ = "/var/lib/hoist/" + name;
        for (const auto& dir : {run_, state_, state_ + "/upper", state_ + "/work"}) make_directories(dir, 0700);
        spec_.id = ContainerId::random();
        spec_.config = default_config();
        spec_.config.process.env = {"PATH=/bin"};
        spec_.config.cgroups_path = "/hoist-" + name;
        spec_.config.hostname = name;
        spec_.root = {.lower = {busybox_root()}, .upper = state_ + "/upper", .work = state_ + "/work"};
        spec_.state_directory = state_;
    }

    void TearDown() override {
        if (!monitor_.pidfd) return;
        try {
            if (!socket_) connect();
            request({{"op", "quit"}});
        } catch (const Error&) {  // it has ended already
        }
        siginfo_t info{};
        ::waitid(P_PIDFD, static_cast<id_t>(monitor_.pidfd.get()), &info, WEXITED);
        EXPECT_FALSE(cgroup_exists());
    }

    bool cgroup_exists() const {
        return test::run({"sh", "-c", "ls -d /sys/fs/cgroup/*" + spec_.config.cgroups_path}).status == 0;
    }

    /// What a file of the container's pids controller says, on v1 or v2.
    std::string pids_file(const std::string& name) const {
        const std::string file = spec_.config.cgroups_path + "/" + name;
        return test::sh("cat /sys/fs/cgroup/pids" + file + " 2>/dev/null || cat /sys/fs/cgroup" + file);
    }

    void write_spec(const std::vector<std::string>& args) {
        spec_.config.process.args = args;
        write_file_atomic(run_ + "/spec.json", to_json(spec_).dump(), 0600, Durable::no);
    }

    /// Launches a monitor for a command. @return its greeting
    Message launch(const std::vector<std::string>& args) {
        write_spec(args);
        monitor_ = launch_monitor(program, run_);
        socket_ = std::move(monitor_.socket);
        return receive();
    }

    Message connect() {
        socket_ = connect_monitor(run_);
        return receive();
    }

    /// The next message, be it what it may.
    Message receive(std::chrono::milliseconds limit = 20s) {
        if (!early_.empty()) {
            Message first = std::move(early_.front());
            early_.erase(early_.begin());
            return first;
        }
        return receive_new(limit);
    }

    Message receive_new(std::chrono::milliseconds limit = 20s) {
        pollfd wait{socket_.get(), POLLIN, 0};
        if (::poll(&wait, 1, static_cast<int>(limit.count())) != 1) fail(Kind::timeout, "the monitor says nothing");
        return std::move(receive_message(socket_).value());
    }

    /// Asks, and waits for the answer; events that come first are kept for receive().
    Message request(Json body, const std::vector<int>& fds = {}) {
        static int number = 0;
        body["seq"] = ++number;
        EXPECT_TRUE(send_message(socket_, body, fds));
        for (;;) {
            Message message = receive_new();
            if (message.body.value("seq", 0) == number) return message;
            early_.push_back(std::move(message));
        }
    }

    Message start() {
        Message answer = request({{"op", "start"}});
        EXPECT_FALSE(answer.body.contains("error")) << answer.body;
        return answer;
    }

    Message expect_event(const std::string& name) {
        Message message = receive();
        EXPECT_EQ(message.body.value("event", ""), name) << message.body;
        return message;
    }

    std::string log_text() {
        std::string text;
        LogReader reader(state_, {});
        while (const auto line = reader.next()) text += line->text;
        return text;
    }

    /// Runs a command in the container. @return its output and then its code, as "text|0"
    std::string exec(const std::vector<std::string>& args, const std::string& id) {
        Pipe in = make_pipe(), out = make_pipe();
        Process process = spec_.config.process;
        process.terminal = false;
        process.args = args;
        const Message answer = request({{"op", "exec"}, {"exec", id}, {"process", to_json(process)}},
                                       {in.read_end.get(), out.write_end.get(), out.write_end.get()});
        out.write_end.reset();
        if (answer.body.contains("error")) return answer.body["error"]["message"];
        std::string text = read_all(out.read_end);
        const Message done = expect_event("exec_exit");
        EXPECT_EQ(done.body["exec"], id);
        return text + "|" + done.body["code"].dump();
    }

    void connect_again() {
        socket_.reset();
        connect();
    }

    std::string run_, state_;
    MonitorSpec spec_;
    LaunchedMonitor monitor_;
    Fd socket_;
    std::vector<Message> early_;
};

}  // namespace hoist::runtime
