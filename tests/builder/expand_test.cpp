// SPDX-License-Identifier: Apache-2.0
#include "builder/expand.h"

#include <gtest/gtest.h>

#include <map>

#include "base/error.h"

namespace hoist::builder {
namespace {

std::optional<std::string> value_of(const std::string& name) {
    static const std::map<std::string, std::string> set = {
        {"v", "abc.tar.gz"}, {"path", "/usr/local/bin"}, {"empty", ""}, {"two", "a b"}};
    const auto it = set.find(name);
    return it == set.end() ? std::nullopt : std::optional(it->second);
}

struct Case {
    const char* text;
    const char* wanted;
};
class Expand : public testing::TestWithParam<Case> {};
TEST_P(Expand, GivesTheValue) {
    EXPECT_EQ(expand(GetParam().text, value_of), GetParam().wanted);
}
INSTANTIATE_TEST_SUITE_P(Modifiers, Expand,
                         testing::Values(Case{"${v#*.}", "tar.gz"}, Case{"${v##*.}", "gz"}, Case{"${v%.*}", "abc.tar"},
                                         Case{"${v%%.*}", "abc"}, Case{"${v/a/A}", "Abc.tar.gz"},
                                         Case{"${v//a/A}", "Abc.tAr.gz"}, Case{"${path//\\//-}", "-usr-local-bin"},
                                         Case{"${v/./}", "abctar.gz"}, Case{"${v/x/y}", "abc.tar.gz"},
                                         Case{"${v#abd}", "abc.tar.gz"}, Case{"${v#a?c}", ".tar.gz"},
                                         Case{"${none#x}", ""}, Case{"${none:-${v}}", "abc.tar.gz"},
                                         Case{"${empty:-x}", "x"}, Case{"${empty-x}", ""}, Case{"${empty+x}", "x"},
                                         Case{"${empty:+x}", ""}, Case{"${v:?needed}", "abc.tar.gz"},
                                         Case{"${v%${v#abc}}", "abc"}, Case{"$two", "a b"}));

TEST(Expand, RefusesWhatMustBeSet) {
    try {
        expand("${none:?give a version}", value_of);
        FAIL();
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(), "none: give a version");
    }
    EXPECT_THROW(expand("${none?}", value_of), Error);
    EXPECT_THROW(expand("${v!x}", value_of), Error);
    EXPECT_THROW(expand("${v#x", value_of), Error);
}

TEST(Expand, EscapeMayBeABacktick) {
    EXPECT_EQ(expand("c:\\x`$v", value_of, {.escape = '`'}), "c:\\x$v");
}

TEST(Expand, DocumentsKeepTheirQuotes) {
    EXPECT_EQ(expand("it's \"$v\" \\$v \\n", value_of, {.raw_quotes = true}), "it's \"abc.tar.gz\" $v \\n");
}

TEST(Expand, NestsNoDeeperThanAStackBears) {
    std::string text;
    for (int i = 0; i < 100000; ++i) text += "${a:-";
    EXPECT_THROW(expand(text, value_of), Error);
}

}  // namespace
}  // namespace hoist::builder
