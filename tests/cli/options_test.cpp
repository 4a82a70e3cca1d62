// SPDX-License-Identifier: Apache-2.0
#include "cli/options.h"

#include <gtest/gtest.h>

namespace hoist::cli {
namespace {

const Options options = {{"-d, --detach", "", ""}, {"-i, --interactive", "", ""}, {"-t, --tty", "", ""},
                         {"-n, --tail", "N", ""},  {"-e, --env", "K=V", ""},      {"--scale", "S=N", ""}};

struct OptionCase {
    std::vector<std::string> text;
    OptionsEnd end;
    std::vector<std::string> words;
    std::string tail;
    bool detach, tty;
};
class ParseArguments : public testing::TestWithParam<OptionCase> {};
TEST_P(ParseArguments, ReadsEveryForm) {
    const auto& want = GetParam();
    const auto read = parse_arguments(options, want.text, want.end);
    EXPECT_EQ(read.words, want.words);
    EXPECT_EQ(read.get("tail"), want.tail);
    EXPECT_EQ(read.flag("detach"), want.detach);
    EXPECT_EQ(read.flag("tty"), want.tty);
}
constexpr auto any = OptionsEnd::nowhere;
INSTANTIATE_TEST_SUITE_P(
    Forms, ParseArguments,
    testing::Values(
        OptionCase{{}, any, {}, "", false, false}, OptionCase{{"-d", "web"}, any, {"web"}, "", true, false},
        OptionCase{{"web", "-d"}, any, {"web"}, "", true, false}, OptionCase{{"-dit"}, any, {}, "", true, true},
        OptionCase{{"-n5"}, any, {}, "5", false, false}, OptionCase{{"-n", "5"}, any, {}, "5", false, false},
        OptionCase{{"-n=5"}, any, {}, "5", false, false}, OptionCase{{"--tail=5"}, any, {}, "5", false, false},
        OptionCase{{"--tail", "5"}, any, {}, "5", false, false}, OptionCase{{"-dn5"}, any, {}, "5", true, false},
        OptionCase{{"--detach=false"}, any, {}, "", false, false},
        OptionCase{{"--", "-d"}, any, {"-d"}, "", false, false}, OptionCase{{"-"}, any, {"-"}, "", false, false},
        OptionCase{{"-t", "web", "ls", "-d"}, OptionsEnd::first_word, {"web", "ls", "-d"}, "", false, true}));

TEST(ParseArguments, GathersRepeatedOptions) {
    const auto read = parse_arguments(options, {"-e", "a=1", "--env", "b=2", "--scale", "x=3"}, any);
    EXPECT_EQ(read.all("env"), (std::vector<std::string>{"a=1", "b=2"}));
    EXPECT_EQ(read.get("scale"), "x=3");
}

TEST(ParseArguments, RefusesWhatItDoesNotKnow) {
    for (const std::vector<std::string>& text :
         {std::vector<std::string>{"--nothing"}, {"-x"}, {"--tail"}, {"-n"}, {"-dx"}})
        EXPECT_THROW(parse_arguments(options, text, any), UsageError);
    EXPECT_THROW(parse_arguments(options, {"--tail", "x"}, any).number("tail"), UsageError);
    EXPECT_THROW(parse_arguments(options, {"--detach=maybe"}, any).flag("detach"), UsageError);
}

TEST(ParseArguments, SuggestsTheNearest) {
    try {
        parse_arguments(options, {"--detatch"}, any);
        FAIL();
    } catch (const UsageError& error) {
        EXPECT_STREQ(error.what(), "unknown option '--detatch'; did you mean --detach?");
    }
}

TEST(Describe, AlignsOptions) {
    EXPECT_EQ(describe({{"-d, --detach", "", "in the background"}, {"--scale", "S=N", "replicas"}}),
              "  -d, --detach     in the background\n"
              "      --scale S=N  replicas\n");
}

}  // namespace
}  // namespace hoist::cli
