// SPDX-License-Identifier: Apache-2.0
#include "compose/interpolate.h"

#include "tests/compose/load.h"

namespace hoist::compose {
namespace {

using test::Files;
using test::one_service;

struct Case {
    std::string_view text, want;
    std::string_view issues = "";  ///< one letter each: u unset, r required, m malformed
};
class Expand : public testing::TestWithParam<Case> {};

TEST_P(Expand, Gives) {
    const std::map<std::string, std::string> set = {{"A", "a"}, {"E", ""}, {"D", "$A"}, {"_x1", "y"}};
    std::vector<TemplateIssue> issues;
    const std::string got = expand(
        GetParam().text,
        [&](const std::string& n) -> std::optional<std::string> {
            const auto found = set.find(n);
            return found == set.end() ? std::nullopt : std::optional(found->second);
        },
        issues);
    std::string letters;
    for (const auto& issue : issues) letters += "urm"[static_cast<int>(issue.type)];
    EXPECT_EQ(letters, GetParam().issues);
    if (letters.find('m') == std::string::npos) {
        EXPECT_EQ(got, GetParam().want);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Forms, Expand,
    testing::Values(Case{"plain", "plain"}, Case{"$A", "a"}, Case{"${A}", "a"}, Case{"x${A}y$A-z", "xaya-z"},
                    Case{"${_x1}", "y"}, Case{"$U", "", "u"}, Case{"${U}", "", "u"}, Case{"$E", ""},
                    Case{"${A:-d}", "a"}, Case{"${E:-d}", "d"}, Case{"${E-d}", ""}, Case{"${U-d}", "d"},
                    Case{"${U:-d}", "d"}, Case{"${U:-}", ""}, Case{"${A:?no}", "a"}, Case{"${E:?no}", "", "r"},
                    Case{"${E?no}", ""}, Case{"${U?no}", "", "r"}, Case{"${A:+r}", "r"}, Case{"${E:+r}", ""},
                    Case{"${E+r}", "r"}, Case{"${U+r}", ""}, Case{"${U:-${E:-x}}", "x"}, Case{"${U:-${A}b}c", "abc"},
                    Case{"${A:+<${A}>}", "<a>"}, Case{"${U:-a b:c/$A}", "a b:c/a"}, Case{"${A:-${U}}", "a"},
                    Case{"${U:-${V}}", "", "u"}, Case{"${D}", "$A"}, Case{"${U:-$$x}", "$x"}, Case{"$$A", "$A"},
                    Case{"$$$A", "$a"}, Case{"$", "$"}, Case{"a$", "a$"}, Case{"$1", "$1"}, Case{"$(x)", "$(x)"},
                    Case{"$ A", "$ A"}, Case{"${", "", "m"}, Case{"${}", "", "m"}, Case{"${A", "", "m"},
                    Case{"${1}", "", "m"}, Case{"${A!x}", "", "m"}, Case{"${A:x}", "", "m"}, Case{"${A b}", "", "m"}));

TEST(Interpolation, IsBounded) {
    std::string deep;
    for (int i = 0; i < 1000; ++i) deep += "${U:-";
    EXPECT_THAT(one_service("command: \"" + deep + std::string(1000, '}') + "\"").errors(),
                testing::HasSubstr("nested too deeply"));
    Files files("services:\n  a:\n    image: i\n    command: [" + [] {
        std::string list;
        for (int i = 0; i < 1000; ++i) list += "$B,";
        return list;
    }() + "]\n");
    files.options.environment["B"] = std::string(100'000, 'x');
    EXPECT_THAT(files.errors(), testing::HasSubstr("too large after its variables"));
}

TEST(Interpolation, WarnsOncePerVariableWithItsPlace) {
    Files files = one_service("command: $TGA $TGA ${TGA}\nhostname: x$TGA");
    files.texts["/p/.env"] = "# first\nTAG=1\n";
    EXPECT_EQ(files.warnings(),
              "compose.yaml:4:14: warning: variable \"TGA\" is not set; an empty text takes its place\n");
    EXPECT_THAT(render(files.load().warnings, DiagnosticFormat::rich, false), testing::HasSubstr("::: .env:2:1"));
}

TEST(Interpolation, FindsPlacesInEveryStyle) {
    EXPECT_EQ(one_service("command: \"a $$X ${X?m}\"").errors(),
              "compose.yaml:4:21: required variable \"X\" is not set: m\n");
    EXPECT_EQ(one_service("command: |\n  one\n  two ${X?m}").errors(),
              "compose.yaml:6:11: required variable \"X\" is not set: m\n");
    EXPECT_EQ(one_service("command: [a, 'b${X?m}']").errors(),
              "compose.yaml:4:20: required variable \"X\" is not set: m\n");
}

TEST(Interpolation, LeavesKeysAlone) {
    Files files = one_service("labels:\n  $K: $V\nenvironment: [\"$K=$V\"]");
    files.options.environment = {{"K", "key"}, {"V", "value"}};
    const Service service = files.project().services.at("a");
    EXPECT_EQ(service.labels.at("$K"), "value");
    EXPECT_EQ(service.environment.at("key"), "value");
}

TEST(Variables, HaveTheirPrecedence) {
    Files files("name: n\nservices:\n  a:\n    image: $P-$W-$B-$COMPOSE_PROJECT_NAME\n");
    files.options.environment = {{"P", "process"}};
    files.options.files = {"/p/compose.yaml"};
    files.options.working_directory = "/w";
    files.texts["/w/.env"] = "P=w\nW=w\n";
    files.texts["/p/.env"] = "P=p\nW=p\nB=p\n";
    EXPECT_EQ(files.project().services.at("a").image, "process-w-p-n");
    files.options.env_files = {"/one", "/two"};
    files.texts["/one"] = "W=1\nB=1\n";
    files.texts["/two"] = "W=2\n";
    EXPECT_EQ(files.project().services.at("a").image, "process-2-1-n");
    files.options.env_files = {"/absent"};
    EXPECT_EQ(files.errors(), "environment file /absent: no such file\n");
    files.options.env_files.clear();
    files.options.environment["COMPOSE_DISABLE_ENV_FILE"] = "1";
    EXPECT_EQ(files.project().services.at("a").image, "process---n");
}

}  // namespace
}  // namespace hoist::compose
