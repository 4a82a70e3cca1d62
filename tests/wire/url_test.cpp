// SPDX-License-Identifier: Apache-2.0
#include "wire/url.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace hoist::wire {
namespace {

TEST(PercentDecode, ReadsEscapes) {
    EXPECT_EQ(percent_decode("docker.io%2Flibrary%2fnginx"), "docker.io/library/nginx");
    EXPECT_EQ(percent_decode("a+b"), "a+b");  // only a query's blank
    EXPECT_EQ(percent_encode("a b/ü"), "a%20b%2F%C3%BC");
}

TEST(PercentDecode, RefusesBrokenEscapesAndNul) {
    for (const char* text : {"%", "%2", "%zz", "a%0", "%00", "x%00y"})
        EXPECT_THROW(percent_decode(text), Error) << text;
}

TEST(Query, ReadsParameters) {
    const auto query =
        Query::parse("all=1&filters=%7B%22a%22%3A%5B%22b%22%5D%7D&changes=CMD+a&changes=ENV%20b&empty&n=12&bad=1x");
    EXPECT_TRUE(query.flag("all"));
    EXPECT_FALSE(query.flag("missing"));
    EXPECT_FALSE(query.flag("empty"));
    EXPECT_EQ(query.get("filters"), R"({"a":["b"]})");
    EXPECT_EQ(query.all("changes"), (std::vector<std::string>{"CMD a", "ENV b"}));
    EXPECT_EQ(query.number("n"), 12);
    EXPECT_EQ(query.number("missing"), std::nullopt);
    EXPECT_THROW(query.number("bad"), Error);
}

TEST(Query, ReadsFlagsAsDockerDoes) {
    for (const char* no : {"f=0", "f=", "f=no", "f=false", "f=none"}) EXPECT_FALSE(Query::parse(no).flag("f")) << no;
    for (const char* yes : {"f=1", "f=true", "f=yes", "f=x"}) EXPECT_TRUE(Query::parse(yes).flag("f")) << yes;
}

TEST(Query, RefusesAHundredThousandFields) {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += "a&";
    EXPECT_THROW(Query::parse(text), Error);
}

TEST(Query, WritesWhatItReads) {
    const std::string text = Query().add("name", "a b&c=d").add("t", "5").str();
    EXPECT_EQ(Query::parse(text).get("name"), "a b&c=d");
    EXPECT_EQ(Query::parse(text).get("t"), "5");
}

}  // namespace
}  // namespace hoist::wire
