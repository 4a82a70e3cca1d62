// SPDX-License-Identifier: Apache-2.0
#include "registry/manifest.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "registry/config.h"

namespace hoist::registry {
namespace {

const std::string digest = "sha256:" + std::string(64, 'a');

Json manifest() {
    return {
        {"schemaVersion", 2},
        {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
        {"config", {{"mediaType", "application/vnd.oci.image.config.v1+json"}, {"digest", digest}, {"size", 5}}},
        {"layers", {{{"mediaType", "application/vnd.oci.image.layer.v1.tar+gzip"}, {"digest", digest}, {"size", 7}}}}};
}

std::string refusal(const Json& document, const std::string& type = "") {
    try {
        parse_manifest(document.dump(), type);
        return "accepted";
    } catch (const Error& error) {
        return error.message();
    }
}

TEST(ParseManifest, ReadsConfigurationAndLayers) {
    const auto found = parse_manifest(manifest().dump(), "application/vnd.oci.image.manifest.v1+json; charset=utf-8");
    EXPECT_FALSE(found.is_index);
    EXPECT_EQ(found.config.size, 5);
    ASSERT_EQ(found.layers.size(), 1u);
    EXPECT_EQ(found.layers[0].digest, digest);
}

TEST(ParseManifest, RefusesWhatIsTwoThings) {
    Json both = manifest();
    both["manifests"] = Json::array();
    EXPECT_EQ(refusal(both), "the manifest has both \"layers\" and \"manifests\"");
    EXPECT_NE(refusal(manifest(), "application/vnd.oci.image.index.v1+json").find("was sent as"), std::string::npos);
    const Json index = {{"schemaVersion", 2},
                        {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                        {"manifests", Json::array()}};
    EXPECT_NE(refusal(index), "accepted");
}

TEST(ParseManifest, RefusesWhatIsNoImage) {
    EXPECT_NE(refusal({{"schemaVersion", 1}}).find("schema 1"), std::string::npos);
    Json artifact = manifest();
    artifact["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json";
    EXPECT_NE(refusal(artifact).find("no image of a container"), std::string::npos);
    Json negative = manifest();
    negative["layers"][0]["size"] = -1;
    EXPECT_NE(refusal(negative), "accepted");
    Json other = manifest();
    other["layers"][0]["digest"] = "sha256:../../../etc/passwd";
    EXPECT_NE(refusal(other).find("no sha256 digest"), std::string::npos);
    EXPECT_NE(refusal(Json::array()), "accepted");
    EXPECT_THROW(parse_manifest("{", ""), Error);
    EXPECT_THROW(parse_manifest(std::string(largest_manifest + 1, ' '), ""), Error);
}

TEST(EndpointsOf, AsksMirrorsFirstAndTrustsOnlyWhatIsListed) {
    const Config config = parse_config(Json::parse(R"({"registry-mirrors": {"docker.io": ["https://m.example/x"]},
                                                      "insecure-registries": ["bad.example", "10.1.0.0/16"]})"));
    const auto hub = endpoints_of("docker.io", config);
    ASSERT_EQ(hub.size(), 2u);
    EXPECT_TRUE(hub[0].mirror);
    EXPECT_EQ(hub[0].base.str(), "https://m.example/x");
    EXPECT_EQ(hub[1].base.host, "registry-1.docker.io");
    EXPECT_TRUE(hub[1].verify);
    EXPECT_FALSE(hub[1].may_be_plain);
    EXPECT_FALSE(endpoints_of("bad.example:99", config)[0].verify);
    EXPECT_TRUE(endpoints_of("10.1.2.3:5000", config)[0].may_be_plain);
    EXPECT_FALSE(endpoints_of("10.2.2.3:5000", config)[0].may_be_plain);
    const auto here = endpoints_of("127.0.0.1:5000", config)[0];
    EXPECT_TRUE(here.may_be_plain && here.verify);
}

TEST(ParseConfig, NamesTheKey) {
    for (const char* text : {R"({"registry-mirrors": 5})", R"({"registry-mirrors": ["file:///x"]})",
                             R"({"max-concurrent-downloads": 0})", R"({"insecure-registries": "x"})"})
        EXPECT_THROW(parse_config(Json::parse(text)), Error) << text;
}

}  // namespace
}  // namespace hoist::registry
