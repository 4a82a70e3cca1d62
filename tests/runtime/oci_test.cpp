// SPDX-License-Identifier: Apache-2.0
#include "runtime/oci.h"

#include <filesystem>
#include <functional>

#include "base/error.h"
#include "base/file.h"
#include "runtime/namespaces.h"
#include "runtime/oci_check.h"

namespace hoist::runtime {
namespace {

Json again(const Json& document) {
    return to_json(config_from_json(document));
}

TEST(Oci, WhatIsWrittenIsReadBackTheSame) {
    Config config = default_config();
    config.process.args = {"sleep", "1"};
    config.process.user = {
        .uid = 5, .gid = 6, .umask = 077, .additional_gids = {7}, .name = "www:data", .group_names = {"adm"}};
    config.process.rlimits = {{"RLIMIT_NOFILE", 10, 20}};
    config.process.oom_score_adj = -5;
    config.root_path = "/r";
    config.hostname = "h";
    config.devices = {{"/dev/fuse", 'c', 10, 229, 0600, 1, 2}};
    config.resources.memory_limit = 1 << 20;
    config.resources.cpu_quota = 50000;
    config.resources.pids_limit = -1;
    config.resources.unified = {{"memory.high", "1"}};
    config.hooks.poststop = {{"/bin/true", {"true"}, {"A=b"}, 3}};
    config.seccomp = {{"defaultAction", "SCMP_ACT_ALLOW"}};
    const Json written = to_json(config);
    EXPECT_EQ(again(written), written);
}

TEST(Oci, ReadsTheSamplesOfTheSpecification) {
    int read = 0;
    const std::string folder = SOURCE_DIR "/../shared/data/runtime-spec";
    std::error_code none;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, none)) {
        const std::string path = entry.path();
        if (path.find("config/good") == std::string::npos || entry.path().extension() != ".json") continue;
        if (path.find("windows") != std::string::npos) continue;
        const Json once = again(parse_json(read_file(path), path));
        EXPECT_EQ(again(once), once) << path;
        ++read;
    }
    if (read == 0) GTEST_SKIP() << "the specification's samples are not on this machine";
}

TEST(Oci, AMistakeIsNamedByItsPath) {
    const std::pair<const char*, const char*> cases[] = {
        {R"({"linux":{"resources":{"memory":{"limit":"1g"}}}})",
         "linux.resources.memory.limit: must be a whole number"},
        {R"({"process":{"user":{"uid":4294967296}}})", "process.user.uid: is out of range"},
        {R"({"process":{"user":{"uid":-1}}})", "process.user.uid: is out of range"},
        {R"({"process":{"user":{"uid":4294967295}}})", "process.user: 4294967295 is not a user or group id"},
        {R"({"process":{"args":["a",1]}})", "process.args[1]: must be a string"},
        {R"({"linux":{"namespaces":[{"type":"pid"},{"type":"pid"}]}})",
         "linux.namespaces[1]: this namespace is listed twice"},
        {R"({"mounts":{}})", "mounts: must be an array"},
        {R"({"mounts":[{"destination":"/m","uidMappings":[{"containerID":0,"hostID":0,"size":1}]}]})",
         "mounts[0]: uidMappings and gidMappings are only possible together"},
        {R"({"linux":{"uidMappings":[{"containerID":0,"hostID":0,"size":0}]}})",
         "linux.uidMappings[0]: size must be at least 1"},
        {R"({"linux":{"gidMappings":[{"containerID":0,"hostID":0,"size":9},{"containerID":5,"hostID":50,"size":1}]}})",
         "linux.gidMappings[1]: the range overlaps one before it"},
        {R"({"process":{"rlimits":[{"type":"RLIMIT_X","soft":1,"hard":1}]}})",
         "process.rlimits[0]: type \"RLIMIT_X\" is unknown"},
        {R"({"process":{"rlimits":[{"type":"RLIMIT_AS","soft":1,"hard":1},{"type":"RLIMIT_AS","soft":1,"hard":1}]}})",
         "process.rlimits[1]: this resource limit is listed twice"},
        {R"({"process":{"scheduler":{"policy":"SCHED_ISO"}}})", "process.scheduler: policy \"SCHED_ISO\" is unknown"},
        {R"({"process":{"ioPriority":{"class":"IOPRIO_CLASS_BE","priority":8}}})",
         "process.ioPriority: priority goes from 0 to 7"},
        {R"({"process":{"oomScoreAdj":1001}})", "process.oomScoreAdj: goes from -1000 to 1000"},
        {R"({"process":{"commandLine":"x"}})", "process.commandLine: is for Windows; on Linux there is process.args"},
        {R"({"process":{"execCPUAffinity":{"final":"x"}}})",
         "process.execCPUAffinity.final: \"x\" is no list of numbers such as 0-3,7"},
        {R"({"hooks":{"poststop":[{"path":"/x","timeout":0}]}})",
         "hooks.poststop[0]: timeout must be at least 1 (second)"},
        {R"({"linux":{"resources":{"hugepageLimits":[{"pageSize":"2mb","limit":1}]}}})",
         "linux.resources.hugepageLimits[0]: pageSize is a number with KB, MB or GB, as 2MB"},
        {R"({"linux":{"resources":{"rdma":{"mlx5":{}}}}})",
         "linux.resources.rdma.mlx5: neither hcaHandles nor hcaObjects is given"},
        {R"({"linux":{"netDevices":{"eth0":{"name":"a/b"}}}})",
         "linux.netDevices.eth0: name is not a network interface's"},
        {R"({"linux":{"personality":{"domain":"LINUX","flags":["X"]}}})",
         "linux.personality: flags: the specification has none yet"},
        {R"({"linux":{"timeOffsets":{"monotonic":{"nanosecs":1000000000}}}})",
         "linux.timeOffsets.monotonic: nanosecs must be less than a second"},
        {R"({"linux":{"rootfsPropagation":"odd"}})",
         "linux: rootfsPropagation is private, shared, slave or unbindable"},
        {R"({"linux":{"memoryPolicy":{"mode":"MPOL_ODD"}}})", "linux.memoryPolicy: mode \"MPOL_ODD\" is unknown"},
        {R"({"linux":{"intelRdt":{"closID":"a/b"}}})", "linux.intelRdt: closID must be the name of a directory"},
        {R"({"windows":{}})", "windows: is for another platform: this runtime is for Linux"},
    };
    for (const auto& [text, message] : cases) {
        try {
            config_from_json(parse_json(text, "test"));
            ADD_FAILURE() << text << " was taken";
        } catch (const Error& error) {
            EXPECT_EQ(error.message(), message);
        }
    }
}

