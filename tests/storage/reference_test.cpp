// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/error.h"
#include "storage/image.h"

namespace hoist::storage {
namespace {

const std::string hex64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

struct Good {
    std::string written, canonical, familiar;
};
class ParseReference : public testing::TestWithParam<Good> {};
TEST_P(ParseReference, Reads) {
    const Reference parsed = parse_reference(GetParam().written);
    EXPECT_EQ(parsed.canonical(), GetParam().canonical);
    EXPECT_EQ(parsed.familiar(), GetParam().familiar);
    EXPECT_EQ(parse_reference(parsed.familiar()).canonical(), GetParam().canonical);
}
INSTANTIATE_TEST_SUITE_P(
    Grammar, ParseReference,
    testing::Values(
        Good{"nginx", "docker.io/library/nginx:latest", "nginx:latest"},
        Good{"nginx:1.25", "docker.io/library/nginx:1.25", "nginx:1.25"},
        Good{"user/app", "docker.io/user/app:latest", "user/app:latest"},
        Good{"docker.io/nginx", "docker.io/library/nginx:latest", "nginx:latest"},
        Good{"index.docker.io/library/nginx", "docker.io/library/nginx:latest", "nginx:latest"},
        Good{"localhost/app", "localhost/app:latest", "localhost/app:latest"},
        Good{"localhost:5000/app:v1", "localhost:5000/app:v1", "localhost:5000/app:v1"},
        Good{"registry.example.com/a/b/c:x", "registry.example.com/a/b/c:x", "registry.example.com/a/b/c:x"},
        Good{"[::1]:5000/app", "[::1]:5000/app:latest", "[::1]:5000/app:latest"},
        Good{"Upper/app", "Upper/app:latest", "Upper/app:latest"},
        Good{"a__b/c-d.e--f", "docker.io/a__b/c-d.e--f:latest", "a__b/c-d.e--f:latest"},
        Good{"nginx@sha256:" + hex64, "docker.io/library/nginx@sha256:" + hex64, "nginx@sha256:" + hex64},
        Good{"nginx:1@sha256:" + hex64, "docker.io/library/nginx:1@sha256:" + hex64, "nginx:1@sha256:" + hex64}));

struct Bad {
    std::string written, says;
};
class RefuseReference : public testing::TestWithParam<Bad> {};
TEST_P(RefuseReference, SaysWhy) {
    try {
        parse_reference(GetParam().written);
        FAIL() << GetParam().written;
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), Kind::invalid);
        EXPECT_NE(error.message().find(GetParam().says), std::string::npos) << error.message();
    }
}
INSTANTIATE_TEST_SUITE_P(Grammar, RefuseReference,
                         testing::Values(Bad{"", "it is empty"}, Bad{"Nginx", "uppercase letters in"},
                                         Bad{"nginx:", "tag after \":\" is empty"}, Bad{"nginx:-x", "not start with"},
                                         Bad{"a//b", "between slashes is empty"}, Bad{"../etc", "host name"},
                                         Bad{"a/../b", "may only hold"}, Bad{"a___b", "may only hold"},
                                         Bad{"-a", "may only hold"}, Bad{"a-", "may only hold"},
                                         Bad{"a b", "may only hold"}, Bad{"nginx@md5:00", "only sha256"},
                                         Bad{"nginx@sha256:12", "64 hexadecimal digits"},
                                         Bad{"host:port/app", "port is not a number"}, Bad{"-host.de/app", "host name"},
                                         Bad{hex64, "image's id"},
                                         Bad{"nginx:" + std::string(129, 'a'), "longer than 128"},
                                         Bad{std::string(256, 'a'), "longer than 255"}));

}  // namespace
}  // namespace hoist::storage
