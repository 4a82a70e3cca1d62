// SPDX-License-Identifier: Apache-2.0
#include "builder/ignore.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "builder/glob.h"

namespace hoist::builder {
namespace {

struct Case {
    const char* rules;
    const char* path;
    bool left_out;
};
class Ignore : public testing::TestWithParam<Case> {};
TEST_P(Ignore, FollowsTheLastRuleThatMatches) {
    EXPECT_EQ(IgnoreRules::parse(GetParam().rules, ".dockerignore").leaves_out(GetParam().path), GetParam().left_out)
        << GetParam().rules << " on " << GetParam().path;
}
INSTANTIATE_TEST_SUITE_P(
    Rules, Ignore,
    testing::Values(Case{"*.md", "a.md", true}, Case{"*.md", "dir/a.md", false}, Case{"**/*.md", "dir/a.md", true},
                    Case{"**/*.md", "a.md", true}, Case{"node_modules", "node_modules/x/y", true},
                    Case{"node_modules", "src/node_modules", false}, Case{"/build", "build", true},
                    Case{"build/", "build", true}, Case{"./build", "build/x", true}, Case{"*\n!keep", "keep", false},
                    Case{"*\n!keep", "keep/inside", false}, Case{"*\n!keep\nkeep/not", "keep/not", true},
                    Case{"!keep\n*", "keep", true}, Case{"# comment\na", "a", true},
                    Case{" # no comment", "# no comment", true}, Case{"a?c", "abc", true}, Case{"a?c", "a/c", false},
                    Case{"[a-c]x", "bx", true}, Case{"[^a-c]x", "bx", false}, Case{"a\\*b", "a*b", true},
                    Case{"a\\*b", "axb", false}, Case{"**", "any/thing", true}, Case{"a/**/z", "a/z", true},
                    Case{"a/**/z", "a/b/c/z", true}, Case{"a/**", "a/b", true}, Case{"*/temp*", "x/temporary", true},
                    Case{"*/temp*", "temporary", false}, Case{"  trimmed  ", "trimmed", true},
                    Case{"a/../b", "b", true}, Case{"", "x", false}, Case{"*.go\n!*_test.go\n", "x_test.go", false},
                    Case{"! keep\n", "keep", false}));

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
