// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/plan.h"

#include <gmock/gmock.h>

#include <functional>

#include "tests/orchestrator/stack.h"

namespace hoist::orchestrator::test {
namespace {

using testing::HasSubstr;
using Change = std::function<void(compose::Project&)>;

std::string plan_after(const Change& change, UpOptions how = {}) {
    World world = up(lnmp());
    auto project = lnmp();
    change(project);
    world.know(project);
    world.seen.applied = lnmp();
    return to_string(plan_up(project, world.seen, how));
}

template <class Call>
std::string error_of(Call call) {
    try {
        call();
    } catch (const Error& error) {
        return fmt::format("{}: {}", to_string(error.kind()), error.what());
    }
    return "no error";
}

TEST(PlanUp, MakesEverythingAndStartsInOrder) {
    World world(lnmp());
    EXPECT_EQ(to_string(plan_up(lnmp(), world.seen, {})),
              "0 create network back after []: not found\n"
              "1 create volume data after []: not found\n"
              "2 create container lnmp-db-1 after [0,1]: no container\n"
              "3 create container lnmp-php-1 after [0]: no container\n"
              "4 create container lnmp-nginx-1 after [0]: no container\n"
              "5 start container lnmp-db-1 after [2]: no container\n"
              "6 await container lnmp-db-1 healthy after [5]: php depends on it\n"
              "7 start container lnmp-php-1 after [3,6]: no container\n"
              "8 await container lnmp-php-1 healthy after [7]: nginx depends on it\n"
              "9 start container lnmp-nginx-1 after [4,8]: no container\n");
}

TEST(PlanUp, SecondTimeDoesNothing) {
    World world = up(lnmp());
    for (const auto& how : {UpOptions{}, UpOptions{.wait = true}, UpOptions{.remove_orphans = true}})
        EXPECT_EQ(to_string(plan_up(lnmp(), world.seen, how)), "");
}

TEST(PlanUp, EqualArgumentsGiveEqualPlans) {
    World world(lnmp());
    EXPECT_EQ(to_string(plan_up(lnmp(), world.seen, {})), to_string(plan_up(lnmp(), world.seen, {})));
}

TEST(PlanUp, ChangedEnvironmentReplacesOneContainerAndNamesTheVariable) {
    EXPECT_EQ(plan_after([](auto& project) { project.services["php"].environment["PHP_VERSION"] = "8.3"; }),
              "0 recreate container lnmp-php-1 after []: environment.PHP_VERSION changed\n"
              "1 start container lnmp-php-1 after [0]: environment.PHP_VERSION changed\n");
}

TEST(PlanUp, DependentsWithRestartStopBeforeAndStartAfterWhatTheyDependOn) {
    EXPECT_EQ(plan_after([](auto& project) {
                  project.services["db"].command = {"mariadbd", "--verbose"};
              }),
              "0 stop container lnmp-php-1 after []: depends on db with restart: true, which is made anew\n"
              "1 recreate container lnmp-db-1 after [0]: command changed\n"
              "2 start container lnmp-db-1 after [1]: command changed\n"
              "3 await container lnmp-db-1 healthy after [2]: php depends on it\n"
              "4 start container lnmp-php-1 after [0,3]: depends on db with restart: true, which is made anew\n");
}

TEST(PlanUp, ScalesUpAndDown) {
    World world = up(lnmp());
    auto project = lnmp();
    project.services["nginx"].scale = 3;
    const Plan more = plan_up(project, world.seen, {});
    EXPECT_EQ(to_string(more),
              "0 create container lnmp-nginx-2 after []: scaled to 3\n"
              "1 create container lnmp-nginx-3 after []: scaled to 3\n"
              "2 start container lnmp-nginx-2 after [0]: scaled to 3\n"
              "3 start container lnmp-nginx-3 after [1]: scaled to 3\n");
    world.know(project);
    world.apply(more);
    EXPECT_EQ(to_string(plan_up(lnmp(), world.seen, {})),
              "0 stop container lnmp-nginx-3 after []: scaled to 1\n"
              "1 remove container lnmp-nginx-3 after [0]: scaled to 1\n"
              "2 stop container lnmp-nginx-2 after []: scaled to 1\n"
              "3 remove container lnmp-nginx-2 after [2]: scaled to 1\n");
}

TEST(PlanUp, StartsWhatIsStoppedWithoutMakingItAnew) {
    World world = up(lnmp());
    world.find("lnmp-php-1")->state = Exited{.last = {.code = 137}};
    EXPECT_EQ(to_string(plan_up(lnmp(), world.seen, {})), "0 start container lnmp-php-1 after []: exited with 137\n");
}

TEST(PlanUp, WaitsForADependencyThatIsNotHealthyYet) {
    World world = up(lnmp());
    world.find("lnmp-db-1")->health = Health::starting;
    world.find("lnmp-php-1")->state = Created{};
    EXPECT_EQ(to_string(plan_up(lnmp(), world.seen, {})),
              "0 await container lnmp-db-1 healthy after []: php depends on it\n"
              "1 start container lnmp-php-1 after [0]: created, not started\n");
}

struct RecreateCase {
    std::string name;
    Change change;
    UpOptions how;
    std::string want;
};
class PlanUpRecreate : public testing::TestWithParam<RecreateCase> {};
TEST_P(PlanUpRecreate, HasItsReason) {
    EXPECT_THAT(plan_after(GetParam().change, GetParam().how), HasSubstr(GetParam().want));
}
INSTANTIATE_TEST_SUITE_P(
    Reasons, PlanUpRecreate,
    testing::Values(RecreateCase{"forced",
                                 [](auto&) {},
                                 {.recreate = Recreate::always, .services = {"nginx"}},
                                 "0 recreate container lnmp-nginx-1 after []: forced\n1 start"},
                    RecreateCase{"label",
                                 [](auto& project) { project.services["nginx"].labels["a"] = "b"; },
                                 {},
                                 "recreate container lnmp-nginx-1 after []: labels.a changed"},
                    RecreateCase{"network",
                                 [](auto& project) { project.networks["back"].ipam = {{.subnet = "10.9.0.0/24"}}; },
                                 {},
                                 "remove network lnmp_back after [1,3,5]: its definition changed"}),
    [](const auto& info) { return info.param.name; });

TEST(PlanUp, NamesAnImageThatChanged) {
    World world = up(lnmp());
    world.seen.image_ids["nginx:1"] = "sha256:" + std::string(64, 'b');
    EXPECT_THAT(to_string(plan_up(lnmp(), world.seen, {})),
                HasSubstr("recreate container lnmp-nginx-1 after []: image changed: sha256:aaaaaaaaaaaa -> "
                          "sha256:bbbbbbbbbbbb\n"));
}

TEST(PlanUp, NeverRecreatesWhenToldSo) {
    EXPECT_EQ(plan_after([](auto& project) { project.services["php"].user = "www"; }, {.recreate = Recreate::never}),
              "");
}

TEST(PlanUp, TakesDependenciesAlongUnlessToldNot) {
    World world(lnmp());
    EXPECT_THAT(to_string(plan_up(lnmp(), world.seen, {.services = {"php"}})), HasSubstr("create container lnmp-db-1"));
    EXPECT_EQ(to_string(plan_up(lnmp(), world.seen, {.services = {"php"}, .no_deps = true, .no_start = true})),
              "0 create network back after []: not found\n"
              "1 create container lnmp-php-1 after [0]: no container\n");
}

TEST(PlanUp, RemovesOrphansOnlyWhenAskedAndOnlyItsOwn) {
    World world = up(lnmp());
    ObservedContainer orphan;
    orphan.id = ContainerId("o1");
    orphan.name = "lnmp-old-1";
    orphan.service = "old";
    orphan.working_dir = "/srv/lnmp";
    orphan.state = Running{};
    world.seen.containers.push_back(orphan);
    orphan.name = "lnmp-foreign-1";
    orphan.working_dir = "/home/else/lnmp";
    world.seen.containers.push_back(orphan);
    EXPECT_EQ(to_string(plan_up(lnmp(), world.seen, {})), "");
    EXPECT_EQ(to_string(plan_up(lnmp(), world.seen, {.remove_orphans = true})),
              "0 stop container lnmp-old-1 after []: orphan\n"
              "1 remove container lnmp-old-1 after [0]: orphan\n");
}

compose::Project with_job() {
    auto project = lnmp();
    add_service(project, "migrate").depends_on["db"] = {Condition::healthy, false, true};
    project.services["php"].depends_on["migrate"] = {Condition::completed, false, true};
    return project;
}

TEST(PlanUp, AJobThatIsDoneStaysDone) {
    World world(with_job());
    const Plan first = plan_up(with_job(), world.seen, {});
    EXPECT_THAT(to_string(first), HasSubstr("await container lnmp-migrate-1 completed after [8]: php depends on it"));
    world.apply(first);
    EXPECT_EQ(to_string(plan_up(with_job(), world.seen, {.wait = true})), "");
}

TEST(PlanUp, AnOptionalDependencyIsAStepThatMayFail) {
    auto project = lnmp();
    project.services["nginx"].depends_on["php"] = {Condition::started, false, false};
    World world(project);
    EXPECT_THAT(to_string(plan_up(project, world.seen, {})),
                HasSubstr("await container lnmp-php-1 started (optional) after [7]: nginx depends on it\n"));
}

TEST(PlanUp, SharersOfANetworkNamespaceFollowItsOwner) {
    auto project = lnmp();
    auto& sidecar = add_service(project, "sidecar");
    sidecar.networks.clear();
    sidecar.network_mode = "service:php";
    sidecar.depends_on["php"] = {Condition::started, false, true};
    World world = up(project);
    project.services["php"].user = "www";
    world.know(project);
    EXPECT_EQ(to_string(plan_up(project, world.seen, {})),
              "0 stop container lnmp-sidecar-1 after []: php, whose network it shares, is made anew\n"
              "1 recreate container lnmp-php-1 after [0]: configuration changed\n"
              "2 recreate container lnmp-sidecar-1 after [0,1]: php, whose network it shares, is made anew\n"
              "3 start container lnmp-php-1 after [1]: configuration changed\n"
              "4 start container lnmp-sidecar-1 after [2,3]: php, whose network it shares, is made anew\n");
}

TEST(PlanUp, WaitWaitsForEveryContainer) {
    auto project = lnmp();
    add_service(project, "plain");
    World world(project);
    const auto text = to_string(plan_up(project, world.seen, {.wait = true}));
    EXPECT_THAT(text, HasSubstr("await container lnmp-nginx-1 healthy after [10]: --wait"));
    EXPECT_THAT(text, HasSubstr("await container lnmp-plain-1 started after [11]: --wait"));
    EXPECT_THAT(text, HasSubstr("await container lnmp-db-1 healthy after [6]: php depends on it, --wait"));
}

TEST(PlanUp, NamesEveryMissingImageAtOnce) {
    auto project = lnmp();
    project.services["php"].image.clear();
    project.services["php"].build.emplace();
    EXPECT_EQ(error_of([&] {
                  plan_up(project, Observed{.image_ids = {{"nginx:1", "sha256:1"}}}, {});
              }),
              "not_found: project lnmp cannot be started, and nothing was changed:\n"
              "  image db:1 of service db is missing: `hoist import FILE db:1` makes it from a root file system's tar\n"
              "  image lnmp-php of service php is missing: `hoist import FILE lnmp-php` makes it from a root file "
              "system's tar (or from its `build:` with `hoist build`)");
}

TEST(PlanUp, RefusesWhatCannotBe) {
    World world(lnmp());
    const auto with = [&](const Change& change) {
        auto project = lnmp();
        change(project);
        return error_of([&] { plan_up(project, world.seen, {}); });
    };
    EXPECT_THAT(with([](auto& project) { project.services["db"].healthcheck.reset(); }),
                HasSubstr("invalid: service php waits for db to be healthy, but neither db nor its image has a"));
    EXPECT_THAT(with([](auto& project) {
                    project.services["nginx"].scale = 2;
                    project.services["nginx"].ports = {{.published = 8080, .target = 80}};
                }),
                HasSubstr("service nginx is scaled to 2, but published port 8080 can belong to one container only"));
    EXPECT_THAT(with([](auto& project) {
                    project.networks["back"].external = true;
                    project.networks["back"].name = "shared";
                }),
                HasSubstr("not_found: network shared is declared external, but there is none: create it first"));
    EXPECT_THAT(error_of([&] { plan_up(lnmp(), world.seen, {.services = {"pph"}}); }),
                HasSubstr("project lnmp has no service pph: it has db, nginx, php"));
}

TEST(PlanDown, StopsDependentsFirst) {
    World world = up(lnmp());
    EXPECT_EQ(to_string(plan_down("lnmp", lnmp(), world.seen, {.volumes = true})),
              "0 stop container lnmp-nginx-1 after []: down\n"
              "1 stop container lnmp-php-1 after [0]: down\n"
              "2 stop container lnmp-db-1 after [1]: down\n"
              "3 remove container lnmp-db-1 after [2]: down\n"
              "4 remove container lnmp-nginx-1 after [0]: down\n"
              "5 remove container lnmp-php-1 after [1]: down\n"
              "6 remove network lnmp_back after [3,4,5]: down\n"
              "7 remove volume lnmp_data after [3,4,5]: down with volumes\n");
}

TEST(PlanDown, WorksFromLabelsAloneAndKeepsVolumes) {
    World world = up(lnmp());
    const Plan plan = plan_down("lnmp", std::nullopt, world.seen, {});
    EXPECT_THAT(to_string(plan), HasSubstr("2 stop container lnmp-db-1 after [1]: down\n"));
    world.apply(plan);
    EXPECT_EQ(world.picture(), "volume lnmp_data\n");
}

TEST(PlanStopStart, FollowTheOrder) {
    World world = up(lnmp());
    const Plan stop = plan_stop(lnmp(), world.seen, {});
    EXPECT_EQ(to_string(stop),
              "0 stop container lnmp-nginx-1 after []: stop\n"
              "1 stop container lnmp-php-1 after [0]: stop\n"
              "2 stop container lnmp-db-1 after [1]: stop\n");
    world.apply(stop);
    EXPECT_EQ(to_string(plan_start(lnmp(), world.seen, {"php"})),
              "0 start container lnmp-db-1 after []: not running\n"
              "1 await container lnmp-db-1 healthy after [0]: php depends on it\n"
              "2 start container lnmp-php-1 after [1]: not running\n");
    EXPECT_THAT(error_of([&] { plan_start(lnmp(), Observed{}, {"php"}); }), HasSubstr("service php has no container"));
}

struct Scenario {
    const char* name;
    Change before, after;
    bool fresh = false;
};
class Convergence : public testing::TestWithParam<Scenario> {};

/// Whatever part of a plan was carried out, in whatever allowed order, planning again leads to the same end.
TEST_P(Convergence, AfterDyingBetweenAnyTwoSteps) {
    auto old = with_job(), wanted = with_job();
    GetParam().before(old);
    wanted = old;
    GetParam().after(wanted);
    const UpOptions how{.remove_orphans = true};
    World start = GetParam().fresh ? World(wanted) : up(old);
    start.know(wanted);
    const Plan plan = plan_up(wanted, start.seen, how);
    World whole = start;
    whole.apply(plan);
    EXPECT_EQ(to_string(plan_up(wanted, whole.seen, how)), "");
    for (std::size_t done = 0; done <= plan.steps.size(); ++done)
        for (unsigned seed = 0; seed < 5; ++seed) {
            World world = start;
            world.apply_some(plan, done, seed);
            const Plan rest = plan_up(wanted, world.seen, how);
            world.apply_some(rest, rest.steps.size(), seed);
            ASSERT_EQ(world.picture(), whole.picture()) << done << " of\n"
                                                        << to_string(plan) << "then\n"
                                                        << to_string(rest);
            ASSERT_EQ(to_string(plan_up(wanted, world.seen, how)), "");
        }
}
INSTANTIATE_TEST_SUITE_P(
    PlanUp, Convergence,
    testing::Values(
        Scenario{"fresh", [](auto&) {}, [](auto&) {}, true},
        Scenario{"environment", [](auto&) {}, [](auto& project) { project.services["db"].environment["A"] = "b"; }},
        Scenario{"everything", [](auto&) {},
                 [](auto& project) {
                     for (auto& [name, service] : project.services) service.user = "www";
                 }},
        Scenario{"scale_up", [](auto&) {}, [](auto& project) { project.services["nginx"].scale = 3; }},
        Scenario{"scale_down_and_change", [](auto& project) { project.services["nginx"].scale = 4; },
                 [](auto& project) {
                     project.services["nginx"].scale = 2;
                     project.services["nginx"].user = "www";
                 }},
        Scenario{"network", [](auto&) {},
                 [](auto& project) { project.networks["back"].ipam = {{.subnet = "10.9.0.0/24"}}; }},
        Scenario{"service_gone", [](auto&) {},
                 [](auto& project) {
                     project.services.erase("nginx");
                     project.services["php"].environment["A"] = "b";
                 }},
        Scenario{"renamed", [](auto&) {}, [](auto& project) { project.services["db"].container_name = "database"; }},
        Scenario{"shared_namespace",
                 [](auto& project) {
                     auto& sidecar = add_service(project, "sidecar");
                     sidecar.networks.clear();
                     sidecar.network_mode = "service:db";
                     sidecar.depends_on["db"] = {Condition::started, true, true};
                 },
                 [](auto& project) { project.services["db"].user = "mysql"; }}),
    [](const auto& info) { return info.param.name; });

TEST(Convergence, DownCanBeInterruptedToo) {
    const World start = up(lnmp());
    const Plan plan = plan_down("lnmp", lnmp(), start.seen, {});
    for (std::size_t done = 0; done <= plan.steps.size(); ++done) {
        World world = start;
        world.apply_some(plan, done, 7);
        world.apply(plan_down("lnmp", lnmp(), world.seen, {}));
        EXPECT_EQ(world.picture(), "volume lnmp_data\n");
    }
}

TEST(PlanUp, RefusesCircles) {
    auto project = lnmp();
    project.services["db"].depends_on["nginx"] = {};
    World world(lnmp());
    EXPECT_THAT(error_of([&] { plan_up(project, world.seen, {}); }), HasSubstr("circle"));
}

}  // namespace
}  // namespace hoist::orchestrator::test
