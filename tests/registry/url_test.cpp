// SPDX-License-Identifier: Apache-2.0
#include "registry/url.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace hoist::registry {
namespace {

TEST(ParseUrl, ReadsWhatRegistriesUse) {
    EXPECT_EQ(parse_url("https://Example.org/v2/").str(), "https://example.org/v2/");
    EXPECT_EQ(parse_url("http://[::1]:5000").authority(), "[::1]:5000");
    EXPECT_EQ(parse_url("https://a.b:443/x?y=1#z").str(), "https://a.b/x?y=1");
    EXPECT_EQ(parse_url("https://h?q").target, "/?q");
}

TEST(ParseUrl, RefusesTheRest) {
    for (const char* text : {"file:///etc/passwd", "ftp://a/", "//a/b", "a/b", "https://", "https://user:pw@a/",
                             "https://a:99999/", "https://a:x/", "https://a/b c", "https://a/\r\nX: y", "gopher://a"})
        EXPECT_THROW(parse_url(text), Error) << text;
}

TEST(ResolveUrl, FollowsLocations) {
    const Url base = parse_url("https://r.io:5000/v2/a/blobs/uploads/?x=1");
    EXPECT_EQ(resolve_url(base, "/v2/b?c=https://d").str(), "https://r.io:5000/v2/b?c=https://d");
    EXPECT_EQ(resolve_url(base, "next?y=2").str(), "https://r.io:5000/v2/a/blobs/uploads/next?y=2");
    EXPECT_EQ(resolve_url(base, "http://else.io/z").str(), "http://else.io/z");
    EXPECT_EQ(resolve_url(base, "//cdn.io/z").str(), "https://cdn.io/z");
    for (const char* text : {"file:///etc/shadow", "javascript:x", "file:/x", "/a\nb"})
        EXPECT_THROW(resolve_url(base, text), Error) << text;
}

TEST(SharesCredentials, OnlyWithinOneDomain) {
    EXPECT_TRUE(shares_credentials("ghcr.io", "ghcr.io"));
    EXPECT_TRUE(shares_credentials("registry.gitlab.com", "gitlab.com"));
    EXPECT_TRUE(shares_credentials("registry-1.docker.io", "auth.docker.io"));
    const std::vector<std::pair<std::string, std::string>> strangers = {
        {"ghcr.io", "evil.io"},          {"a.co.uk", "b.co.uk"},
        {"10.0.0.1", "0.0.1"},           {"registry.evil.io", "auth.docker.io"},
        {"notgitlab.com", "gitlab.com"}, {"example.com", "com"},
        {"localhost", "evil.localhost"}};
    for (const auto& [registry, other] : strangers)
        EXPECT_FALSE(shares_credentials(registry, other)) << registry << " " << other;
}

TEST(IsLoopback, KnowsThisMachine) {
    for (const char* host : {"localhost", "127.0.0.1", "127.9.9.9", "::1", "x.localhost"})
        EXPECT_TRUE(is_loopback(host));
    for (const char* host : {"127.0.0.1.evil.io", "10.0.0.1", "::2", "localhost.io"}) EXPECT_FALSE(is_loopback(host));
}

}  // namespace
}  // namespace hoist::registry
