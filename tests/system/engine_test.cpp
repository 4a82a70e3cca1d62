// SPDX-License-Identifier: Apache-2.0
// The life of containers against a real engine, monitor and kernel, in a test host.
#include <signal.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "tests/support/test_host.h"
#include "tests/system/engine_host.h"

namespace hoist::test {
namespace {

using namespace std::chrono_literals;
using namespace orchestrator;

ContainerSpec without_network() {
    return {.network_mode = "none"};
}

class EngineTest : public testing::Test {
protected:
    EngineHost host;
    Engine& engine = *host.engine;
    void TearDown() override {
        for (const auto& view : engine.list()) host.wait(engine.remove(view.id, true, true));
        for (const auto& network : engine.networks()) host.wait(engine.remove_network(network.spec.name));
        EXPECT_EQ(host.audit(), "");
    }
    int pid_of(const ContainerId& id) {
        const auto view = engine.view(id);
        const auto* up = std::get_if<Running>(&view.state);
        return up ? up->pid : 0;
    }
    /// Actions of a container's events so far.
    std::string actions(const ContainerId& id) {
        std::string text;
        for (const auto& event : engine.events().since({}))
            if (event.id == id.str()) text += event.action + " ";
        return text;
    }
};

TEST_F(EngineTest, CreatesStartsWaitsAndRemoves) {
    const auto id = host.create("exit 7", "one", without_network());
    EXPECT_EQ(std::string(status_word(engine.view(id).state)), "created");
    host.wait(engine.start(id));
    EXPECT_EQ(host.wait(engine.wait(id, WaitFor::not_running)).code, 7);
    host.wait(engine.remove(id, false, true));
    EXPECT_FALSE(engine.find("one"));
    EXPECT_EQ(actions(id), "create start die destroy ");
    EXPECT_FALSE(std::filesystem::exists(engine.layout().container(id)));
}

TEST_F(EngineTest, GivesBackOutputAndCodes) {
    EXPECT_EQ(host.output("echo out; hostname; id -u", without_network()).substr(0, 4), "out\n");
    EXPECT_EQ(host.run("exit 3", without_network()), 3);
    auto spec = without_network();
    spec.command = std::vector<std::string>{"/no/such/program"};
    const auto id = host.create("", "", spec);
    EXPECT_THROW(host.wait(engine.start(id)), Error);
    EXPECT_EQ(std::get<Exited>(engine.view(id).state).last.code, 127);
    EXPECT_NE(std::get<Exited>(engine.view(id).state).last.error, "");
}

TEST_F(EngineTest, StopSendsTheSignalAndThenKills) {
    const auto obeys = host.create("trap 'exit 5' TERM; while :; do sleep 0.05; done", "", without_network());
    const auto ignores = host.create("trap '' TERM; while :; do sleep 0.05; done", "", without_network());
    host.wait(engine.start(obeys));
    host.wait(engine.start(ignores));
    host.pass(200ms);
    host.wait(engine.stop(obeys, 10s));
    EXPECT_EQ(std::get<Exited>(engine.view(obeys).state).last.code, 5);
    host.wait(engine.stop(ignores, 0s));
    EXPECT_EQ(std::get<Exited>(engine.view(ignores).state).last.code, 137);
    EXPECT_EQ(actions(ignores), "create start kill kill die stop ");
}

// REL-09
TEST_F(EngineTest, KilledInitIs137WithOneDieEvent) {
    const auto id = host.create("sleep 1000", "", without_network());
    host.wait(engine.start(id));
    ASSERT_GT(pid_of(id), 0);
    ::kill(pid_of(id), SIGKILL);
    EXPECT_EQ(host.wait(engine.wait(id, WaitFor::not_running)).code, 137);
    EXPECT_FALSE(std::get<Exited>(engine.view(id).state).last.oom_killed);
    host.pass(100ms);
    EXPECT_EQ(actions(id), "create start die ");
}

TEST_F(EngineTest, MemoryLimitKillIsMarked) {
    auto spec = without_network();
    spec.resources.memory = 8 << 20;
    spec.resources.memory_swap = 8 << 20;
    const auto id = host.create("a=x; while :; do a=$a$a; done", "", spec);
    host.wait(engine.start(id));
    const auto exit = host.wait(engine.wait(id, WaitFor::not_running));
    EXPECT_EQ(exit.code, 137);
    EXPECT_TRUE(exit.oom_killed);
}

TEST_F(EngineTest, RestartPolicyBringsItBackInPlace) {
    auto spec = ContainerSpec{.restart = {RestartSpec::Name::always}};
    const auto id = host.create("sleep 1000", "", spec);
    host.wait(engine.start(id));
    const auto before = engine.view(id);
    ::kill(pid_of(id), SIGKILL);
    ASSERT_TRUE(host.until([&] { return pid_of(id) > 0 && pid_of(id) != std::get<Running>(before.state).pid; }));
    const auto after = engine.view(id);
    EXPECT_EQ(after.restart_count, 1);
    EXPECT_EQ(after.monitor_pid, before.monitor_pid);
    EXPECT_EQ(after.endpoints.at(0).address, before.endpoints.at(0).address);
    host.wait(engine.stop(id, 0s));
    host.pass(300ms);
    EXPECT_EQ(pid_of(id), 0);
}

TEST_F(EngineTest, NetworksGiveAddressesAndNames) {
    const auto network = host.wait(engine.create_network({.name = "back", .subnet = "172.28.5.0/24"}));
    ContainerSpec server;
    server.endpoints = {{.network = network, .aliases = {"db"}, .ipv4_address = "172.28.5.10"}};
    const auto id = host.create("while :; do echo hi | nc -l -p 99; done", "server", server);
    host.wait(engine.start(id));
    EXPECT_EQ(engine.view(id).endpoints.at(0).address, "172.28.5.10");
    EXPECT_THROW(host.create("true", "", server), Error);
    ContainerSpec client;
    client.endpoints = {{.network = network}};
    EXPECT_EQ(host.output("nslookup db 127.0.0.11 | grep -c 172.28.5.10; nc db 99", client), "1\nhi\n");
    EXPECT_THROW(host.wait(engine.remove_network("back")), Error);
}

TEST_F(EngineTest, PublishesPortsAndNamesTheirOwner) {
    ContainerSpec spec;
    spec.ports = {{.host_port = 8080, .container_port = 80}};
    const auto id = host.create("while :; do echo hi | nc -l -p 80; done", "web", spec);
    host.wait(engine.start(id));
    host.pass(200ms);
    EXPECT_EQ(sh("busybox nc -w 2 127.0.0.1 8080 </dev/null"), "hi\n");
    const auto other = host.create("true", "other", spec);
    try {
        host.wait(engine.start(other));
        ADD_FAILURE() << "the port was given twice";
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("already in use by container web"), std::string::npos) << error.what();
    }
}

TEST_F(EngineTest, VolumesAreCopiedUpAndStay) {
    auto spec = without_network();
    spec.mounts = {{.type = MountSpec::Type::volume, .source = "stuff", .target = "/data"}};
    EXPECT_EQ(host.output("cat /data/file; echo more > /data/more", spec), "hello\n");
    EXPECT_EQ(host.output("cat /data/more", spec), "more\n");
    host.wait(engine.remove_volume("stuff"));
    EXPECT_FALSE(engine.find_volume("stuff"));
}

TEST_F(EngineTest, FilesAreGivenReadOnly) {
    auto spec = without_network();
    spec.files = {{.content = "s3cret", .target = "/run/secrets/pw", .uid = 33, .gid = 33, .mode = 0400}};
    EXPECT_EQ(
        host.output(
            "cat /run/secrets/pw; stat -c ' %u %a' /run/secrets/pw; echo x 2>/dev/null >/run/secrets/pw || echo ro",
            spec),
        "s3cret 33 400\nro\n");
}

TEST_F(EngineTest, ExecRunsBesideIt) {
    const auto id = host.create("sleep 1000", "", without_network());
    host.wait(engine.start(id));
    const auto exec = host.wait(engine.create_exec(
        id, {.command = {"/bin/sh", "-c", "echo $A; id -u; exit 4"}, .environment = {"A=b"}, .user = "www-data"}));
    auto streams = host.wait(engine.start_exec(exec));
    EXPECT_EQ(host.wait(engine.wait_exec(exec)), 4);
    EXPECT_EQ(read_all(streams.out), "b\n33\n");
    EXPECT_FALSE(engine.view_exec(exec).running);
}

TEST_F(EngineTest, HealthIsSeenSoonAndFailureRestarts) {
    auto spec = without_network();
    spec.health = HealthSpec{.test = {"CMD-SHELL", "test -f /tmp/ok"}, .interval = 300ms, .retries = 2};
    spec.restart = {RestartSpec::Name::always};
    spec.restart_unhealthy = true;
    const auto id = host.create("sleep 0.5; touch /tmp/ok; exec sleep 1000", "", spec);
    host.wait(engine.start(id));
    EXPECT_EQ(engine.view(id).health.status, Health::starting);
    host.wait(engine.wait_healthy(id));
    const int pid = pid_of(id);
    const auto exec = host.wait(engine.create_exec(id, {.command = {"rm", "/tmp/ok"}}));
    host.wait(engine.start_exec(exec));
    EXPECT_TRUE(host.until([&] { return engine.view(id).health.status == Health::unhealthy; }));
    EXPECT_TRUE(host.until([&] { return pid_of(id) > 0 && pid_of(id) != pid; }, 20s));
    EXPECT_EQ(engine.view(id).restart_count, 1);
}

/// A second process with an engine, which is killed.
class OtherEngine {
public:
    OtherEngine(const std::string& line, const std::string& policy) {
        auto out = make_pipe();
        pid_ = ::fork();
        if (pid_ == 0) {
            ::dup2(out.write_end.get(), 1);
            ::execl("/proc/self/exe", "engine_test", "--engine", line.c_str(), policy.c_str(), nullptr);
            ::_exit(127);
        }
        out.write_end.reset();
        std::string told;
        char byte = 0;
        while (::read(out.read_end.get(), &byte, 1) == 1 && byte != '\n') told += byte;
        const auto words = split(told, ' ');
        if (words.size() != 2) throw std::runtime_error("the other engine did not start: " + told);
        id = ContainerId(words[0]);
        pid = std::stoi(words[1]);
    }
    void kill() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    ContainerId id;
    int pid = 0;  ///< the container's process 1

private:
    pid_t pid_;
};

TEST(EngineCrash, KilledEngineDisturbsNothing) {
    OtherEngine other("exec sleep 1000", "no");
    other.kill();
    EXPECT_EQ(::kill(other.pid, 0), 0);
    EngineHost host;
    const auto view = host.engine->view(other.id);
    ASSERT_TRUE(std::holds_alternative<Running>(view.state)) << status_word(view.state);
    EXPECT_EQ(std::get<Running>(view.state).pid, other.pid);
    EXPECT_EQ(host.audit(), "");
    host.wait(host.engine->stop(other.id, 0s));
    host.wait(host.engine->remove(other.id, false, true));
    for (const auto& network : host.engine->networks()) host.wait(host.engine->remove_network(network.spec.name));
    EXPECT_EQ(host.audit(), "");
}

// REL-06
TEST(EngineCrash, ExitsWhileTheEngineIsDownAreKnown) {
    for (const int code : {0, 3, 137}) {
        OtherEngine other(code == 137 ? "exec sleep 1000" : fmt::format("sleep 1; exit {}", code), "no");
        other.kill();
        if (code == 137) ::kill(other.pid, SIGKILL);
        sh("sleep 1.5");
        EngineHost host;
        const auto view = host.engine->view(other.id);
        ASSERT_TRUE(std::holds_alternative<Exited>(view.state)) << status_word(view.state);
        EXPECT_EQ(std::get<Exited>(view.state).last.code, code);
        int deaths = 0;
        for (const auto& event : host.engine->events().since({})) deaths += event.action == "die";
        EXPECT_EQ(deaths, 1);
        host.wait(host.engine->remove(other.id, false, true));
        for (const auto& network : host.engine->networks()) host.wait(host.engine->remove_network(network.spec.name));
        EXPECT_EQ(host.audit(), "");
    }
}

TEST(EngineCrash, RestartPolicyActsOnceAfterwards) {
    OtherEngine other("sleep 1", "always");
    other.kill();
    sh("sleep 1.5");
    EngineHost host;
    EXPECT_TRUE(host.until([&] { return std::holds_alternative<Running>(host.engine->view(other.id).state); }));
    host.wait(host.engine->remove(other.id, true, true));
    for (const auto& network : host.engine->networks()) host.wait(host.engine->remove_network(network.spec.name));
    EXPECT_EQ(host.audit(), "");
}

/// What the other process does: starts one container, says its id, runs until it is killed.
int run_engine(const std::string& line, const std::string& policy) {
    EngineHost host;
    ContainerSpec spec;
    if (policy == "always") spec.restart.name = RestartSpec::Name::always;
    const auto id = host.create(line, "survivor", spec);
    host.wait(host.engine->start(id));
    const auto view = host.engine->view(id);
    write_all(Fd(::dup(1)), fmt::format("{} {}\n", id.str(), std::get<Running>(view.state).pid), "stdout");
    host.context.restart();
    host.context.run();
    ::pause();
    return 0;
}

}  // namespace
}  // namespace hoist::test

int main(int count, char** words) {
    if (count == 4 && std::string(words[1]) == "--engine") return hoist::test::run_engine(words[2], words[3]);
    testing::InitGoogleTest(&count, words);
    if (GTEST_FLAG_GET(list_tests)) return RUN_ALL_TESTS();
    if (!std::getenv("HOIST_INSIDE")) hoist::test::enter_test_host();  // set under a debugger in hoist-test-host
    return RUN_ALL_TESTS();
}
