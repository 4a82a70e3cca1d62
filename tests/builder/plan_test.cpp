// SPDX-License-Identifier: Apache-2.0
// What a build decides before it does anything: stages, variables, modes, owners, and which repositories it would ask.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/error.h"
#include "builder/draft.h"
#include "builder/file_mode.h"
#include "builder/graph.h"
#include "builder/remote.h"

namespace hoist::builder {
namespace {

BuildPlan plan_of(const std::string& text, const std::string& target = "", const Values& given = {}) {
    BuildRequest request;
    request.dockerfile = text;
    request.target = target;
    GlobalArguments globals(given, platform_values("", target));
    return plan_build(parse_dockerfile(text, "Dockerfile"), request, globals);
}

std::vector<std::size_t> stages_of(const BuildPlan& plan) {
    std::vector<std::size_t> indexes;
    for (const auto& stage : plan.stages) indexes.push_back(stage.index);
    return indexes;
}

TEST(Plan, LeavesOutStagesThatNothingNeeds) {
    const std::string text =
        "FROM x AS a\nFROM y AS b\nFROM a AS c\nCOPY --from=b / /\nFROM z\nRUN --mount=from=0,target=/m t\n";
    using Indexes = std::vector<std::size_t>;
    EXPECT_EQ(stages_of(plan_of(text)), (Indexes{0, 3}));
    EXPECT_EQ(stages_of(plan_of(text, "c")), (Indexes{0, 1, 2}));
    EXPECT_EQ(stages_of(plan_of(text, "1")), (Indexes{1}));
    EXPECT_EQ(plan_of(text, "c").steps, 4);
}

TEST(Plan, TellsWhatCannotBe) {
    EXPECT_THROW(plan_of("FROM x AS a\nCOPY --from=b / /\nFROM y AS b\n"), Error);
    EXPECT_THROW(plan_of("FROM x AS a\nCOPY --from=a / /\n"), Error);
    EXPECT_THROW(plan_of("FROM $nothing\n"), Error);
    EXPECT_THROW(plan_of("FROM a\n", "b"), Error);
}

TEST(Plan, ArgumentsBeforeTheFirstFromNameImages) {
    const std::string text = "ARG v=1\nARG image=base:$v\nFROM ${image}\n";
    EXPECT_EQ(plan_of(text).stages[0].base.name, "base:1");
    EXPECT_EQ(plan_of(text, "", {{"v", "2"}}).stages[0].base.name, "base:2");
    EXPECT_EQ(plan_of("FROM scratch").stages[0].base.kind, Origin::Kind::scratch);
}

TEST(Variables, HaveDockersScopes) {
    GlobalArguments globals({{"given", "outside"}, {"http_proxy", "p"}, {"typo", "x"}},
                            platform_values("linux/arm64/v8", ""));
    globals.declare("base", "global");
    StageVariables stage(globals);
    stage.inherit({"PATH=/bin"});
    EXPECT_EQ(stage.lookup("base"), std::nullopt);
    stage.declare("base", std::nullopt);
    stage.declare("given", "inside");
    stage.declare("TARGETVARIANT", std::nullopt);
    stage.declare("unset", std::nullopt);
    EXPECT_EQ(stage.lookup("base"), "global");
    EXPECT_EQ(stage.lookup("given"), "outside");
    EXPECT_EQ(stage.lookup("TARGETVARIANT"), "v8");
    stage.set("given", "of ENV");
    stage.declare("given", "later");
    EXPECT_EQ(stage.lookup("given"), "of ENV");
    using Lines = std::vector<std::string>;
    EXPECT_EQ(stage.environment(), (Lines{"PATH=/bin", "given=of ENV"}));
    EXPECT_EQ(stage.arguments(), (Lines{"TARGETVARIANT=v8", "base=global"}));
    EXPECT_EQ(stage.proxies(), (Lines{"http_proxy=p"}));
    EXPECT_EQ(globals.unused(), (Lines{"typo"}));
}

struct ModeCase {
    const char* change;
    mode_t before, after;
};
class Modes : public testing::TestWithParam<ModeCase> {};
TEST_P(Modes, AreChanged) {
    EXPECT_EQ(ModeChange::parse(GetParam().change).apply(GetParam().before), GetParam().after);
}
INSTANTIATE_TEST_SUITE_P(Cases, Modes,
                         testing::Values(ModeCase{"0644", S_IFREG | 0777, 0644}, ModeCase{"755", S_IFREG | 0600, 0755},
                                         ModeCase{"u+x", S_IFREG | 0644, 0744},
                                         ModeCase{"go-rwx", S_IFREG | 0677, 0600},
                                         ModeCase{"a=rX", S_IFREG | 0644, 0444}, ModeCase{"a=rX", S_IFDIR | 0700, 0555},
                                         ModeCase{"+x", S_IFREG | 0600, 0711},
                                         ModeCase{"u=rwx,g+w,o=", S_IFREG | 0644, 0760},
                                         ModeCase{"u+s", S_IFREG | 0755, 04755}, ModeCase{"4755", S_IFREG, 04755}));

TEST(Modes, AndOwnersThatAreNoneAreRefused) {
    for (const char* text : {"u", "9", "u+q", "77777", "", "rwx"}) EXPECT_THROW(ModeChange::parse(text), Error) << text;
    const std::string passwd = "web:x:7:8::/:/bin/sh\n", group = "staff:x:9:\n";
    EXPECT_EQ(parse_owner("web", passwd, group).gid, 8u);
    EXPECT_EQ(parse_owner("web:staff", passwd, group).gid, 9u);
    EXPECT_EQ(parse_owner("12", passwd, group).gid, 12u);
    EXPECT_EQ(parse_owner("0:5", passwd, group).gid, 5u);
    for (const char* text : {"nobody", "-1", "web:none", " 0"})
        EXPECT_THROW(parse_owner(text, passwd, group), Error) << text;
}

TEST(Remote, RepositoriesAreReadOrRefused) {  // SEC-38
    const auto source = parse_git_url("https://host/x.git#branch:sub/dir");
    EXPECT_EQ(source.url, "https://host/x.git");
    EXPECT_EQ(source.reference, "branch");
    EXPECT_EQ(source.subdirectory, "sub/dir");
    EXPECT_EQ(parse_git_url("git@host:me/x.git").reference, "HEAD");
    for (const char* text : {"ext::sh -c id", "file:///etc", "https://host/x.git#--upload-pack=id", "--upload-pack=id",
                             "ssh://-oProxyCommand=id/x", "git@-oProxyCommand=id:x", "ssh://me@-oProxyCommand=id/x",
                             "fd::17", "https::https://host/x.git", "https://h/x y.git"})
        EXPECT_THROW(parse_git_url(text), Error) << text;
    EXPECT_TRUE(is_git_url("ext::sh"));
    EXPECT_FALSE(is_git_url("https://host/file.tar"));
    EXPECT_EQ(file_name_of("https://host/a/b.tar.gz?x=y/z"), "b.tar.gz");
    EXPECT_THROW(file_name_of("https://host/"), Error);
    EXPECT_THROW(file_name_of("https://host"), Error);
}

TEST(Draft, KeepsWhatTheBaseSaysOfItself) {
    const Json base = {{"architecture", "arm64"},
                       {"os", "linux"},
                       {"variant", "v8"},
                       {"created", "2020-01-01T00:00:00Z"},
                       {"config", {{"Cmd", {"sh"}}, {"OnBuild", {"RUN x"}}}},
                       {"rootfs", {{"type", "layers"}, {"diff_ids", {"sha256:a"}}}},
                       {"history", {{{"created_by", "base"}}}}};
    auto draft = Draft::of_image(base);
    EXPECT_EQ(draft.take_triggers(), std::vector<std::string>{"RUN x"});
    draft.add_step("RUN y", "sha256:b", {}, "k");
    draft.add_step("LABEL z", "", {}, "k");
    const auto made = draft.finish({}, true);
    EXPECT_EQ(made["variant"], "v8");
    EXPECT_EQ(made["rootfs"]["diff_ids"], (Json{"sha256:a", "sha256:b"}));
    EXPECT_EQ(made["history"].size(), 3u);
    EXPECT_EQ(made["history"][2]["empty_layer"], true);
    EXPECT_EQ(made[keys_member], (Json{"", "k"}));
    EXPECT_FALSE(made["config"].contains("OnBuild"));
}

}  // namespace
}  // namespace hoist::builder
