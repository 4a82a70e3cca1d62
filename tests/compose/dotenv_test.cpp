// SPDX-License-Identifier: Apache-2.0
#include "compose/dotenv.h"

#include "base/text.h"
#include "tests/compose/load.h"

namespace hoist::compose {
namespace {

std::string read(const std::string& text, bool raw = false) {
    Sources sources("/p");
    Report report(sources);
    const auto file = sources.add("/p/.env", text, "/p", nullptr);
    const Lookup lookup = [](const std::string& name) {
        return name == "P" ? std::optional<std::string>("process") : std::nullopt;
    };
    std::vector<std::string> out;
    for (const auto& line : raw ? read_raw_env(file, report) : read_env(file, report, lookup))
        out.push_back(line.key + (line.value ? "=" + *line.value : ""));
    try {
        report.end_phase();
    } catch (const LoadError& problem) {
        for (const auto& d : problem.diagnostics)
            out.push_back(fmt::format("{}:{} {}", d.where.line, d.where.column, d.message));
    }
    return join(out, "|");
}

struct EnvCase {
    std::string text, want;
};
class Dotenv : public testing::TestWithParam<EnvCase> {};
TEST_P(Dotenv, Reads) {
    EXPECT_EQ(read(GetParam().text), GetParam().want) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Grammar, Dotenv,
    testing::Values(EnvCase{"A=1\nB=2", "A=1|B=2"}, EnvCase{"A=1\r\nB=2\r\n", "A=1|B=2"},
                    EnvCase{"\xef\xbb\xbf"
                            "A=1",
                            "A=1"},
                    EnvCase{"A: 1", "A=1"}, EnvCase{"export A=1", "A=1"}, EnvCase{"exportA=1", "exportA=1"},
                    EnvCase{"A", "A"}, EnvCase{"A\nB=", "A|B="}, EnvCase{"  A = x  ", "A=x"},
                    EnvCase{"# c\n\n  # d\nA=1", "A=1"}, EnvCase{"A=1 # c", "A=1"}, EnvCase{"A=1#c", "A=1#c"},
                    EnvCase{"A=#c", "A="}, EnvCase{"A= #c\nB=2", "A=|B=2"}, EnvCase{"A=\"x y\" # c", "A=x y"},
                    EnvCase{"A='x y'#c", "A=x y"}, EnvCase{"A=\"a\nb\"\nB=1", "A=a\nb|B=1"},
                    EnvCase{"A='a\nb'", "A=a\nb"}, EnvCase{R"(A="\a\n\t\\\"\$P \101")", "A=\a\n\t\\\"$P \\101"},
                    EnvCase{R"(A="\0101")", "A=A"}, EnvCase{R"(A='\n$P')", "A=\\n$P"},
                    EnvCase{R"(A='it\'s')", "A=it's"}, EnvCase{R"(A=x\ny)", "A=x\\ny"},
                    EnvCase{"A=$P-${P}-${X:-d}", "A=process-process-d"}, EnvCase{"A=1\nB=$A$A", "A=1|B=11"},
                    EnvCase{"P=own\nB=$P", "P=own|B=process"}, EnvCase{"A=\"$P\"", "A=process"},
                    EnvCase{"A=pa$$word", "A=pa$word"}, EnvCase{"A.b-c[0]=1", "A.b-c[0]=1"}, EnvCase{"", ""},
                    EnvCase{"A=\"x", "A=|1:3 this quoted value is not closed"},
                    EnvCase{"A B=1\nC=2", "C=2|1:3 a name cannot contain a blank"},
                    EnvCase{"A+=1", "1:2 this character cannot be part of a name"},
                    EnvCase{"=1", "1:1 there is no name before the \"=\""},
                    EnvCase{"A='x'y", "A=|1:6 there is text behind the closing quote"},
                    EnvCase{"A=${", "A=|1:3 malformed variable: \"${\" is not closed"}));

TEST(Dotenv, RawTakesEverything) {
    EXPECT_EQ(read("A='x' # y\n#c\nB=$P\nC\nD E=1\r\n", true), "A='x' # y|B=$P|C|5:1 a name cannot contain a blank");
}

TEST(EnvFile, IsWeakerThanEnvironmentAndLaterOnesWin) {
    test::Files files = test::one_service(
        "env_file: [one.env, {path: two.env}, {path: absent, required: false}, {path: raw, format: raw}]\nenvironment: "
        "[C=own, BARE, GONE]");
    files.texts["/p/one.env"] = "A=1\nB=1\nC=1\nGONE=1\nD=$C";
    files.texts["/p/two.env"] = "B=2\nBARE=2\n";
    files.texts["/p/raw"] = "Q='q'\n";
    files.options.environment["BARE"] = "process";
    EXPECT_EQ(files.project().services.at("a").environment,
              (std::map<std::string, std::optional<std::string>>{{"A", "1"},
                                                                 {"B", "2"},
                                                                 {"C", "own"},
                                                                 {"BARE", "process"},
                                                                 {"GONE", std::nullopt},
                                                                 {"D", "own"},
                                                                 {"Q", "'q'"}}));
    files.texts.erase("/p/one.env");
    EXPECT_EQ(files.errors(), "compose.yaml:4:16: service \"a\": `env_file`: there is no file /p/one.env\n");
    files.options.all_profiles = true;
    EXPECT_EQ(files.errors(), "");
}

TEST(EnvFile, ErrorsCarryTheLineInIt) {
    test::Files files = test::one_service("env_file: x.env");
    files.texts["/p/x.env"] = "A=1\nB C=1\n";
    EXPECT_EQ(files.errors(), "x.env:2:3: a name cannot contain a blank\n");
}

}  // namespace
}  // namespace hoist::compose
