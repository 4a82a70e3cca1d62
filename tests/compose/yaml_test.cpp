// SPDX-License-Identifier: Apache-2.0
// Hostile and odd YAML. (SEC-55)
#include "compose/yaml.h"

#include <ctime>

#include "tests/compose/load.h"

namespace hoist::compose {
namespace {

using test::Files;

std::string repeat(std::string_view text, int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += text;
    return out;
}

std::string alias_bomb() {
    std::string text = "a0: &a0 [" + repeat("x,", 10) + "]\n";
    for (int i = 1; i < 10; ++i) text += fmt::format("a{0}: &a{0} [{1}]\n", i, repeat(fmt::format("*a{},", i - 1), 10));
    return text;
}

std::string nested_blocks(int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
    return text;
}

struct Hostile {
    const char* name;
    std::string text, want;
};
void PrintTo(const Hostile& h, std::ostream* out) {
    *out << h.name;
}
class HostileYaml : public testing::TestWithParam<Hostile> {};

TEST_P(HostileYaml, IsRefusedQuickly) {
    const auto start = std::clock();  // our own time, not the machine's
    EXPECT_THAT(Files(GetParam().text).errors(), testing::HasSubstr(GetParam().want));
    EXPECT_LT((std::clock() - start) / CLOCKS_PER_SEC, 2);
}
INSTANTIATE_TEST_SUITE_P(
    Bombs, HostileYaml,
    testing::Values(
        Hostile{"aliases", alias_bomb(),
                "compose.yaml:5:34: the document has more than 100000 values after its aliases are expanded"},
        Hostile{"large text by aliases",
                "a: &a " + std::string(900'000, 'x') + "\nb: [" + repeat("*a,", 10'000) + "]\n",
                "too large after its aliases"},
        Hostile{"cycle", "a: &a [*a]\n", "compose.yaml:1:8: this alias stands inside the value that it names"},
        Hostile{"flow depth", "a: " + repeat("[", 10'000) + repeat("]", 10'000),
                "compose.yaml:1:103: values are nested deeper than 100 levels"},
        Hostile{"open flow depth", "a: " + repeat("[", 10'000), "nested deeper than 100"},
        Hostile{"map depth", "a: " + repeat("{a: ", 10'000), "nested deeper than 100"},
        Hostile{"sequence depth", repeat("- ", 10'000) + "a", "nested deeper than 100"},
        Hostile{"key depth", repeat("? ", 10'000) + "a", "nested deeper than 100"},
        Hostile{"block depth", nested_blocks(1'000), "compose.yaml:101:101: values are nested deeper than 100 levels"},
        Hostile{"size", std::string(50u << 20, '#'), "compose.yaml: the file has 52428800 bytes"},
        Hostile{"many keys",
                [] {
                    std::string text;
                    for (int i = 0; i < 101'000; ++i) text += fmt::format("k{}: v\n", i);
                    return text;
                }(),
                "the document has more than 100000 values"},
        Hostile{"NUL", std::string("services:\n  a: x\0y\n", 19), "compose.yaml:2:7: there is a NUL byte in the file"},
        Hostile{"not UTF-8", "services:\n  a: x\xc3(\n", "compose.yaml:2:7: the file is not UTF-8"},
        Hostile{"surrogate", "a: \xed\xa0\x80\n", "not UTF-8"},
        Hostile{"duplicate key", "services:\n  a: {image: i}\n  a: {image: j}\n",
                "compose.yaml:3:3: the key \"a\" is there twice"},
        Hostile{"merge of a list", "x: &x [a]\nservices:\n  a:\n    <<: *x\n",
                "compose.yaml:4:5: \"<<\" merges a map or a list of maps"},
        Hostile{"map as key", "services:\n  {a: b}: c\n", "a map cannot be a key"},
        Hostile{"unclosed quote", "services:\n  a: {image: \"x}\n", "2:14: this quoted text is not closed"},
        Hostile{"quote at the end", "services:\n  a:\n    image: \"x\n", "3:12: this quoted text is not closed"}));

TEST(Yaml, MergeKeysAndAliases) {
    const Project p = Files(R"(
x-one: &one {image: one, user: one}
x-two: &two {image: two, working_dir: /two}
services:
  a: {<<: [*one, *two], user: own}
  b:
    <<: *two
)")
                          .project();
    EXPECT_EQ(p.services.at("a").image, "one");
    EXPECT_EQ(p.services.at("a").user, "own");
    EXPECT_EQ(p.services.at("a").working_dir, "/two");
    EXPECT_EQ(p.services.at("b").image, "two");
}

TEST(Yaml, ScalarsAreThoseOfVersion12) {
    const Service s = test::one_service("labels: {a: 22:22, b: no, c: 0x10, d: 1_000, e: 010, f: ~, g: '', h: on}")
                          .project()
                          .services.at("a");
    EXPECT_EQ(s.labels, (std::map<std::string, std::string>{{"a", "22:22"},
                                                            {"b", "no"},
                                                            {"c", "0x10"},
                                                            {"d", "1_000"},
                                                            {"e", "010"},
                                                            {"f", ""},
                                                            {"g", ""},
                                                            {"h", "on"}}));
}

TEST(Yaml, TakesBomAndCarriageReturns) {
    EXPECT_EQ(Files("\xef\xbb\xbfservices:\r\n  a:\r\n    image: i\r\n").project().services.at("a").image, "i");
    EXPECT_EQ(Files("\xef\xbb\xbfservices:\r\n  a:\r\n    imagee: i\r\n").errors(),
              "compose.yaml:3:5: service \"a\": unknown key \"imagee\"\n");
}

TEST(Yaml, HundredServicesLoadInMilliseconds) {
    std::string text = "services:\n";
    for (int i = 0; i < 100; ++i)
        text += fmt::format(
            "  s{0}:\n    image: nginx:{0}\n    ports: [\"{1}:80\"]\n    environment: [A=$A, B={0}, C=x]\n    volumes: "
            "[\"./s:/d\", \"v:/v\"]\n"
            "    healthcheck: {{test: [CMD, x], interval: 1s}}\n    restart: always\n    depends_on: [{2}]\n",
            i, 10'000 + i, i ? fmt::format("s{}", i - 1) : "");
    Files files(text + "volumes: {v: }\n");
    files.options.environment["A"] = "a";
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(files.project().services.size(), 100u);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    RecordProperty("milliseconds", std::to_string(took.count()));
    EXPECT_LT(took.count(), 1000);  // only catches what is quadratic
}

}  // namespace
}  // namespace hoist::compose
