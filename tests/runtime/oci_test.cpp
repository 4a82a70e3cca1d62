// SPDX-License-Identifier: Apache-2.0
#include "runtime/oci.h"

#include <filesystem>

#include "base/error.h"
#include "base/file.h"

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

TEST(Oci, DefaultCapabilitiesAreDockers) {
    EXPECT_EQ(default_capabilities(), 0xa80425fbu);
    EXPECT_EQ(capability_number("CAP_NET_ADMIN"), 12);
    EXPECT_EQ(capability_number("net_admin"), 12);
    EXPECT_EQ(capability_number("NET_ADMI"), std::nullopt);
}

}  // namespace
}  // namespace hoist::runtime
