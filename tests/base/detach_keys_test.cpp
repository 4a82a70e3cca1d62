// SPDX-License-Identifier: Apache-2.0
#include "base/detach_keys.h"

#include "base/error.h"

namespace hoist {
namespace {

struct KeyCase {
    const char *written, *bytes;
};
class ParseDetachKeys : public testing::TestWithParam<KeyCase> {};
TEST_P(ParseDetachKeys, ReadsKeys) {
    EXPECT_EQ(parse_detach_keys(GetParam().written), GetParam().bytes);
}
INSTANTIATE_TEST_SUITE_P(DockersSyntax, ParseDetachKeys,
                         testing::Values(KeyCase{"", "\x10\x11"}, KeyCase{"ctrl-p,ctrl-q", "\x10\x11"},
                                         KeyCase{"a", "a"}, KeyCase{"ctrl-[", "\x1b"}, KeyCase{"ctrl-_,x", "\x1fx"},
                                         KeyCase{"ctrl-\\", "\x1c"}));

class RefuseDetachKeys : public testing::TestWithParam<const char*> {};
TEST_P(RefuseDetachKeys, NamesThePart) {
    EXPECT_THROW(parse_detach_keys(GetParam()), Error);
}
INSTANTIATE_TEST_SUITE_P(Nonsense, RefuseDetachKeys,
                         testing::Values("ctrl-", "ctrl-1", "ab", "a,,b", ",", "shift-a",
                                         "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q"));

struct TypedCase {
    const char* keys;
    std::vector<std::string> typed;
    const char* passed;
    bool found;
};
class FindDetachKeys : public testing::TestWithParam<TypedCase> {};
TEST_P(FindDetachKeys, PassesOnTheRest) {
    DetachKeys keys(GetParam().keys);
    std::string passed;
    bool found = false;
    for (const auto& part : GetParam().typed) found = found || keys.feed(part, passed);
    EXPECT_EQ(passed, GetParam().passed);
    EXPECT_EQ(found, GetParam().found);
}
INSTANTIATE_TEST_SUITE_P(Typed, FindDetachKeys,
                         testing::Values(TypedCase{"pq", {"hello"}, "hello", false},
                                         TypedCase{"pq", {"xpqy"}, "x", true}, TypedCase{"pq", {"xp", "q"}, "x", true},
                                         TypedCase{"pq", {"xp", "y"}, "xpy", false},
                                         TypedCase{"pq", {"ppq"}, "p", true}, TypedCase{"aab", {"aaab"}, "a", true},
                                         TypedCase{"aab", {"a", "a", "c"}, "aac", false},
                                         TypedCase{"abac", {"ababac"}, "ab", true},
                                         TypedCase{"", {"pq"}, "pq", false}));

}  // namespace
}  // namespace hoist
