// SPDX-License-Identifier: Apache-2.0
#include "builder/ignore.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "builder/glob.h"

namespace hoist::builder {
namespace {

struct IgnoreCase {
    const char* rules;
    const char* path;
    bool left_out;
};
class Ignore : public testing::TestWithParam<IgnoreCase> {};
TEST_P(Ignore, FollowsTheLastRuleThatMatches) {
    EXPECT_EQ(IgnoreRules::parse(GetParam().rules, ".dockerignore").leaves_out(GetParam().path), GetParam().left_out)
        << GetParam().rules << " on " << GetParam().path;
}
INSTANTIATE_TEST_SUITE_P(
    Rules, Ignore,
    testing::Values(IgnoreCase{"*.md", "a.md", true}, IgnoreCase{"*.md", "dir/a.md", false},
                    IgnoreCase{"**/*.md", "dir/a.md", true}, IgnoreCase{"**/*.md", "a.md", true},
                    IgnoreCase{"node_modules", "node_modules/x/y", true},
                    IgnoreCase{"node_modules", "src/node_modules", false}, IgnoreCase{"/build", "build", true},
                    IgnoreCase{"build/", "build", true}, IgnoreCase{"./build", "build/x", true},
                    IgnoreCase{"*\n!keep", "keep", false}, IgnoreCase{"*\n!keep", "keep/inside", false},
                    IgnoreCase{"*\n!keep\nkeep/not", "keep/not", true}, IgnoreCase{"!keep\n*", "keep", true},
                    IgnoreCase{"# comment\na", "a", true}, IgnoreCase{" # no comment", "# no comment", true},
                    IgnoreCase{"a?c", "abc", true}, IgnoreCase{"a?c", "a/c", false}, IgnoreCase{"[a-c]x", "bx", true},
                    IgnoreCase{"[^a-c]x", "bx", false}, IgnoreCase{"a\\*b", "a*b", true},
                    IgnoreCase{"a\\*b", "axb", false}, IgnoreCase{"**", "any/thing", true},
                    IgnoreCase{"a/**/z", "a/z", true}, IgnoreCase{"a/**/z", "a/b/c/z", true},
                    IgnoreCase{"a/**", "a/b", true}, IgnoreCase{"*/temp*", "x/temporary", true},
                    IgnoreCase{"*/temp*", "temporary", false}, IgnoreCase{"  trimmed  ", "trimmed", true},
                    IgnoreCase{"a/../b", "b", true}, IgnoreCase{"", "x", false},
                    IgnoreCase{"*.go\n!*_test.go\n", "x_test.go", false}, IgnoreCase{"! keep\n", "keep", false}));

TEST(Ignore, DescendsOnlyWhereARuleLetsSomethingIn) {
    const auto rules = IgnoreRules::parse("vendor\n!vendor/ours/file", ".dockerignore");
    EXPECT_TRUE(rules.may_let_in_below("vendor"));
    EXPECT_TRUE(rules.may_let_in_below("vendor/ours"));
    EXPECT_FALSE(rules.may_let_in_below("vendor/theirs"));
}

TEST(Ignore, TellsTheLineOfAMalformedPattern) {
    try {
        IgnoreRules::parse("a\n[b", ".dockerignore");
        FAIL();
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(), ".dockerignore:2: pattern \"[b\": a [ is not closed");
    }
    EXPECT_THROW(IgnoreRules::parse("!", ".dockerignore"), Error);
}

TEST(Glob, HostilePatternsEndSoon) {
    std::string pattern, path(3000, 'a');
    for (int i = 0; i < 500; ++i) pattern += "*a";
    EXPECT_FALSE(matches_path(pattern + "b", path));
    EXPECT_TRUE(matching_lengths("*", path).back());
}

}  // namespace
}  // namespace hoist::builder
