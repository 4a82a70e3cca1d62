// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/oci_spec.h"

#include "base/error.h"
#include "orchestrator/container_files.h"
#include "orchestrator/container_row.h"

namespace hoist::orchestrator {
namespace {

using Words = std::vector<std::string>;
using Optional = std::optional<Words>;

struct ArgvCase {
    Words image_entrypoint, image_cmd;
    Optional entrypoint, command;
    std::string want;
};
class EffectiveArgv : public testing::TestWithParam<ArgvCase> {};
TEST_P(EffectiveArgv, JoinsEntrypointAndCommand) {
    const auto& [image_entrypoint, image_cmd, entrypoint, command, want] = GetParam();
    ContainerSpec spec{.image = "x", .entrypoint = entrypoint, .command = command};
    storage::ImageConfig image{.entrypoint = image_entrypoint, .cmd = image_cmd};
    std::string got;
    try {
        for (const auto& word : effective_argv(spec, image)) got += word + ";";
    } catch (const Error& error) {
        got = error.what();
    }
    EXPECT_EQ(got, want);
}
INSTANTIATE_TEST_SUITE_P(
    Docker, EffectiveArgv,
    testing::Values(ArgvCase{{}, {"sh"}, {}, {}, "sh;"}, ArgvCase{{"e"}, {"c"}, {}, {}, "e;c;"},
                    ArgvCase{{"e"}, {"c"}, {}, Words{"d"}, "e;d;"}, ArgvCase{{"e"}, {"c"}, Words{"f"}, {}, "f;"},
                    ArgvCase{{"e"}, {"c"}, Words{"f"}, Words{"d"}, "f;d;"},
                    ArgvCase{{"e"}, {"c"}, Words{""}, Words{"d"}, "d;"}, ArgvCase{{"e"}, {"c"}, {}, Words{}, "e;"},
                    ArgvCase{{}, {}, {}, {}, "no command: neither the container nor image x says what to run"}));

TEST(EffectiveEnvironment, LaterOnesWinAndBareNamesRemove) {
    ContainerSpec spec{.environment = {"A=spec", "GONE", "NEW=1"}};
    const storage::ImageConfig image{.env = {"PATH=/bin", "A=image", "GONE=x"}};
    EXPECT_EQ(effective_environment(spec, image, "h"), (Words{"PATH=/bin", "HOSTNAME=h", "A=spec", "NEW=1"}));
    spec.tty = true;
    EXPECT_EQ(effective_environment(spec, {}, "h")[2], "TERM=xterm");
}

struct CapabilityCase {
    Words add, drop;
    std::uint64_t want;
};
class EffectiveCapabilities : public testing::TestWithParam<CapabilityCase> {};
TEST_P(EffectiveCapabilities, AddsAndDrops) {
    EXPECT_EQ(effective_capabilities({.cap_add = GetParam().add, .cap_drop = GetParam().drop}), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Docker, EffectiveCapabilities,
                         testing::Values(CapabilityCase{{}, {}, 0xa80425fb}, CapabilityCase{{}, {"ALL"}, 0},
                                         CapabilityCase{{"NET_ADMIN"}, {}, 0xa80425fb | 1u << 12},
                                         CapabilityCase{{"CAP_CHOWN"}, {"all"}, 1},
                                         CapabilityCase{{}, {"chown"}, 0xa80425fa}));

TEST(EffectiveCapabilities, RefusesUnknownNames) {
    EXPECT_THROW(effective_capabilities({.cap_add = {"FLY"}}), Error);
}

TEST(OciConfig, TakesUserDirectoryAndLimits) {
    ContainerSpec spec{.command = Words{"x"}, .user = "www-data:www-data", .working_dir = "/srv", .read_only = true};
    spec.resources = {.memory = 64 << 20, .nano_cpus = 1'500'000'000, .pids_limit = 9, .ulimits = {{"nofile", 10, 20}}};
    const auto config = oci_config(spec, {}, {.id = ContainerId("abc"), .cgroup_parent = "/p"});
    EXPECT_EQ(config.process.user.name, "www-data:www-data");
    EXPECT_EQ(config.process.cwd, "/srv");
    EXPECT_EQ(config.cgroups_path, "/p/abc");
    EXPECT_TRUE(config.root_readonly);
    EXPECT_EQ(config.resources.memory_limit, 64 << 20);
    EXPECT_EQ(config.resources.memory_swap, 128 << 20);
    EXPECT_EQ(config.resources.cpu_quota, 150'000);
    EXPECT_EQ(config.resources.pids_limit, 9);
    ASSERT_EQ(config.process.rlimits.size(), 1u);
    EXPECT_EQ(config.process.rlimits[0].type, "RLIMIT_NOFILE");
    ASSERT_TRUE(config.process.capabilities);
    EXPECT_EQ(config.process.capabilities->inheritable | config.process.capabilities->ambient, 0u);
}

const runtime::Mount* mount_at(const runtime::Config& config, const std::string& path) {
    for (const auto& mount : config.mounts)
        if (mount.destination == path) return &mount;
    return nullptr;
}

TEST(OciConfig, OrdersMountsAndLetsTheUserReplaceThem) {
    ContainerSpec spec{.command = Words{"x"}};
    using Type = MountSpec::Type;
    spec.mounts = {{.type = Type::volume, .source = "v", .target = "/data/in/deep", .read_only = true},
                   {.type = Type::bind, .source = "/host", .target = "/data"},
                   {.type = Type::bind, .source = "/my/hosts", .target = "/etc/hosts"},
                   {.type = Type::tmpfs, .target = "/run", .tmpfs_options = "exec,uid=5", .tmpfs_size = Bytes{4096}}};
    spec.shm_size = Bytes{1 << 20};
    StartFacts facts{.id = ContainerId("abc"), .volume_data = {{"v", "/vol"}}};
    facts.hosts_file = "/c/hosts";
    facts.hostname_file = "/c/hostname";
    facts.files = {{"/run/s/0", "/run/secrets/pw"}};
    const auto config = oci_config(spec, {}, facts);
    EXPECT_EQ(mount_at(config, "/etc/hosts")->source, "/my/hosts");
    EXPECT_EQ(mount_at(config, "/etc/hostname")->source, "/c/hostname");
    EXPECT_EQ(mount_at(config, "/data/in/deep")->options, (Words{"rbind", "rprivate", "ro"}));
    EXPECT_LT(mount_at(config, "/data"), mount_at(config, "/data/in/deep"));
    EXPECT_LT(mount_at(config, "/run"), mount_at(config, "/run/secrets/pw"));
    EXPECT_EQ(mount_at(config, "/run")->options, (Words{"nosuid", "nodev", "exec", "uid=5", "size=4096"}));
    EXPECT_EQ(mount_at(config, "/dev/shm")->options.back(), "size=1048576");
}

TEST(OciConfig, PrivilegedOpensUp) {
    const auto config = oci_config({.command = Words{"x"}, .privileged = true}, {}, {.id = ContainerId("a")});
    EXPECT_TRUE(config.masked_paths.empty());
    EXPECT_EQ(config.process.capabilities->effective, runtime::all_capabilities());
    EXPECT_TRUE(config.resources.devices.at(0).allow);
}

TEST(ParseSecurity, RefusesWhatCannotBeApplied) {
    EXPECT_TRUE(parse_security({.security_opt = {"no-new-privileges:true"}}).no_new_privileges);
    EXPECT_TRUE(parse_security({.security_opt = {"seccomp=unconfined"}}).unconfined_seccomp);
    EXPECT_THROW(parse_security({.security_opt = {"apparmor=docker-default"}}), Error);
    EXPECT_THROW(parse_security({.security_opt = {"label=type:x"}}), Error);
}

TEST(HostsFile, HoldsOwnAddressesAndExtraHosts) {
    ContainerView view{.id = ContainerId("0123456789abcdef")};
    view.spec.extra_hosts = {"db=10.0.0.9", "gw:host-gateway"};
    view.endpoints = {{.address = "10.0.0.2", .gateway = "10.0.0.1"}};
    const auto text = hosts_file(view);
    EXPECT_NE(text.find("10.0.0.9\tdb\n10.0.0.1\tgw\n10.0.0.2\t0123456789ab\n"), std::string::npos) << text;
}

TEST(ResolvConf, PointsToTheEmbeddedResolverOnNetworks) {
    ContainerView view;
    EXPECT_EQ(resolv_conf_file(view, "nameserver 9.9.9.9\nsearch lan\n"), "nameserver 9.9.9.9\nsearch lan\n");
    view.endpoints.resize(1);
    EXPECT_EQ(resolv_conf_file(view, "nameserver 9.9.9.9\nsearch lan\n"),
              "nameserver 127.0.0.11\nsearch lan\noptions ndots:0\n");
    view.spec.dns_search = {"x.y"};
    view.spec.dns_options = {"ndots:2"};
    EXPECT_EQ(resolv_conf_file(view, "search lan\n"), "nameserver 127.0.0.11\nsearch x.y\noptions ndots:2\n");
}

TEST(ContainerSpecJson, RoundTrips) {
    ContainerSpec spec{.image = "i", .entrypoint = Words{}, .environment = {"A=b"}, .labels = {{"k", "v"}}};
    spec.stop_timeout = std::chrono::seconds(7);
    spec.health = HealthSpec{.test = {"CMD", "x"}, .interval = std::chrono::milliseconds(1500), .retries = 9};
    spec.restart = {RestartSpec::Name::on_failure, 4};
    spec.mounts = {{.type = MountSpec::Type::tmpfs, .target = "/t", .tmpfs_size = Bytes{5}, .tmpfs_mode = 0700}};
    spec.files = {{.content = "secret", .target = "/s", .mode = 0400}};
    spec.ports = {{.host_ip = "127.0.0.1", .host_port = 1, .container_port = 2, .protocol = "udp"}};
    spec.endpoints = {{.network = NetworkId("n"), .aliases = {"a"}, .ipv4_address = "1.2.3.4"}};
    spec.resources = {.memory = 1, .ulimits = {{"core", 0, -1}}};
    spec.sysctls = {{"a", "b"}};
    const auto json = to_json(spec);
    EXPECT_EQ(to_json(container_spec_from_json(json)), json);
    EXPECT_EQ(to_json(container_spec_from_json(Json::parse(json.dump()))), json);
    EXPECT_EQ(container_spec_from_json(json).health->interval, std::chrono::milliseconds(1500));
    EXPECT_EQ(to_json(container_spec_from_json(Json::object())), to_json(ContainerSpec{}));
}

TEST(ContainerRow, RoundTrips) {
    ContainerView view{.id = ContainerId("0123"), .name = "web"};
    view.spec.labels["com.docker.compose.project"] = "p";
    view.state = Restarting{{.code = 3, .oom_killed = true, .error = "e"}, TimePoint(Nanoseconds(5))};
    view.endpoints = {{.network = NetworkId("n"), .address = "1.2.3.4", .prefix = 24, .aliases = {"a"}}};
    view.ports = {{"", 80, 8080, "tcp"}};
    view.stopped_by_user = true;
    view.health.status = Health::unhealthy;
    const auto row = container_row(view, to_json(view.spec).dump());
    EXPECT_EQ(row.project, "p");
    const auto back = view_of(row);
    EXPECT_EQ(container_row(back, row.spec).state, row.state);
    EXPECT_EQ(std::get<Restarting>(back.state).last.code, 3);
    EXPECT_EQ(back.ports.at(0).container_port, 8080);
}

}  // namespace
}  // namespace hoist::orchestrator
