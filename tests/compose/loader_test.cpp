// SPDX-License-Identifier: Apache-2.0
#include "compose/loader.h"

#include "tests/compose/load.h"

namespace hoist::compose {
namespace {

using test::Files;
using test::one_service;

constexpr const char* lnmp = R"(
name: lnmp
x-common: &common
  restart: unless-stopped
services:
  web:
    <<: *common
    image: nginx:${TAG:-1.22}
    ports: ["8080:80"]
    volumes: ["./site:/var/www:ro"]
    depends_on: {php: {condition: service_healthy}}
    networks: {back: {ipv4_address: 172.28.0.10, aliases: [www]}}
  php:
    <<: *common
    image: php
    environment: [DB_HOST=db, "PASS=$$x"]
    env_file: app.env
    healthcheck: {test: [CMD, ping], interval: 2s, start_period: 1m30s}
    mem_limit: 256m
    networks: [back]
  db:
    image: mariadb
    secrets: [password]
    volumes: [data:/var/lib/mysql]
    tmpfs: /run:size=64m,mode=755,uid=1000
    command: run --name 'a b'
networks: {back: {ipam: {config: [{subnet: 172.28.0.0/24}]}}}
volumes: {data: }
secrets: {password: {file: ./password.txt}}
)";

Files lnmp_files() {
    Files files(lnmp);
    files.texts["/p/app.env"] = "A=1\nB=\"x ${A}\"\nDB_HOST=other\n";
    files.texts["/p/password.txt"] = "secret";
    return files;
}

TEST(Loader, ReadsAnLnmpStack) {
    const Project p = lnmp_files().project();
    EXPECT_EQ(p.name, "lnmp");
    EXPECT_EQ(p.working_dir, "/p");
    EXPECT_EQ(p.config_files, std::vector<std::string>{"/p/compose.yaml"});
    const Service& web = p.services.at("web");
    EXPECT_EQ(web.image, "nginx:1.22");
    EXPECT_EQ(web.restart.name, RestartPolicy::Name::unless_stopped);
    EXPECT_EQ(web.ports, (std::vector<Port>{{.published = 8080, .target = 80}}));
    EXPECT_EQ(web.mounts[0].source, "/p/site");
    EXPECT_TRUE(web.mounts[0].read_only);
    EXPECT_EQ(web.networks[0].second.ipv4_address, "172.28.0.10");
    EXPECT_EQ(web.depends_on.at("php").condition, Dependency::Condition::healthy);
    EXPECT_EQ(web.on_unhealthy, OnUnhealthy::none);
    const Service& php = p.services.at("php");
    EXPECT_EQ(php.environment, (std::map<std::string, std::optional<std::string>>{
                                   {"A", "1"}, {"B", "x 1"}, {"DB_HOST", "db"}, {"PASS", "$x"}}));
    EXPECT_EQ(php.healthcheck->start_period, Nanoseconds(std::chrono::seconds(90)));
    EXPECT_EQ(php.on_unhealthy, OnUnhealthy::restart);
    EXPECT_EQ(php.memory, Bytes{256 << 20});
    const Service& db = p.services.at("db");
    EXPECT_EQ(db.secrets[0].target, "/run/secrets/password");
    EXPECT_EQ(db.networks[0].first, "default");
    EXPECT_EQ(*db.command, (std::vector<std::string>{"run", "--name", "a b"}));
    EXPECT_EQ(db.mounts[1].tmpfs_size, Bytes{64 << 20});
    EXPECT_EQ(db.mounts[1].tmpfs_options, "uid=1000");
    EXPECT_EQ(p.networks.at("back").name, "lnmp_back");
    EXPECT_EQ(p.volumes.at("data").name, "lnmp_data");
    EXPECT_EQ(p.secrets.at("password").file, "/p/password.txt");
}

TEST(Loader, ConfigOfConfigIsTheSame) {
    Files files = lnmp_files();
    const Project first = files.project();
    files.texts["/p/compose.yaml"] = to_yaml(first);
    const Project second = files.project();
    EXPECT_EQ(first, second);
    EXPECT_EQ(to_yaml(first), to_yaml(second));
}

TEST(Loader, FollowsXOnUnhealthy) {
    const auto verdict = [](const std::string& keys) {
        return one_service(keys).project().services.at("a").on_unhealthy;
    };
    const std::string check = "healthcheck: {test: x}\n";
    EXPECT_EQ(verdict(check), OnUnhealthy::none);
    EXPECT_EQ(verdict(check + "restart: always"), OnUnhealthy::restart);
    EXPECT_EQ(verdict(check + "restart: no"), OnUnhealthy::none);
    EXPECT_EQ(verdict(check + "restart: always\nx-on-unhealthy: none"), OnUnhealthy::none);
    EXPECT_EQ(verdict(check + "x-on-unhealthy: restart"), OnUnhealthy::restart);
    EXPECT_EQ(verdict("healthcheck: {disable: true}\nrestart: always"), OnUnhealthy::none);
}

TEST(Loader, SaysThatThereIsNoFile) {
    EXPECT_THAT(Files().errors(), testing::HasSubstr("no compose.yaml (or docker-compose.yml) in /p or above it"));
    Files named;
    named.options.files = {"/p/x.yaml"};
    EXPECT_EQ(named.errors(), "compose file /p/x.yaml: no such file\n");
}

}  // namespace
}  // namespace hoist::compose
