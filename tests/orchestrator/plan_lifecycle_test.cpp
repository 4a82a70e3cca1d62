// SPDX-License-Identifier: Apache-2.0
// What `up` decides about jobs, schedules, changed files and shared namespaces.
#include <gmock/gmock.h>

#include "tests/orchestrator/stack.h"

namespace hoist::orchestrator::test {
namespace {

compose::Project one(const char* name = "job") {
    compose::Project project;
    project.name = "p";
    project.working_dir = "/srv/p";
    project.networks["back"].key = "back";
    add_service(project, name);
    return project;
}

void finish(World& world, const char* name, int code) {
    world.find(name)->state = Exited{.last = {.code = code}};
}

std::string plan_of(const compose::Project& project, const World& world, UpOptions how = {}) {
    return to_string(plan_up(project, world.seen, how));
}

TEST(Jobs, StayFinishedWhileUnchanged) {
    auto project = one();
    World world = up(project);
    finish(world, "p-job-1", 0);
    EXPECT_EQ(plan_of(project, world), "");
    EXPECT_EQ(plan_of(project, world, {.wait = true}), "");
    project.services["job"].command = std::vector<std::string>{"other"};
    EXPECT_THAT(plan_of(project, world), testing::HasSubstr("recreate container p-job-1"));
}

TEST(Jobs, RunAgainAfterAFailureOrWhenNamed) {
    const auto project = one();
    World world = up(project);
    finish(world, "p-job-1", 0);
    EXPECT_EQ(plan_of(project, world, {.services = {"job"}}), "0 start container p-job-1 after []: exited with 0\n");
    finish(world, "p-job-1", 3);
    EXPECT_EQ(plan_of(project, world), "0 start container p-job-1 after []: exited with 3\n");
}

TEST(Schedules, LeaveTheStartToTheirTimes) {
    auto project = one();
    project.services["job"].schedule = compose::Schedule{.cron = "@daily"};
    World world(project);
    EXPECT_EQ(plan_of(project, world),
              "0 create network back after []: not found\n1 create container p-job-1 after [0]: no container\n");
    world.apply(plan_up(project, world.seen, {}));
    EXPECT_EQ(plan_of(project, world, {.wait = true}), "");
    finish(world, "p-job-1", 1);
    EXPECT_EQ(plan_of(project, world), "");
}

compose::Project with_config(const char* digest, compose::OnChange::How how) {
    auto project = one("web");
    compose::Grant grant{.source = "c", .target = "/c", .digest = digest};
    grant.on_change.how = how;
    project.services["web"].configs = {grant};
    project.configs["c"].content = digest;
    return project;
}

TEST(Files, AreUpdatedWithoutANewContainer) {
    using How = compose::OnChange::How;
    const auto before = with_config("1", How::signal);
    World world = up(before);
    world.find("p-web-1")->file_digests = {{"/c", "1"}};
    EXPECT_EQ(plan_of(before, world), "");
    const auto after = with_config("2", How::signal);
    EXPECT_EQ(plan_of(after, world), "0 update container p-web-1 after []: content of /c changed\n");
    world.know(after);
    world.apply(plan_up(after, world.seen, {}));
    EXPECT_EQ(plan_of(after, world), "");
    EXPECT_THAT(plan_of(with_config("3", How::recreate), world), testing::HasSubstr("recreate container p-web-1"));
}

TEST(Options, RecreateDependenciesOnlyWhenAsked) {
    const auto project = lnmp();
    World world = up(project);
    const auto text = [&](bool always) {
        return plan_of(project, world,
                       {.recreate = Recreate::always, .services = {"nginx"}, .always_recreate_deps = always});
    };
    EXPECT_THAT(text(false), testing::Not(testing::HasSubstr("recreate container lnmp-db-1")));
    EXPECT_THAT(text(true), testing::HasSubstr("recreate container lnmp-db-1"));
}

}  // namespace
}  // namespace hoist::orchestrator::test
