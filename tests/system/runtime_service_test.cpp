// SPDX-License-Identifier: Apache-2.0
// A container as a service manager's service: readiness through NOTIFY_SOCKET, sockets through LISTEN_FDS.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <future>

#include "base/error.h"
#include "tests/system/runtime_bundle.h"

namespace hoist::runtime::test {
namespace {

/// The service manager's end.
class Manager {
public:
    Manager() : socket_(check(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "make a socket")) {
        sockaddr_un address{.sun_family = AF_UNIX, .sun_path = "/tmp/notify.sock"};
        check(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind a socket");
    }
    ~Manager() { ::unlink("/tmp/notify.sock"); }
    Manager(const Manager&) = delete;

    /// The next message; "" if none comes in time.
    std::string next(int milliseconds) const {
        pollfd readable{socket_.get(), POLLIN, 0};
        if (::poll(&readable, 1, milliseconds) != 1) return "";
        std::string text(1000, '\0');
        text.resize(static_cast<std::size_t>(check(::recv(socket_.get(), text.data(), text.size(), 0), "receive")));
        return text;
    }

private:
    Fd socket_;
};

class RuntimeService : public RuntimeBundle {
protected:
    RuntimeService() { sh("cp " PROGRAM_DIR "/hoist-inside /tmp/b/rootfs/bin/"); }
    /// `hoist-runtime run` as a service manager starts it.
    static Outcome run(const std::string& environment, const std::string& options, const std::string& redirections = "") {
        const std::string line = program() + " --root /run/rt run " + options + " -b /tmp/b c";
        return hoist::test::run({"sh", "-c", "exec " + redirections + "; export " + environment + "; exec " + line}, 60);
    }
};

TEST_F(RuntimeService, ReadinessIsPassedOnAndNothingElse) {
    const Manager manager;
    save_program({"/bin/sh", "-c",
                  "hoist-inside notify STATUS=waiting; while [ ! -e /tmp/go ]; do usleep 10000; done; "
                  "hoist-inside notify 'READY=1\nMAINPID=1'; sleep 1000"});
    auto started = std::async(std::launch::async, [] { return run("NOTIFY_SOCKET=/tmp/notify.sock", "-d"); });
    for (int tries = 0; tries < 500 && command({"state", "c"}).status != 0; ++tries) ::usleep(10'000);
    EXPECT_TRUE(becomes("running"));
    EXPECT_EQ(manager.next(300), "");
    EXPECT_EQ(started.wait_for(std::chrono::seconds(0)), std::future_status::timeout) << "it is up when it says so";
    write("tmp/go", "");
    EXPECT_EQ(manager.next(60'000), "READY=1");
    const auto done = started.get();
    EXPECT_EQ(done.status, 0) << done.err;
    EXPECT_EQ(manager.next(0), "");
}

TEST_F(RuntimeService, WhoEndsBeforeItIsReadyIsNotWaitedFor) {
    const Manager manager;
    save_program({"/bin/sh", "-c", "[ -S $NOTIFY_SOCKET ] && exit 3"});
    run("NOTIFY_SOCKET=/tmp/notify.sock", "-d");
    EXPECT_TRUE(becomes("stopped"));
    EXPECT_EQ(manager.next(0), "");
}

TEST_F(RuntimeService, SocketsArePassedOnBeforeOtherDescriptors) {
    sh("echo three > /tmp/out; echo four > /tmp/log");
    save_program({"/bin/sh", "-c", "echo $LISTEN_FDS $LISTEN_PID $LISTEN_FDNAMES; cat <&3; (cat <&4) 2>/dev/null; true"});
    const std::string environment = "LISTEN_FDS=1 LISTEN_FDNAMES=web", files = "3</tmp/out 4</tmp/log";
    EXPECT_EQ(run(environment, "", files).out, "1 1 web\nthree\n");
    EXPECT_EQ(run(environment, "--preserve-fds 1", files).out, "1 1 web\nthree\nfour\n");
}

}  // namespace
}  // namespace hoist::runtime::test
