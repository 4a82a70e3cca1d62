// SPDX-License-Identifier: Apache-2.0
// Projects against a real engine, monitor and kernel, in a test host.
#include <gmock/gmock.h>
#include <signal.h>

#include "base/error.h"
#include "orchestrator/projects.h"
#include "tests/support/test_host.h"
#include "tests/system/engine_host.h"

namespace hoist::test {
namespace {

using namespace std::chrono_literals;
using namespace orchestrator;
using testing::HasSubstr;
using Condition = compose::Dependency::Condition;

compose::Service& add(compose::Project& project, const std::string& name, const std::string& line) {
    auto& service = project.services[name];
    service.name = name;
    service.image = "busybox";
    service.command = std::vector<std::string>{"/bin/sh", "-c", line};
    service.networks = {{"default", {}}};
    service.stop_grace_period = 0s;
    return service;
}

compose::Healthcheck probe(const std::string& line) {
    compose::Healthcheck check;
    check.test = {"CMD-SHELL", line};
    check.interval = check.timeout = Nanoseconds(500ms);
    check.start_period = Nanoseconds(0);
    check.retries = 1;
    return check;
}

/// A database that becomes healthy, and a program that waits for it.
compose::Project stack() {
    compose::Project project;
    project.name = "stack";
    project.working_dir = "/srv/stack";
    project.networks["default"].key = "default";
    auto& db = add(project, "db", "sleep 0.3; touch /tmp/ready; exec sleep 1000");
    db.healthcheck = probe("test -e /tmp/ready");
    db.healthcheck->retries = 20;
    db.mounts.push_back({.type = compose::Mount::Type::volume, .target = "/data"});
    // Whether it is ready is forgotten whenever it stops.
    db.mounts.push_back({.type = compose::Mount::Type::tmpfs, .target = "/tmp"});
    db.restart.name = compose::RestartPolicy::Name::always;
    auto& app = add(project, "app", "exec sleep 1000");
    app.depends_on["db"] = {Condition::healthy, false, true};
    app.restart.name = compose::RestartPolicy::Name::always;
    return project;
}

class ProjectsTest : public testing::Test {
protected:
    ProjectsTest() {
        open();
        host().need_busybox();
    }
    void TearDown() override {
        down("stack", true);
        EXPECT_TRUE(engine().list().empty());
        EXPECT_TRUE(engine().networks().empty());
        EXPECT_EQ(host().audit(), "");
    }

    void up(const compose::Project& project, UpOptions how = {}) {
        host().wait(projects().up(project, std::move(how), {}));
    }
    void down(const std::string& name, bool volumes) {
        DownOptions how;
        how.volumes = volumes;
        host().wait(projects().down(name, how, {}));
    }
    std::string failure_of(const compose::Project& project) {
        try {
            up(project);
        } catch (const Error& error) {
            return error.what();
        }
        return "no error";
    }
    ContainerView view(const std::string& name) { return engine().view(engine().resolve(name)); }
    int in_container(const std::string& name, const std::string& line) {
        ExecSpec spec;
        spec.command = {"/bin/sh", "-c", line};
        const auto exec = host().wait(engine().create_exec(engine().resolve(name), spec));
        const auto streams = host().wait(engine().start_exec(exec));
        return host().wait(engine().wait_exec(exec));
    }
    TimePoint since(const std::string& name) { return std::get<Running>(view(name).state).since; }