// What the engine never writes, but others do; the same file is a seed of the fuzz test.
TEST(Oci, EveryKeyIsWrittenAsItWasRead) {
    const std::string path = SOURCE_DIR "/tests/fuzz/runtime_config/every_key";
    const Json document = parse_json(read_file(path), path);
    EXPECT_EQ(again(document), document);
}

struct Refusal {
    const char* why;
    std::function<void(Config&)> change;
    const char* words;
};
TEST(Oci, WhatDoesNotGoTogetherIsRefused) {
    const Refusal cases[] = {
        {"nothing of its own",
         [](Config& c) { std::erase_if(c.namespaces, [](auto& n) { return n.type == NamespaceType::mount; }); },
         "linux.namespaces"},
        {"mappings without namespace",
         [](Config& c) {
             c.uid_mappings = {{0, 1, 1}};
         },
         "linux.uidMappings"},
        {"namespace without mappings",
         [](Config& c) {
             c.namespaces.push_back({NamespaceType::user, ""});
         },
         "linux.uidMappings"},
        {"no time of its own", [](Config& c) { c.time_offsets["monotonic"].seconds = 1; }, "linux.timeOffsets"},
        {"no network of its own",
         [](Config& c) {
             c.sysctl.clear();
             c.net_devices["eth0"] = "";
             std::erase_if(c.namespaces, [](auto& n) { return n.type == NamespaceType::network; });
         },
         "linux.netDevices"},
        {"no names of its own",
         [](Config& c) {
             c.domainname = "d";
             std::erase_if(c.namespaces, [](auto& n) { return n.type == NamespaceType::uts; });
         },
         "domainname"},
        {"the host's sysctl", [](Config& c) { c.sysctl["vm.swappiness"] = "1"; }, "linux.sysctl"},
        {"a way out", [](Config& c) { c.sysctl["net/../kernel/hostname"] = "1"; }, "linux.sysctl"},
        {"a relative mask", [](Config& c) { c.masked_paths = {"proc/x"}; }, "linux.maskedPaths"},
        {"no such mount",
         [](Config& c) {
             c.mounts.push_back({"/m", "bind", "", {}});
         },
         "mounts[7]"},
    };
    EXPECT_NO_THROW(check_config(default_config(), false));
    for (const auto& one : cases) {
        Config config = default_config();
        one.change(config);
        try {
            check_config(config, false);
            ADD_FAILURE() << one.why << " was taken";
        } catch (const Error& error) {
            EXPECT_EQ(error.message().find(one.words), 0u) << one.why << ": " << error.message();
        }
    }
}

TEST(Oci, DefaultCapabilitiesAreDockers) {
    EXPECT_EQ(default_capabilities(), 0xa80425fbu);
    EXPECT_EQ(capability_number("CAP_NET_ADMIN"), 12);
    EXPECT_EQ(capability_number("net_admin"), 12);
    EXPECT_EQ(capability_number("NET_ADMI"), std::nullopt);
}

}  // namespace
}  // namespace hoist::runtime
