// SPDX-License-Identifier: Apache-2.0
#include "wire/filters.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace hoist::wire {
namespace {

const std::set<std::string> known = {"label", "label!", "name", "status", "id"};

TEST(Filters, ReadsBothForms) {
    for (const char* text : {R"({"status":["running","exited"]})", R"({"status":{"running":true,"exited":true}})"}) {
        const auto filters = Filters::parse(text, known);
        EXPECT_TRUE(filters.allows("status", "running"));
        EXPECT_TRUE(filters.allows("status", "exited"));
        EXPECT_FALSE(filters.allows("status", "created"));
        EXPECT_TRUE(filters.allows("id", "anything"));
    }
}

TEST(Filters, RefusesWhatItDoesNotKnow) {
    for (const char* text : {R"({"x":["1"]})", "[]", "{", R"({"name":"a"})", R"({"name":[1]})", "1"})
        EXPECT_THROW(Filters::parse(text, known), Error) << text;
    EXPECT_TRUE(Filters::parse("", known).empty());
}

TEST(Filters, NeedsAllLabels) {
    const auto filters = Filters::parse(R"({"label":["a","b=2"],"label!":["c"]})", known);
    EXPECT_TRUE(filters.allows_labels({{"a", "x"}, {"b", "2"}}));
    EXPECT_FALSE(filters.allows_labels({{"a", "x"}, {"b", "3"}}));
    EXPECT_FALSE(filters.allows_labels({{"b", "2"}}));
    EXPECT_FALSE(filters.allows_labels({{"a", ""}, {"b", "2"}, {"c", ""}}));
}

TEST(Filters, MatchesNamesByPartAndPattern) {
    const auto filters = Filters::parse(R"({"name":["^/?web-[0-9]+$","part"]})", known);
    EXPECT_TRUE(filters.allows_name("name", "web-12"));
    EXPECT_TRUE(filters.allows_name("name", "has-part-inside"));
    EXPECT_FALSE(filters.allows_name("name", "web-x"));
    EXPECT_FALSE(Filters::parse(R"({"name":["("]})", known).allows_name("name", "a"));
}

TEST(Filters, WritesWhatItReads) {
    Filters filters;
    filters.add("label=com.example=1");
    EXPECT_EQ(Filters::parse(filters.str(), known).values("label"), std::vector<std::string>{"com.example=1"});
    EXPECT_THROW(filters.add("nothing"), Error);
}

}  // namespace
}  // namespace hoist::wire
