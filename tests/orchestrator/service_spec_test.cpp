// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/service_spec.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "orchestrator/observed.h"
#include "storage/image.h"
#include "tests/orchestrator/stack.h"

namespace hoist::orchestrator::test {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

const std::map<std::string, NetworkId> networks = {{"back", NetworkId("net-1")}};

ContainerSpec spec_of(const compose::Project& project, const std::string& service, int number = 1) {
    return container_spec(project, project.services.at(service), number, networks);
}

TEST(ContainerSpec, CarriesEveryLabelThatToolsReadProjectsBy) {
    auto project = lnmp();
    project.config_files = {"/srv/lnmp/compose.yaml", "/srv/lnmp/override.yaml"};
    project.environment_files = {"/srv/lnmp/.env.live"};
    project.services["php"].labels["mine"] = "yes";
    const auto labels = spec_of(project, "php", 2).labels;
    const std::map<std::string, std::string> want = {
        {"mine", "yes"},
        {"com.docker.compose.project", "lnmp"},
        {"com.docker.compose.service", "php"},
        {"com.docker.compose.container-number", "2"},
        {"com.docker.compose.oneoff", "False"},
        {"com.docker.compose.config-hash", compose::config_hash(project.services["php"])},
        {"com.docker.compose.depends_on", "db:service_healthy:true"},
        {"com.docker.compose.project.working_dir", "/srv/lnmp"},
        {"com.docker.compose.project.config_files", "/srv/lnmp/compose.yaml,/srv/lnmp/override.yaml"},
        {"com.docker.compose.project.environment_file", "/srv/lnmp/.env.live"},
        {"com.docker.compose.version", HOIST_VERSION},
    };
    EXPECT_EQ(labels, want);
}

TEST(ContainerSpec, AnswersToServiceContainerAndDeclaredNames) {
    auto project = lnmp();
    project.services["db"].networks = {{"back", {.aliases = {"database", "db"}, .ipv4_address = "10.0.0.2"}}};
    const auto spec = spec_of(project, "db");
    ASSERT_EQ(spec.endpoints.size(), 1u);
    EXPECT_EQ(spec.endpoints[0].network, NetworkId("net-1"));
    EXPECT_THAT(spec.endpoints[0].aliases, ElementsAre("db", "lnmp-db-1", "database"));
    EXPECT_EQ(spec.endpoints[0].ipv4_address, "10.0.0.2");
}

TEST(ContainerSpec, MapsTheProcess) {
    auto project = lnmp();
    auto& db = project.services["db"];
    db.environment = {{"A", "1"}, {"GONE", std::nullopt}};
    db.command = std::vector<std::string>{};
    db.stop_grace_period = std::chrono::milliseconds(1500);
    db.memory = Bytes{1 << 20};
    db.cpus = 0.5;
    db.ulimits["nofile"] = {1024, -1};
    db.extra_hosts = {"six=fe80::1"};
    db.restart = {compose::RestartPolicy::Name::on_failure, 3};
    db.on_unhealthy = compose::OnUnhealthy::restart;
    const auto spec = spec_of(project, "db");
    EXPECT_THAT(spec.environment, ElementsAre("A=1", "GONE"));
    EXPECT_EQ(spec.command, std::vector<std::string>{});
    EXPECT_EQ(spec.entrypoint, std::nullopt);
    EXPECT_EQ(spec.stop_timeout, seconds(2));
    EXPECT_EQ(spec.resources.memory, 1 << 20);
    EXPECT_EQ(spec.resources.nano_cpus, 500'000'000);
    ASSERT_EQ(spec.resources.ulimits.size(), 1u);
    EXPECT_EQ(spec.resources.ulimits[0].hard, -1);
    EXPECT_THAT(spec.extra_hosts, ElementsAre("six:fe80::1"));
    EXPECT_EQ(spec.restart.name, RestartSpec::Name::on_failure);
    EXPECT_EQ(spec.restart.max_retries, 3);
    EXPECT_TRUE(spec.restart_unhealthy);
}

TEST(ContainerSpec, MapsMountsPortsAndSecrets) {
    auto project = lnmp();
    auto& db = project.services["db"];
    db.mounts.push_back({.type = compose::Mount::Type::bind, .source = "/srv/x", .target = "/x", .read_only = true});
    db.mounts.push_back({.type = compose::Mount::Type::volume, .target = "/scratch"});
    db.mounts.push_back({.type = compose::Mount::Type::tmpfs, .target = "/run", .tmpfs_size = Bytes{4096}});
    db.ports = {{.published = 8000, .published_end = 8005, .target = 80}, {.target = 53, .protocol = "udp"}};
    project.secrets["password"] = {.key = "password", .file = "/srv/password"};
    project.configs["conf"] = {.key = "conf", .content = "x"};
    db.secrets = {{.source = "password", .target = "/run/secrets/password", .uid = "27", .mode = 0400}};
    db.configs = {{.source = "conf", .target = "/etc/conf"}};
    const auto spec = spec_of(project, "db");
    ASSERT_EQ(spec.mounts.size(), 4u);
    EXPECT_EQ(spec.mounts[0].source, "lnmp_data");
    EXPECT_TRUE(spec.mounts[1].type == MountSpec::Type::bind && spec.mounts[1].create_host_path &&
                spec.mounts[1].read_only);
    EXPECT_TRUE(spec.mounts[2].anonymous);
    EXPECT_EQ(spec.mounts[3].tmpfs_size, Bytes{4096});
    ASSERT_EQ(spec.ports.size(), 2u);
    EXPECT_EQ(spec.ports[0].host_port_end, 8005);
    EXPECT_EQ(spec.ports[1].host_port, 0);
    ASSERT_EQ(spec.files.size(), 2u);
    EXPECT_EQ(spec.files[0].content, "x");
    EXPECT_EQ(spec.files[0].mode, 0444u);
    EXPECT_EQ(spec.files[1].source_file, "/srv/password");
    EXPECT_EQ(spec.files[1].uid, 27u);
    EXPECT_EQ(spec.files[1].mode, 0400u);
    db.secrets[0].uid = "mysql";
    EXPECT_THROW(spec_of(project, "db"), Error);
}

TEST(ContainerSpec, LeavesAForeignNamespaceToTheExecutor) {
    auto project = lnmp();
    project.services["php"].network_mode = "service:db";
    EXPECT_EQ(spec_of(project, "php").network_mode, "service:db");
    EXPECT_TRUE(spec_of(project, "php").endpoints.empty());
}

TEST(HealthSpec, TakesWhatTheServiceLeavesOpenFromTheImage) {
    storage::ImageHealthcheck image;
    image.test = {"CMD", "image"};
    image.interval = seconds(7);
    image.retries = 9;
    compose::Service service;
    compose::Healthcheck& wanted = service.healthcheck.emplace();
    wanted.timeout = seconds(2);
    const auto merged = health_spec(service, image);
    ASSERT_TRUE(merged);
    EXPECT_THAT(merged->test, ElementsAre("CMD", "image"));
    EXPECT_EQ(merged->interval, seconds(7));
    EXPECT_EQ(merged->timeout, seconds(2));
    EXPECT_EQ(merged->start_interval, seconds(5));
    EXPECT_EQ(merged->retries, 9);
    EXPECT_FALSE(health_spec(service, std::nullopt));
    wanted.disabled = true;
    EXPECT_THAT(health_spec(service, image)->test, ElementsAre("NONE"));
}

TEST(Names, ComeFromTheProjectUnlessGiven) {
    auto project = lnmp();
    EXPECT_EQ(container_name(project, project.services["db"], 2), "lnmp-db-2");
    EXPECT_EQ(network_spec(project, project.networks["back"]).name, "lnmp_back");
    EXPECT_EQ(volume_spec(project, project.volumes["data"]).name, "lnmp_data");
    project.networks["back"].name = "given";
    EXPECT_EQ(network_spec(project, project.networks["back"]).name, "given");
    EXPECT_EQ(network_spec(project, project.networks["back"]).labels.at("com.docker.compose.network"), "back");
    EXPECT_EQ(volume_spec(project, project.volumes["data"]).labels.at("com.docker.compose.volume"), "data");
    compose::Volume external{.key = "shared", .external = true};
    EXPECT_EQ(volume_name(project, external), "shared");
}

TEST(DependsOnLabel, ReadsBackWhatItWrites) {
    const std::map<std::string, compose::Dependency> edges = {{"a", {Condition::completed, false, true}},
                                                              {"b", {Condition::started, true, true}}};
    const auto text = depends_on_label(edges);
    EXPECT_EQ(text, "a:service_completed_successfully:false,b:service_started:true");
    EXPECT_EQ(depends_on_label(parse_depends_on_label(text)), text);
    EXPECT_TRUE(parse_depends_on_label("").empty());
    EXPECT_EQ(parse_depends_on_label("old").at("old").condition, Condition::started);
}

}  // namespace
}  // namespace hoist::orchestrator::test
