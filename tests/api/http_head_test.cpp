// SPDX-License-Identifier: Apache-2.0
#include "api/http_head.h"

#include <gtest/gtest.h>

#include "api/router.h"
#include "base/error.h"

namespace hoist::api {
namespace {

TEST(FindHeadFault, PassesWhatClientsSend) {
    EXPECT_EQ(find_head_fault("GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n"), std::nullopt);
    EXPECT_EQ(find_head_fault("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\nX-Tab:\ta\tb\r\n\r\n"),
              std::nullopt);
    EXPECT_EQ(find_head_fault("POST /a HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n"), std::nullopt);
    EXPECT_EQ(find_head_fault("GET / HTTP/1.1\r\n\r\n"), std::nullopt);
}

class HeadFault : public testing::TestWithParam<const char*> {};
TEST_P(HeadFault, IsFound) {
    EXPECT_NE(find_head_fault(std::string("POST / HTTP/1.1\r\nHost: x\r\n") + GetParam() + "\r\n\r\n"), std::nullopt);
}
INSTANTIATE_TEST_SUITE_P(Smuggling, HeadFault,
                         testing::Values("Content-Length: 3\r\nTransfer-Encoding: chunked",
                                         "Content-Length: 3\r\nContent-Length: 3", "Content-Length: +3",
                                         "Content-Length: -3", "Content-Length: 0x3", "Content-Length: 3, 3",
                                         "Content-Length:", "Content-Length: 99999999999999999999999",
                                         "Transfer-Encoding: xchunked", "Transfer-Encoding: chunked, chunked",
                                         "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity",
                                         "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "A: b\nC: d",
                                         "A: b\r\n folded", "A: b\r\n\tfolded", "A : b", "A\tB: c", ": b", "no colon",
                                         "A: b\rc", "A: b\x01", "A: b\x7f"));

struct VersionCase {
    const char* path;
    const char* rest;
    ApiVersion version;
};
class SplitVersion : public testing::TestWithParam<VersionCase> {};
TEST_P(SplitVersion, TakesThePrefixOff) {
    const auto [path, version] = split_version(GetParam().path);
    EXPECT_EQ(path, GetParam().rest);
    EXPECT_EQ(version, GetParam().version);
}
INSTANTIATE_TEST_SUITE_P(Paths, SplitVersion,
                         testing::Values(VersionCase{"/v1.41/info", "/info", {1, 41}},
                                         VersionCase{"/v1.24/containers/a/json", "/containers/a/json", {1, 24}},
                                         VersionCase{"/info", "/info", newest_version},
                                         VersionCase{"/volumes", "/volumes", newest_version},
                                         VersionCase{"/version", "/version", newest_version},
                                         VersionCase{"/v1.x/info", "/v1.x/info", newest_version},
                                         VersionCase{"/v1.51", "/", {1, 51}}));

TEST(SplitVersion, RefusesTooOldAndTooNew) {
    EXPECT_THROW(split_version("/v1.23/info"), Error);
    EXPECT_THROW(split_version("/v0.9/info"), Error);
    try {
        split_version("/v1.60/info");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), Kind::invalid);
        EXPECT_STREQ(error.what(), "client version 1.60 is too new. Maximum supported API version is 1.51");
    }
}

asio::awaitable<void> first(Exchange&, Services&) {
    co_return;
}
asio::awaitable<void> second(Exchange&, Services&) {
    co_return;
}

TEST(FindRoute, MatchesSegmentsAndNamesWithSlashes) {
    const std::vector<Route> routes = {{"GET", "/images/json", first},
                                       {"GET", "/images/{name...}/json", second},
                                       {"DELETE", "/images/{name...}", second},
                                       {"POST", "/containers/{name}/start", first}};
    const auto match = [&](const char* method, const char* path) {
        Request request;
        request.method = method;
        request.path = path;
        const Route* route = find_route(routes, request);
        return route ? std::string(route->pattern) + " " +
                           (request.parameters.empty() ? "" : request.parameters.begin()->second)
                     : "none";
    };
    EXPECT_EQ(match("GET", "/images/json"), "/images/json ");
    EXPECT_EQ(match("GET", "/images/nginx/json"), "/images/{name...}/json nginx");
    EXPECT_EQ(match("GET", "/images/a.b:5000/c/d:1/json"), "/images/{name...}/json a.b:5000/c/d:1");
    EXPECT_EQ(match("GET", "/images/a%2Fb/json"), "/images/{name...}/json a/b");
    EXPECT_EQ(match("DELETE", "/images/x"), "/images/{name...} x");
    EXPECT_EQ(match("POST", "/containers/x/start"), "/containers/{name}/start x");
    EXPECT_EQ(match("POST", "/containers/x/y/start"), "none");
    EXPECT_EQ(match("POST", "/containers//start"), "none");
    EXPECT_EQ(match("GET", "/containers/x/start"), "none");
    EXPECT_EQ(match("GET", "/images"), "none");
}

}  // namespace
}  // namespace hoist::api
