// SPDX-License-Identifier: Apache-2.0
// Hooks, probes, schedules, changed files and shared namespaces of a project, with a real engine in a test host.
#include <gmock/gmock.h>

#include <filesystem>

#include "base/error.h"
#include "compose/digest.h"
#include "orchestrator/log_config.h"
#include "orchestrator/projects.h"
#include "orchestrator/schedules.h"
#include "tests/support/test_host.h"
#include "tests/system/engine_host.h"

namespace hoist::test {
namespace {

using namespace std::chrono_literals;
using namespace orchestrator;
using testing::HasSubstr;

class LifecycleTest : public testing::Test {
protected:
    LifecycleTest() : projects_(engine()) {
        host_.need_busybox();
        project_.name = "p";
        project_.working_dir = "/srv/p";
    }
    void TearDown() override {
        DownOptions how;
        how.volumes = true;
        host_.wait(projects_.down("p", how, {}));
        EXPECT_TRUE(engine().list().empty());
        EXPECT_EQ(host_.audit(), "");
    }

    compose::Service& add(const std::string& name, const std::string& line) {
        auto& service = project_.services[name];
        service.name = name;
        service.image = "busybox";
        service.command = std::vector<std::string>{"/bin/sh", "-c", line};
        service.network_mode = "none";
        service.stop_grace_period = 0s;
        return service;
    }
    void up() { host_.wait(projects_.up(project_, {}, {})); }
    std::string failure() {
        try {
            up();
        } catch (const Error& error) {
            return error.what();
        }
        return "no error";
    }
    ContainerView view(const std::string& name) { return engine().view(engine().resolve(name)); }
    std::string log(const std::string& name) {
        runtime::LogReader reader = open_log(view(name), {});
        std::string text;
        while (const auto line = reader.next()) text += line->text;
        return text;
    }
    bool logged(const std::string& name, const std::string& text) {
        return host_.until([&] { return log(name).find(text) != std::string::npos; }, 60s);
    }
    int inside(const std::string& name, const std::string& line) {
        ExecSpec spec;
        spec.command = {"/bin/sh", "-c", line};
        const auto exec = host_.wait(engine().create_exec(engine().resolve(name), spec));
        const auto streams = host_.wait(engine().start_exec(exec));
        return host_.wait(engine().wait_exec(exec));
    }

