// SPDX-License-Identifier: Apache-2.0
#include "compose/interpolate.h"

#include "tests/compose/load.h"

namespace hoist::compose {
namespace {

using test::Files;
using test::one_service;

struct ExpandCase {
    std::string_view text, want;
    std::string_view issues = "";  ///< one letter each: u unset, r required, m malformed
};
class Expand : public testing::TestWithParam<ExpandCase> {};

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
    testing::Values(ExpandCase{"plain", "plain"}, ExpandCase{"$A", "a"}, ExpandCase{"${A}", "a"},
                    ExpandCase{"x${A}y$A-z", "xaya-z"}, ExpandCase{"${_x1}", "y"}, ExpandCase{"$U", "", "u"},
                    ExpandCase{"${U}", "", "u"}, ExpandCase{"$E", ""}, ExpandCase{"${A:-d}", "a"},
                    ExpandCase{"${E:-d}", "d"}, ExpandCase{"${E-d}", ""}, ExpandCase{"${U-d}", "d"},
                    ExpandCase{"${U:-d}", "d"}, ExpandCase{"${U:-}", ""}, ExpandCase{"${A:?no}", "a"},
                    ExpandCase{"${E:?no}", "", "r"}, ExpandCase{"${E?no}", ""}, ExpandCase{"${U?no}", "", "r"},
                    ExpandCase{"${A:+r}", "r"}, ExpandCase{"${E:+r}", ""}, ExpandCase{"${E+r}", "r"},
                    ExpandCase{"${U+r}", ""}, ExpandCase{"${U:-${E:-x}}", "x"}, ExpandCase{"${U:-${A}b}c", "abc"},
                    ExpandCase{"${A:+<${A}>}", "<a>"}, ExpandCase{"${U:-a b:c/$A}", "a b:c/a"},
                    ExpandCase{"${A:-${U}}", "a"}, ExpandCase{"${U:-${V}}", "", "u"}, ExpandCase{"${D}", "$A"},
                    ExpandCase{"${U:-$$x}", "$x"}, ExpandCase{"$$A", "$A"}, ExpandCase{"$$$A", "$a"},
                    ExpandCase{"$", "$"}, ExpandCase{"a$", "a$"}, ExpandCase{"$1", "$1"}, ExpandCase{"$(x)", "$(x)"},
                    ExpandCase{"$ A", "$ A"}, ExpandCase{"${", "", "m"}, ExpandCase{"${}", "", "m"},
                    ExpandCase{"${A", "", "m"}, ExpandCase{"${1}", "", "m"}, ExpandCase{"${A!x}", "", "m"},
                    ExpandCase{"${A:x}", "", "m"}, ExpandCase{"${A b}", "", "m"}));

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
