// SPDX-License-Identifier: Apache-2.0
// Hooks, probes, schedules, reactions, watch rules and build, as they are read, kept and shown.
#include "tests/compose/load.h"

namespace hoist::compose {
namespace {

Service read_service(const std::string& keys) {
    return test::one_service(keys).project().services.at("a");
}

TEST(Hooks, AreReadInOrder) {
    const Service s = read_service(
        "pre_start:\n  - image: migrate\n    command: [up]\n    per_replica: true\n"
        "post_start:\n  - command: ./warm up\n    user: root\n    environment: [A=1]\n"
        "pre_stop:\n  - command: [drain]\n    privileged: true\n    working_dir: /w");
    ASSERT_EQ(s.pre_start.size(), 1u);
    EXPECT_EQ(s.pre_start[0].image, "migrate");
    EXPECT_TRUE(s.pre_start[0].per_replica);
    EXPECT_EQ(s.post_start.at(0).command, (std::vector<std::string>{"./warm", "up"}));
    EXPECT_EQ(s.post_start.at(0).environment.at("A"), "1");
    EXPECT_TRUE(s.pre_stop.at(0).privileged);
}

TEST(Probes, HaveShortAndLongNotations) {
    EXPECT_EQ(read_service("x-probe: {tcp: 5432}").probe->port, 5432);
    const Service http = read_service("x-probe: {http: 8080/health, interval: 3s}");
    EXPECT_EQ(http.probe->port, 8080);
    EXPECT_EQ(http.probe->path, "/health");
    EXPECT_EQ(http.healthcheck->interval, Nanoseconds(std::chrono::seconds(3)));
    EXPECT_EQ(read_service("x-probe: {mysql: }").probe->port, 3306);
    EXPECT_EQ(read_service("x-probe: {fastcgi: }").probe->path, "/ping");
    EXPECT_EQ(read_service("x-probe: {log: ready}").probe->body, "ready");
    EXPECT_EQ(read_service("x-probe: {http: {port: 81, status: 204, body: ok, headers: {A: b}}}").probe->status_to,
              204);
}

TEST(Schedules, AreReadAndMakeNoOtherHash) {
    const Service plain = read_service("command: a"),
                  timed = read_service("command: a\nx-schedule: {cron: \"@daily\", overlap: wait}");
    EXPECT_EQ(timed.schedule->overlap, Schedule::Overlap::wait);
    EXPECT_EQ(config_hash(plain), config_hash(timed));
}

TEST(Reactions, BelongToTheObjectElseToTheService) {
    test::Files files(
        "services:\n  a: {image: i, configs: [x, y], x-on-change: none}\n"
        "configs:\n  x: {content: one, x-on-change: {signal: HUP}}\n  y: {content: two}\n");
    const auto configs = files.project().services.at("a").configs;
    EXPECT_EQ(configs[0].on_change.how, OnChange::How::signal);
    EXPECT_EQ(configs[1].on_change.how, OnChange::How::none);
}

TEST(ConfigHash, CoversContentUnlessSomethingElseAnswersIt) {
    const auto hash = [](const char* content, const char* reaction) {
        return config_hash(test::Files(fmt::format("services:\n  a: {{image: i, configs: [x]}}\n"
                                                   "configs:\n  x: {{content: {}, x-on-change: {}}}\n",
                                                   content, reaction))
                               .project()
                               .services.at("a"));
    };
    EXPECT_NE(hash("one", "recreate"), hash("two", "recreate"));
    EXPECT_EQ(hash("one", "none"), hash("two", "none"));
    EXPECT_EQ(hash("one", "{signal: HUP}"), hash("one", "none"));
}

TEST(ConfigHash, CoversTheContentOfFiles) {
    test::Files files("services:\n  a: {image: i, secrets: [x]}\nsecrets:\n  x: {file: ./x}\n");
    files.texts["/p/x"] = "one";
    const auto before = config_hash(files.project().services.at("a"));
    files.texts["/p/x"] = "two";
    EXPECT_NE(before, config_hash(files.project().services.at("a")));
}

TEST(Build, IsReadWhole) {
    test::Files files = test::one_service(
        "build:\n  context: ./app\n  args: [A=1, FROM_ENV, MISSING]\n  additional_contexts: {lib: ../lib, img: "
        "\"docker-image://x\"}\n  secrets: [token]\n  ssh: [default, key=./id]\n  ulimits: {nofile: 10}\n  "
        "extra_hosts: {db: 10.0.0.1}\n  no_cache: true\n  platforms: [linux/amd64]\n  shm_size: 1m\nscale: 1");
    files.texts["/p/compose.yaml"] += "secrets:\n  token: {environment: T}\n";
    files.options.environment = {{"FROM_ENV", "e"}, {"T", "t"}};
    const Build build = *files.project().services.at("a").build;
    EXPECT_EQ(build.context, "/p/app");
    EXPECT_EQ(build.args, (std::map<std::string, std::string>{{"A", "1"}, {"FROM_ENV", "e"}}));
    EXPECT_EQ(build.additional_contexts.at("lib"), "/lib");
    EXPECT_EQ(build.additional_contexts.at("img"), "docker-image://x");
    EXPECT_EQ(build.secrets.at(0).target, "/run/secrets/token");
    EXPECT_EQ(build.ssh.at("key"), "/p/id");
    EXPECT_EQ(build.extra_hosts, (std::vector<std::string>{"db=10.0.0.1"}));
    EXPECT_TRUE(build.no_cache);
}

/// Everything at once: what `config` prints gives the same model and the same text again.
TEST(Canonical, IsIdempotentForEveryKey) {
    test::Files files(R"(
x-note: {a: 1}
services:
  a:
    image: i
    build: {context: ., dockerfile_inline: FROM scratch, args: {A: b}, tags: [x], ulimits: {nofile: {soft: 1, hard: 2}}}
    annotations: {a: b}
    blkio_config: {weight: 100, device_read_bps: [{path: /dev/sda, rate: 1mb}]}
    cpu_rt_runtime: 400ms
    mem_swappiness: 10
    oom_kill_disable: true
    deploy: {mode: replicated, labels: {a: b}, restart_policy: {delay: 5s, window: 1m}, placement: {constraints: [a]},
             update_config: {parallelism: 2, order: start-first}, resources: {reservations: {cpus: "1"}}}
    develop: {watch: [{path: ./s, action: sync, target: /s, ignore: x}]}
    devices: ["/dev/null"]
    gpus: all
    healthcheck: {interval: 5s}
    x-probe: {http: {port: 80, status: 200-299, body: ok}}
    x-schedule: "0 3 * * *"
    x-on-change: {exec: [reload, "$$x"]}
    pre_start: [{command: [a], image: b}]
    post_start: [{command: [a], environment: {A: }}]
    ports: ["127.0.0.1:8080-8081:80-81/udp", {target: 1, app_protocol: http, name: n}]
    volumes: [./a:/a, v:/v, /anon, {type: tmpfs, target: /t, tmpfs: {size: 1m, mode: 0700}}]
    networks: {default: {aliases: [x], priority: 5, driver_opts: {a: b}}}
    configs: [{source: c, mode: 0440, uid: "1"}]
    storage_opt: {size: 1G}
    external_links: [other]
volumes: {v: {driver_opts: {a: 1}}}
configs: {c: {content: "a $$b", x-on-change: none}}
)");
    const std::string first = to_yaml(files.project());
    const std::string again = to_yaml(test::Files(first).project());
    EXPECT_EQ(first, again);
    const Project project = files.project();
    EXPECT_EQ(project_from_json(to_json(project)), project);
}

}  // namespace
}  // namespace hoist::compose