    Engine& engine() { return *host_.engine; }
    EngineHost host_;
    Projects projects_;
    compose::Project project_;
};

compose::Hook hook(const std::string& line) {
    compose::Hook made;
    made.command = std::vector<std::string>{"/bin/sh", "-c", line};
    return made;
}

TEST_F(LifecycleTest, HooksRunBeforeTheStartAfterItAndBeforeTheStop) {
    auto& web = add("web", "cat /shared/steps; exec sleep 1000");
    web.mounts.push_back({.type = compose::Mount::Type::volume, .target = "/shared"});
    web.pre_start = {hook("echo one >> /shared/steps"), hook("echo two >> /shared/steps")};
    web.post_start = {hook("echo three >> /shared/steps")};
    web.pre_stop = {hook("echo four >> /proc/1/fd/1")};
    up();
    EXPECT_TRUE(logged("p-web-1", "one\ntwo\n")) << log("p-web-1");
    EXPECT_EQ(inside("p-web-1", "grep three /shared/steps"), 0);
    EXPECT_EQ(engine().list().size(), 1u);  // the hooks' containers are gone
    host_.wait(projects_.stop("p", {}, std::nullopt, {}));
    EXPECT_TRUE(logged("p-web-1", "four"));
    host_.wait(projects_.start("p", {}, {}));
    EXPECT_EQ(inside("p-web-1", "test $(grep -c one /shared/steps) = 1"), 0);  // not again for the same definition
}

TEST_F(LifecycleTest, AFailingHookIsToldWithItsOutput) {
    add("web", "exec sleep 1000").pre_start = {hook("echo no database; exit 3")};
    const std::string first = failure();
    EXPECT_THAT(first, HasSubstr("pre_start hook of p-web-1"));
    EXPECT_THAT(first, HasSubstr("it exited with 3"));
    EXPECT_THAT(first, HasSubstr("no database"));
    project_.services["web"].pre_start.clear();
    project_.services["web"].post_start = {hook("echo not warm; exit 4")};
    EXPECT_THAT(failure(),
                HasSubstr("post_start hook of p-web-1 (/bin/sh -c echo not warm; exit 4) failed: exit 4: not warm"));
}

TEST_F(LifecycleTest, ProbesLookFromInsideWithoutAProcess) {
    auto& web = add("web", "sleep 0.2; echo ready for connections; exec sleep 1000");
    web.probe = compose::Probe{.type = compose::Probe::Type::log, .body = "ready for connections"};
    web.healthcheck.emplace();
    web.healthcheck->interval = web.healthcheck->timeout = Nanoseconds(60s);
    auto& file = add("file", "touch /tmp/up; exec sleep 1000");
    file.healthcheck = web.healthcheck;
    file.probe = compose::Probe{.type = compose::Probe::Type::file, .path = "/tmp/up"};
    file.mounts.push_back({.type = compose::Mount::Type::tmpfs, .target = "/tmp"});
    auto& server = add("server", "while true; do nc -l -p 6000 < /dev/null; done");
    project_.networks["default"].key = "default";
    server.network_mode.clear();
    server.networks = {{"default", {}}};
    server.healthcheck = web.healthcheck;
    server.probe = compose::Probe{.type = compose::Probe::Type::tcp, .port = 6000};
    auto& last = add("last", "exec sleep 1000");
    for (const char* name : {"web", "file", "server"})
        last.depends_on[name].condition = compose::Dependency::Condition::healthy;
    up();
    for (const char* name : {"p-web-1", "p-file-1", "p-server-1"}) {
        EXPECT_EQ(view(name).health.status, Health::healthy) << name;
        EXPECT_EQ(view(name).spec.health->test.front(), "PROBE");
    }
}

TEST_F(LifecycleTest, ChangedFilesReachARunningContainer) {
    auto& web = add("web", "trap 'echo told' HUP; echo begun; while true; do sleep 0.05; done");
    web.read_only = true;
    web.configs = {{.source = "c", .target = "/etc/c", .uid = "7", .mode = 0440}};
    const auto content = [&](const char* text, compose::OnChange reaction) {
        project_.configs["c"] = {.key = "c", .name = "p_c", .content = text};
        project_.services["web"].configs[0].digest = compose::sha256(text);
        project_.services["web"].configs[0].on_change = std::move(reaction);
    };
    using How = compose::OnChange::How;
    content("one", {.how = How::signal, .signal = "HUP"});
    up();
    EXPECT_TRUE(logged("p-web-1", "begun"));
    EXPECT_EQ(inside("p-web-1", "test $(cat /etc/c) = one && test $(stat -c %u:%a /etc/c) = 7:440"), 0);
    const auto before = view("p-web-1").id;
    content("second", {.how = How::signal, .signal = "HUP"});
    up();
    EXPECT_EQ(view("p-web-1").id, before);
    EXPECT_EQ(inside("p-web-1", "test $(cat /etc/c) = second"), 0);
    EXPECT_TRUE(logged("p-web-1", "told"));
    content("3", {.how = How::exec, .command = {"/bin/sh", "-c", "cp /etc/c /dev/shm/seen"}});
    up();
    EXPECT_EQ(inside("p-web-1", "test $(cat /dev/shm/seen) = 3"), 0);
    EXPECT_EQ(to_string(projects_.plan(project_, {})), "");
    content("4", {});
    up();
    EXPECT_NE(view("p-web-1").id, before);
}

TEST_F(LifecycleTest, ExternalSecretsComeFromTheStore) {
    add("web", "cat /run/secrets/s; exec sleep 1000").secrets = {{.source = "s", .target = "/run/secrets/s"}};
    project_.secrets["s"] = {.key = "s", .name = "kept", .external = true};
    EXPECT_THAT(failure(), HasSubstr("secret s is external, and none is kept under the name kept"));
    engine().secrets().create("kept", "hidden words", {});
    EXPECT_THROW(engine().secrets().create("kept", "x", {}), Error);
    up();
    EXPECT_TRUE(logged("p-web-1", "hidden words"));
    engine().secrets().replace("kept", "others");
    EXPECT_THAT(to_string(projects_.plan(project_, {})), HasSubstr("recreate container p-web-1"));
    engine().secrets().remove("kept");
    EXPECT_TRUE(engine().secrets().list().empty());
}

TEST_F(LifecycleTest, NamespacesAreSharedWithAnotherService) {
    add("one", "exec sleep 1000");
    auto& two = add("two", "exec sleep 1000");
    two.pid = two.ipc = "service:one";
    two.depends_on["one"].restart = true;
    up();
    EXPECT_EQ(inside("p-two-1", "ps | grep -c 'sleep 1000' | grep -q -v '^[01]$'"), 0);
    const auto ns = [&](const char* name, const char* kind) {
        const auto pid = std::get<Running>(view(name).state).pid;
        return std::filesystem::read_symlink(fmt::format("/proc/{}/ns/{}", pid, kind)).string();
    };
    EXPECT_EQ(ns("p-one-1", "pid"), ns("p-two-1", "pid"));
    EXPECT_EQ(ns("p-one-1", "ipc"), ns("p-two-1", "ipc"));
    EXPECT_NE(ns("p-one-1", "uts"), ns("p-two-1", "uts"));
    EXPECT_EQ(to_string(projects_.plan(project_, {})), "");
}

TEST_F(LifecycleTest, AScheduledServiceWaitsForItsTime) {
    add("job", "echo ran").schedule = compose::Schedule{.cron = "0 0 1 1 *"};
    up();
    EXPECT_TRUE(std::holds_alternative<Created>(view("p-job-1").state));
    EXPECT_EQ(to_string(projects_.plan(project_, {})), "");
    Schedules schedules(engine());
    schedules.set(project_, true);
    schedules.fire(std::time(nullptr) + 366 * 24 * 3600);
    EXPECT_TRUE(logged("p-job-1", "ran"));
    EXPECT_TRUE(host_.until([&] { return std::holds_alternative<Exited>(view("p-job-1").state); }, 60s));
}

TEST_F(LifecycleTest, OneOffContainersCarryTheServicesSettings) {
    add("web", "exec sleep 1000").environment["A"] = "b";
    up();
    auto changed = project_;
    changed.services["web"].command = std::vector<std::string>{"/bin/sh", "-c", "echo A is $A"};
    const auto id = host_.wait(projects_.create_one_off(changed, {.service = "web"}));
    host_.wait(engine().start(id));
    EXPECT_EQ(host_.wait(engine().wait(id, WaitFor::not_running)).code, 0);
    const auto one_off = engine().view(id);
    EXPECT_THAT(one_off.name, testing::StartsWith("p-web-run-"));
    EXPECT_EQ(one_off.spec.labels.at("com.docker.compose.oneoff"), "True");
    EXPECT_TRUE(logged(one_off.name, "A is b"));
    EXPECT_EQ(to_string(projects_.plan(project_, {})), "");  // it is none of the service's replicas
}

}  // namespace
}  // namespace hoist::test