    EngineHost& host() { return *host_; }
    Engine& engine() { return *host_->engine; }
    Projects& projects() { return *projects_; }
    void open() {
        host_ = std::make_unique<EngineHost>();
        projects_ = std::make_unique<Projects>(engine());
    }
    void close() {
        projects_.reset();
        host_.reset();
    }

private:
    std::unique_ptr<EngineHost> host_;
    std::unique_ptr<Projects> projects_;
};

TEST_F(ProjectsTest, UpStartsInOrderAndASecondUpDoesNothing) {
    up(stack());
    EXPECT_EQ(view("stack-db-1").health.status, Health::healthy);
    EXPECT_GT(since("stack-app-1"), since("stack-db-1") + 300ms);
    EXPECT_EQ(in_container("stack-app-1", "ping -c 1 db"), 0);
    EXPECT_EQ(to_string(projects().plan(stack(), {})), "");
    const auto before = since("stack-db-1");
    up(stack());
    EXPECT_EQ(since("stack-db-1"), before);
}

TEST_F(ProjectsTest, AReplacedContainerKeepsItsAnonymousVolume) {
    up(stack());
    ASSERT_EQ(in_container("stack-db-1", "echo kept > /data/file"), 0);
    auto project = stack();
    project.services["db"].environment["A"] = "b";
    EXPECT_THAT(to_string(projects().plan(project, {})),
                HasSubstr("recreate container stack-db-1 after []: environment.A changed"));
    up(project);
    EXPECT_EQ(in_container("stack-db-1", "grep kept /data/file"), 0);
}

TEST_F(ProjectsTest, AChangedNetworkIsMadeAnewWithItsContainers) {
    up(stack());
    auto project = stack();
    project.networks["default"].ipam = {{.subnet = "10.77.0.0/24"}};
    project.services["db"].networks = {{"default", {.ipv4_address = "10.77.0.9"}}};
    ASSERT_EQ(in_container("stack-db-1", "echo kept > /data/file"), 0);
    up(project);
    EXPECT_EQ(view("stack-db-1").endpoints.at(0).address, "10.77.0.9");
    EXPECT_EQ(in_container("stack-db-1", "grep kept /data/file"), 0);
}

TEST_F(ProjectsTest, AnUnhealthyDependencyIsExplained) {
    auto project = stack();
    project.services["db"] = {};
    add(project, "db", "echo the last words; exec sleep 1000").healthcheck = probe("echo refused; exit 3");
    const auto text = failure_of(project);
    EXPECT_THAT(text, HasSubstr("container stack-db-1 is unhealthy"));
    EXPECT_THAT(text, HasSubstr("last probe: exit 3: refused"));
    EXPECT_THAT(text, HasSubstr("the last words"));
    EXPECT_THAT(text, HasSubstr("waiting for it, not started: app"));
    EXPECT_EQ(std::string(status_word(view("stack-app-1").state)), "created");
    EXPECT_TRUE(projects().desired("stack"));
    up(stack());  // converges once the cause is gone
    EXPECT_EQ(std::string(status_word(view("stack-app-1").state)), "running");
}

TEST_F(ProjectsTest, AJobMustEndWell) {
    auto project = stack();
    project.services["app"].depends_on = {{"job", {Condition::completed, false, true}}};
    add(project, "job", "echo no table; exit 4");
    const auto text = failure_of(project);
    EXPECT_THAT(text, HasSubstr("container stack-job-1 did not complete\n  it exited with 4"));
    EXPECT_THAT(text, HasSubstr("no table"));
    add(project, "job", "exit 0");
    up(project);
    EXPECT_EQ(to_string(projects().plan(project, {})), "");
}

TEST_F(ProjectsTest, WhatCannotBeChangesNothing) {
    auto project = stack();
    project.services["app"].mounts.push_back(
        {.type = compose::Mount::Type::bind, .source = "/no/such", .target = "/x", .create_host_path = false});
    EXPECT_THAT(failure_of(project), HasSubstr("service app: /no/such does not exist, and create_host_path is false"));
    EXPECT_TRUE(engine().list().empty());
    EXPECT_FALSE(projects().desired("stack"));
}

TEST_F(ProjectsTest, CancellingKeepsWhatWasStarted) {
    auto project = stack();
    add(project, "db", "exec sleep 1000").healthcheck = probe("false");
    project.services["db"].healthcheck->retries = 1000;
    boost::asio::cancellation_signal cancel;
    bool ended = false;
    boost::asio::co_spawn(
        host().context, projects().up(project, {}, {}),
        boost::asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr) { ended = true; }));
    const auto db_runs = [&] {
        for (const auto& one : engine().list())
            if (one.name == "stack-db-1") return std::holds_alternative<Running>(one.state);
        return false;
    };
    ASSERT_TRUE(host().until(db_runs));
    cancel.emit(boost::asio::cancellation_type::terminal);
    ASSERT_TRUE(host().until([&] { return ended; }));
    EXPECT_TRUE(db_runs());
    EXPECT_EQ(std::string(status_word(view("stack-app-1").state)), "created");
}

TEST_F(ProjectsTest, StopStartAndRestartKeepTheOrder) {
    up(stack());
    host().wait(projects().stop("stack", {}, 0s, {}));
    EXPECT_EQ(projects().list().at(0).running, 0);
    host().wait(projects().start("stack", {"app"}, {}));
    EXPECT_GT(since("stack-app-1"), since("stack-db-1") + 300ms);
    const auto before = since("stack-db-1");
    host().wait(projects().restart("stack", {"db"}, 0s, {}));
    EXPECT_GT(since("stack-db-1"), before);
    EXPECT_EQ(projects().list().at(0).running, 2);
}

/// Everything dies at once; the next daemon brings it back along the dependencies, but not what the user stopped.
TEST_F(ProjectsTest, ComesBackInOrder) {
    auto project = stack();
    add(project, "idle", "exec sleep 1000").restart.name = compose::RestartPolicy::Name::unless_stopped;
    up(project);
    host().wait(projects().stop("stack", {"idle"}, 0s, {}));
    const auto before = since("stack-db-1");
    const auto address = view("stack-db-1").endpoints.at(0).address;
    std::vector<int> processes;
    for (const auto& one : engine().list())
        if (const auto* running = std::get_if<Running>(&one.state))
            processes.insert(processes.end(), {one.monitor_pid, running->pid});
    close();
    for (const int process : processes) ::kill(process, SIGKILL);
    open();
    host().wait(projects().bring_back());
    EXPECT_GT(since("stack-db-1"), before);
    EXPECT_GT(since("stack-app-1"), since("stack-db-1") + 300ms);
    EXPECT_EQ(view("stack-db-1").endpoints.at(0).address, address);
    EXPECT_EQ(std::string(status_word(view("stack-idle-1").state)), "exited");
}

}  // namespace
}  // namespace hoist::test

int main(int count, char** words) {
    testing::InitGoogleTest(&count, words);
    if (GTEST_FLAG_GET(list_tests)) return RUN_ALL_TESTS();
    hoist::test::enter_test_host();
    return RUN_ALL_TESTS();
}
