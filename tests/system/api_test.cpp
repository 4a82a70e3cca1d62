// SPDX-License-Identifier: Apache-2.0
// The daemon under real clients: the docker command where there is one, and our own. Speaks only the public interface.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_host.h"

namespace hoist::test {
namespace {

const std::string hoist = PROGRAM_DIR "/hoist";
const std::string docker = "docker -H unix:///run/hoist/hoist.sock";

bool have(const std::string& program) {
    return run({"sh", "-c", "command -v " + program}).status == 0;
}

/// A daemon, started as a user would: by the first command. The image "bb" is a busybox.
class Api : public testing::Test {
protected:
    static void SetUpTestSuite() {
        if (!have("busybox")) return;
        sh("mkdir -p /tmp/bb/bin && cp $(command -v busybox) /tmp/bb/bin/busybox && cd /tmp/bb && "
           "for a in sh cat echo sleep true false ls env id stty head yes; do ln -sf busybox bin/$a; done && "
           "tar -C /tmp/bb -cf - . | " +
           hoist + " import -c 'CMD [\"sh\"]' - bb");
    }
    static void TearDownTestSuite() {
        if (const auto pid = read_file_if_exists("/run/hoist/hoistd.pid")) sh("kill " + std::string(trim(*pid)));
    }
    void SetUp() override {
        if (!have("busybox")) GTEST_SKIP() << "no busybox";
    }
    void TearDown() override { sh(hoist + " ps -aq | xargs -r " + hoist + " rm -f -v"); }
};

TEST_F(Api, SocketIsForItsGroupOnly) {
    struct stat status {};
    ASSERT_EQ(::stat("/run/hoist/hoist.sock", &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0660u);
    ASSERT_EQ(::stat("/run/hoist", &status), 0);
    EXPECT_EQ(status.st_mode & 0022, 0u);
}

TEST_F(Api, ASecondDaemonNamesTheFirst) {
    const auto outcome = run({PROGRAM_DIR "/hoistd"});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_NE(outcome.err.find("pid " + std::string(trim(read_file("/run/hoist/hoistd.pid")))), std::string::npos)
        << outcome.err;
}

TEST_F(Api, RunsAContainerAndTellsItsExit) {
    EXPECT_EQ(sh(hoist + " run --rm --network none bb echo hello"), "hello\n");
    EXPECT_EQ(run({hoist, "run", "--rm", "--network", "none", "bb", "sh", "-c", "exit 7"}).status, 7);
    EXPECT_EQ(run({hoist, "run", "--rm", "--network", "none", "bb", "nothing"}).status, 127);
    EXPECT_EQ(run({hoist, "run", "missing-image"}).status, 125);
    EXPECT_EQ(sh(hoist + " ps -aq"), "");
}

TEST_F(Api, ExecJoinsStreamsAndExitStatus) {
    sh(hoist + " run -d --name box --network none bb sleep 1000");
    EXPECT_EQ(sh(hoist + " exec -T box echo hi"), "hi\n");
    EXPECT_EQ(sh("printf abc | " + hoist + " exec -T box cat"), "abc");
    const auto both = run({hoist, "exec", "-T", "-e", "A=1", "box", "sh", "-c", "echo $A; echo err >&2; exit 3"});
    EXPECT_EQ(both.out, "1\n");
    EXPECT_EQ(both.err, "err\n");
    EXPECT_EQ(both.status, 3);
    EXPECT_EQ(sh("head -c 3000000 /dev/zero | " + hoist + " exec -T box cat | wc -c"), "3000000\n");
    EXPECT_NE(run({hoist, "exec", "-T", "nobody", "true"}).status, 0);
}

TEST_F(Api, LogsFollowUntilTheEnd) {
    sh(hoist + " run -d --name talker --network none bb sh -c 'echo one; echo two >&2; sleep 1; echo three'");
    EXPECT_EQ(sh(hoist + " logs -f talker 2>&1"), "one\ntwo\nthree\n");
    EXPECT_EQ(sh(hoist + " logs --tail 1 talker"), "three\n");
    EXPECT_EQ(sh(hoist + " wait talker"), "0\n");
}

TEST_F(Api, ServesTheDockerCommand) {
    if (!have("docker")) GTEST_SKIP() << "no docker command";
    EXPECT_NE(sh(docker + " version").find("Engine:"), std::string::npos);
    EXPECT_NE(sh(docker + " info").find("overlayfs"), std::string::npos);
    EXPECT_NE(sh(docker + " images").find("bb"), std::string::npos);
    const auto id =
        std::string(trim(sh(docker + " run -d --name d1 --network none bb sh -c 'echo from-docker; sleep 1000'")));
    EXPECT_EQ(id.size(), 64u);
    EXPECT_NE(sh(docker + " ps").find("d1"), std::string::npos);
    EXPECT_EQ(sh(docker + " inspect -f '{{.State.Status}}' d1"), "running\n");
    EXPECT_EQ(sh(docker + " exec d1 echo hi"), "hi\n");
    EXPECT_EQ(run({"sh", "-c", docker + " exec d1 sh -c 'exit 5'"}).status, 5);
    EXPECT_EQ(sh("echo abc | " + docker + " exec -i d1 cat"), "abc\n");
    EXPECT_EQ(sh(docker + " logs d1"), "from-docker\n");
    sh(docker + " stop -t 1 d1");
    sh(docker + " start d1");
    sh(docker + " rm -f d1");
    EXPECT_EQ(sh(docker + " run --rm --network none bb echo attached"), "attached\n");
    EXPECT_EQ(run({"sh", "-c", docker + " inspect d1"}).status, 1);
    const auto missing = run({"sh", "-c", docker + " start nobody"});
    EXPECT_NE(missing.err.find("No such container: nobody"), std::string::npos) << missing.err;
}

TEST_F(Api, ListsNetworksAndVolumesToTheDockerCommand) {
    if (!have("docker")) GTEST_SKIP() << "no docker command";
    sh(docker + " network create --subnet 10.99.0.0/24 apinet");
    EXPECT_NE(sh(docker + " network ls").find("apinet"), std::string::npos);
    EXPECT_EQ(sh(docker + " network inspect -f '{{(index .IPAM.Config 0).Subnet}}' apinet"), "10.99.0.0/24\n");
    sh(docker + " network rm apinet");
    sh(docker + " volume create apivol");
    EXPECT_NE(sh(docker + " volume ls -q").find("apivol"), std::string::npos);
    sh(docker + " volume rm apivol");
    EXPECT_EQ(sh(docker + " volume ls -q"), "");
}

/// Two services, the second after the first is healthy.
void write_stack() {
    sh("mkdir -p /tmp/stack");
    write_file_atomic(
        "/tmp/stack/compose.yaml",
        "services:\n"
        "  db: {image: bb, init: true, stop_grace_period: 1s, command: [sh, -c, 'echo db up; sleep 1; "
        "echo x > /r; sleep 1000'],\n"
        "    healthcheck: {test: [CMD, cat, /r], interval: 200ms, start_period: 5s, start_interval: 50ms}}\n"
        "  web: {image: bb, init: true, stop_grace_period: 1s, command: [sh, -c, 'echo web up; sleep 1000'],\n"
        "    depends_on: {db: {condition: service_healthy}}}\n",
        0644, Durable::no);
}

TEST_F(Api, StackVerbsInAProjectsFolder) {
    write_stack();
    const std::string in = "cd /tmp/stack && " + hoist + " ";
    EXPECT_EQ(run({"sh", "-c", in + "plan"}).status, 2);
    sh(in + "up -d");
    EXPECT_EQ(run({"sh", "-c", in + "plan"}).status, 0);
    EXPECT_EQ(sh(in + "ps --services"), "db\nweb\n");
    EXPECT_EQ(sh(in + "compose logs"), "db-1   | db up\nweb-1  | web up\n");
    EXPECT_EQ(run({"sh", "-c", in + "exec -T web sh -c 'exit 9'"}).status, 9);
    sh(in + "stop && " + in + "start && " + in + "restart web");
    EXPECT_EQ(parse_json(sh(in + "ps --format json"), "ps").size(), 2u);
    sh(in + "down -v");
    EXPECT_EQ(sh(in + "ps -aq"), "");
    EXPECT_EQ(sh(in + "system audit"), "database and kernel agree\n");
}

TEST_F(Api, CtrlCStopsAnAttachedStack) {
    write_stack();
    const std::string in = "cd /tmp/stack && " + hoist + " ";
    const auto text =
        sh(in + "up > /tmp/up.out 2>&1 & pid=$!; sleep 3; kill -INT $pid; wait $pid; cat /tmp/up.out", 30);
    EXPECT_NE(text.find("web-1  | web up\n"), std::string::npos) << text;
    EXPECT_LT(text.find("web-1  | web up"), text.find("Stopping (Ctrl-C again kills)")) << "shown only at the end";
    EXPECT_EQ(sh(in + "ps -q"), "");
    EXPECT_EQ(sh(in + "ps -aq | wc -l"), "2\n");
    sh(in + "down");
}

TEST_F(Api, CtrlCWhileStartingKeepsWhatWasStarted) {
    write_stack();
    const std::string in = "cd /tmp/stack && " + hoist + " ";
    const auto text =
        sh(in + "up -d > /tmp/up.out 2>&1 & pid=$!; sleep 0.7; kill -INT $pid; wait $pid; echo $?; cat /tmp/up.out");
    EXPECT_EQ(text.substr(0, 4), "130\n") << text;
    EXPECT_NE(text.find("started and kept: stack-db-1;"), std::string::npos) << text;
    sh(in + "up -d");
    EXPECT_EQ(sh(in + "ps -q | wc -l"), "2\n");
    sh(in + "down");
}

TEST_F(Api, TerminalsHaveTheUsersSize) {
    if (!have("script")) GTEST_SKIP() << "no script command";
    sh(hoist + " run -d --name box --network none bb sleep 1000");
    const auto lines =
        sh("script -qec \"stty rows 33 cols 99; " + hoist + " exec box sh -c 'test -t 0 && stty size'\" /dev/null");
    EXPECT_NE(lines.find("33 99"), std::string::npos) << lines;
}

TEST_F(Api, AnUploadThatBreaksOffLeavesNoImage) {
    sh("head -c 3000000 /dev/urandom > /tmp/bb-part && tar -C / -cf /tmp/part.tar tmp/bb-part && head -c 1000000 "
       "/tmp/part.tar > "
       "/tmp/broken.tar");
    EXPECT_EQ(run({hoist, "import", "/tmp/broken.tar", "broken"}).status, 1);
    run({"sh", "-c", "(cat /tmp/broken.tar; sleep 5) | timeout -s KILL 0.5 " + hoist + " import - broken"});
    EXPECT_EQ(sh(hoist + " images").find("broken"), std::string::npos);
}

TEST_F(Api, TakesASocketFromItsServiceManager) {
    if (!have("python3")) GTEST_SKIP() << "no python3";
    const auto text = sh(R"(python3 -c '
import os, socket, subprocess, time
l = socket.socket(socket.AF_UNIX); l.bind("/tmp/given.sock"); l.listen(5)
n = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); n.bind("/tmp/notify.sock"); n.settimeout(5)
pid = os.fork()
if pid == 0:
    os.dup2(os.dup2(l.fileno(), 50), 3); os.set_inheritable(3, True)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", NOTIFY_SOCKET="/tmp/notify.sock")
    os.execl(")" PROGRAM_DIR R"(/hoistd", "hoistd", "--root", "/tmp/other", "--run", "/tmp/other-run")
c = socket.socket(socket.AF_UNIX); c.connect("/tmp/given.sock")
c.send(b"GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n")
print(n.recv(100).decode(), c.recv(1000)[:12].decode())
os.kill(pid, 15); print(os.waitpid(pid, 0)[1])')");
    EXPECT_EQ(text, "READY=1 HTTP/1.1 200\n0\n");
}

TEST_F(Api, EventsTellALife) {
    const auto since = std::string(trim(sh("date +%s")));
    sh(hoist + " run --rm --name lively --network none bb true");
    const auto text = sh(hoist + " events --json --since " + since + " --until 0s --filter container=lively");
    std::vector<std::string> actions;
    for (const auto& line : split(trim(text), '\n')) actions.push_back(parse_json(line, "event")["Action"]);
    const auto at = [&](const char* action) {
        return std::find(actions.begin(), actions.end(), action) - actions.begin();
    };
    EXPECT_LT(at("create"), at("start"));
    EXPECT_LT(at("start"), at("die"));
    EXPECT_LT(at("die"), at("destroy"));
    EXPECT_LT(at("destroy"), static_cast<long>(actions.size()));
}

TEST_F(Api, StaysQuickUnderIdleConnections) {
    if (!have("python3")) GTEST_SKIP() << "no python3";
    const auto text = sh(R"(python3 -c '
import socket, time
idle = []
for i in range(2000):
    s = socket.socket(socket.AF_UNIX); s.connect("/run/hoist/hoist.sock"); idle.append(s)
    if i % 2: s.send(b"GET /_p")
best = 9
for i in range(5):
    begin = time.time()
    s = socket.socket(socket.AF_UNIX); s.connect("/run/hoist/hoist.sock")
    s.send(b"GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n"); data = s.recv(1000); s.close()
    best = min(best, time.time() - begin)  # how slow the machine is at its worst is not the question
    assert data.startswith(b"HTTP/1.1 200"), data
print(int(best * 1000))')");
    EXPECT_LT(std::stoi(text), 100);
}

TEST_F(Api, CommandsLeaveNothingBehind) {
    const auto pid = std::string(trim(read_file("/run/hoist/hoistd.pid")));
    const auto descriptors = [&] { return std::stoi(sh("ls /proc/" + pid + "/fd | wc -l")); };
    sh(hoist + " run -d --name box --network none bb sleep 1000");
    sh(hoist + " exec -T box true");
    const int before = descriptors();
    for (int i = 0; i < 20; ++i) {
        run({"sh", "-c", "timeout 0.05 " + hoist + " exec -T box sleep 100 </dev/null"});
        run({"sh", "-c", "timeout 0.05 " + hoist + " logs -f box"});
        run({"sh", "-c", "timeout 0.05 " + hoist + " events"});
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    EXPECT_LE(descriptors(), before + 3);
}

}  // namespace
}  // namespace hoist::test
