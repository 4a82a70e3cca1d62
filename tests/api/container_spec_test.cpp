// SPDX-License-Identifier: Apache-2.0
#include "api/container_spec.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace hoist::api {
namespace {

using namespace orchestrator;

ContainerSpec read(const char* text) {
    return container_spec_from_docker(Json::parse(text));
}

TEST(ContainerSpecFromDocker, ReadsWhatTheDockerCommandSends) {
    const auto spec = read(R"({
        "Image":"busybox","Cmd":["sh"],"Env":["A=1"],"Labels":{"x":"y"},"User":"1:2","WorkingDir":"/w","Tty":true,
        "OpenStdin":true,"StopSignal":"SIGQUIT","StopTimeout":3,"Entrypoint":[""],"Volumes":{"/anon":{},"/named":{}},
        "Healthcheck":{"Test":["CMD","true"],"Interval":1000000000,"Retries":2},
        "HostConfig":{"Binds":["/host:/in:ro","named:/named"],"Tmpfs":{"/run":"size=1m"},"NetworkMode":"default",
          "PortBindings":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"}],"53/udp":[{"HostPort":"5000-5010"}]},
          "RestartPolicy":{"Name":"on-failure","MaximumRetryCount":4},"Memory":1048576,"NanoCpus":500000000,
          "PidsLimit":0,"ShmSize":67108864,"CapAdd":["NET_ADMIN"],"Ulimits":[{"Name":"nofile","Soft":1,"Hard":2}]}})");
    EXPECT_EQ(spec.image, "busybox");
    EXPECT_EQ(spec.command, std::vector<std::string>{"sh"});
    EXPECT_EQ(spec.entrypoint, std::vector<std::string>{});
    EXPECT_EQ(spec.stop_timeout, std::chrono::seconds(3));
    ASSERT_TRUE(spec.health);
    EXPECT_EQ(spec.health->retries, 2);
    EXPECT_EQ(spec.health->timeout, std::chrono::seconds(30));
    EXPECT_EQ(spec.restart.name, RestartSpec::Name::on_failure);
    EXPECT_EQ(spec.restart.max_retries, 4);
    ASSERT_EQ(spec.mounts.size(), 4u);
    EXPECT_TRUE(spec.mounts[0].type == MountSpec::Type::bind && spec.mounts[0].read_only);
    EXPECT_TRUE(spec.mounts[1].type == MountSpec::Type::volume && spec.mounts[1].source == "named");
    EXPECT_TRUE(spec.mounts[2].type == MountSpec::Type::tmpfs && spec.mounts[2].tmpfs_options == "size=1m");
    EXPECT_TRUE(spec.mounts[3].anonymous && spec.mounts[3].target == "/anon");
    ASSERT_EQ(spec.ports.size(), 2u);
    EXPECT_EQ(spec.ports[0].host_port_end, 5010);
    EXPECT_EQ(spec.ports[1].host_ip, "127.0.0.1");
    EXPECT_EQ(spec.resources.memory, 1048576);
    EXPECT_EQ(spec.resources.pids_limit, std::nullopt);
    EXPECT_EQ(spec.network_mode, "bridge");
}

class BadBody : public testing::TestWithParam<const char*> {};
TEST_P(BadBody, IsRefused) {
    EXPECT_THROW(read(GetParam()), Error);
}
INSTANTIATE_TEST_SUITE_P(
    Fields, BadBody,
    testing::Values(R"({})", R"({"Image":1})", R"({"Image":"a","Env":"x"})", R"({"Image":"a","StopSignal":"NOPE"})",
                    R"({"Image":"a","HostConfig":[]})", R"({"Image":"a","HostConfig":{"Binds":["/a"]}})",
                    R"({"Image":"a","HostConfig":{"Binds":["/a:b"]}})",
                    R"({"Image":"a","HostConfig":{"Binds":["/a:/b:what"]}})",
                    R"({"Image":"a","HostConfig":{"Mounts":[{"Type":"npipe","Target":"/a"}]}})",
                    R"({"Image":"a","HostConfig":{"Mounts":[{"Type":"bind","Target":"a"}]}})",
                    R"({"Image":"a","HostConfig":{"PortBindings":{"x":[{}]}}})",
                    R"({"Image":"a","HostConfig":{"PortBindings":{"80/tcp":[{"HostPort":"70000"}]}}})",
                    R"({"Image":"a","HostConfig":{"RestartPolicy":{"Name":"sometimes"}}})",
                    R"({"Image":"a","HostConfig":{"AutoRemove":true,"RestartPolicy":{"Name":"always"}}})",
                    R"({"Image":"a","HostConfig":{"PidMode":"host"}})",
                    R"({"Image":"a","Healthcheck":{"Test":["CMD","x"],"Interval":1}})"));

struct EndpointCase {
    const char* body;
    std::vector<std::string> networks;
};
class AskedEndpoints : public testing::TestWithParam<EndpointCase> {};
TEST_P(AskedEndpoints, AreRead) {
    std::vector<std::string> networks;
    for (const auto& asked : asked_endpoints(Json::parse(GetParam().body))) networks.push_back(asked.network);
    EXPECT_EQ(networks, GetParam().networks);
}
INSTANTIATE_TEST_SUITE_P(
    Modes, AskedEndpoints,
    testing::Values(
        EndpointCase{"{}", {"bridge"}}, EndpointCase{R"({"HostConfig":{"NetworkMode":"host"}})", {}},
        EndpointCase{R"({"HostConfig":{"NetworkMode":"none"}})", {}},
        EndpointCase{R"({"HostConfig":{"NetworkMode":"container:x"}})", {}},
        EndpointCase{R"({"HostConfig":{"NetworkMode":"mine"}})", {"mine"}},
        EndpointCase{
            R"({"HostConfig":{"NetworkMode":"mine"},"NetworkingConfig":{"EndpointsConfig":{"mine":{},"other":null}}})",
            {"mine", "other"}},
        EndpointCase{R"({"NetworkingConfig":{"EndpointsConfig":{"other":{}}}})", {"other"}}));

}  // namespace
}  // namespace hoist::api
