// SPDX-License-Identifier: Apache-2.0
#include "compose/model.h"

#include "base/error.h"

namespace hoist::compose {
namespace {

Project full_project() {
    Project p{.name = "shop", .working_dir = "/srv/shop", .config_files = {"/srv/shop/compose.yaml"}};
    Service s{.name = "web", .image = "nginx"};
    s.command.emplace();
    s.environment = {{"A", "1"}, {"GONE", std::nullopt}};
    s.ports = {{.published = 8080, .target = 80, .protocol = "udp"}};
    s.mounts = {{.type = Mount::Type::tmpfs, .target = "/run", .create_host_path = false, .tmpfs_size = Bytes{4096}}};
    s.networks = {{"z", {.aliases = {"w"}}}, {"a", {}}};
    s.depends_on = {{"db", {.condition = Dependency::Condition::healthy, .restart = true}}};
    s.healthcheck = Healthcheck{.test = {"CMD", "true"}, .interval = std::chrono::seconds(3), .retries = 2};
    s.restart = {RestartPolicy::Name::on_failure, 3};
    s.stop_grace_period = std::chrono::milliseconds(1500);
    s.ulimits = {{"nofile", {1, -1}}};
    s.on_unhealthy = OnUnhealthy::restart;
    s.attach = false;
    s.cpus = 0.5;
    s.extensions = {{"x-a", 1}};
    p.services = {{"web", s}, {"db", Service{.name = "db", .image = "mariadb"}}};
    p.networks = {{"z", {.key = "z", .name = "shop_z", .ipam = {{.subnet = "10.0.0.0/24"}}}}};
    p.secrets = {{"pw", {.key = "pw", .name = "shop_pw", .content = "s3cret", .environment = "PW"}}};
    return p;
}

TEST(Model, IsTheSameAfterJson) {
    const Project p = full_project();
    const Json json = to_json(p);
    EXPECT_EQ(project_from_json(json), p);
    EXPECT_EQ(to_json(project_from_json(json)), json);
    EXPECT_EQ(project_from_json(Json::parse(json.dump())), p);
}

TEST(Model, LeavesDefaultsOut) {
    Project p;
    p.services["a"].name = "a";
    EXPECT_EQ(to_json(p).dump(), R"({"services":{"a":{"name":"a"}}})");
}

TEST(Model, NamesWhatIsWrongInJson) {
    Json json = to_json(full_project());
    json["services"]["web"]["scale"] = "many";
    try {
        project_from_json(json);
        FAIL();
    } catch (const Error& problem) {
        EXPECT_EQ(problem.kind(), Kind::invalid);
        EXPECT_STREQ(problem.what(), "project: services: scale: a string is of the wrong type");
    }
}

TEST(ConfigHash, IgnoresWhatNeedsNoNewContainer) {
    const Service before = full_project().services["web"];
    Service after = before;
    after.build = Build{.context = "."}, after.pull_policy = "always", after.scale = 4;
    after.depends_on.clear(), after.profiles = {"debug"};
    EXPECT_EQ(config_hash(before), config_hash(after));
    EXPECT_EQ(config_hash(before).size(), 64u);
    after.environment["A"] = "2";
    EXPECT_NE(config_hash(before), config_hash(after));
}

TEST(DependencyOrder, PutsDependenciesFirstAndNamesBreakTies) {
    Project p;
    for (const char* name : {"a", "b", "c", "d"}) p.services[name].name = name;
    p.services["a"].depends_on["d"];
    p.services["c"].depends_on["absent"].required = false;
    EXPECT_EQ(dependency_order(p), (std::vector<std::string>{"b", "c", "d", "a"}));
    p.services["d"].depends_on["a"];
    EXPECT_THROW(dependency_order(p), Error);
}

}  // namespace
}  // namespace hoist::compose
