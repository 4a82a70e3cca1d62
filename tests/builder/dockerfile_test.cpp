// SPDX-License-Identifier: Apache-2.0
// What a Dockerfile may say, and what the user reads where it is wrong.
#include "builder/dockerfile.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "builder/run_mount.h"

namespace hoist::builder {
namespace {

std::string refusal_of(const std::string& text) {
    try {
        parse_dockerfile(text, "Dockerfile");
    } catch (const Error& error) {
        return error.message();
    }
    return "";
}

class Accepted : public testing::TestWithParam<const char*> {};
TEST_P(Accepted, IsRead) {
    EXPECT_EQ(refusal_of(GetParam()), "") << GetParam();
}
INSTANTIATE_TEST_SUITE_P(
    Corpus, Accepted,
    testing::Values("FROM scratch", "from Scratch\n", "FROM a AS b\nFROM b", "FROM --platform=$BUILDPLATFORM a",
                    "ARG v=1\nFROM a:$v", "ARG a b=1 c\nFROM x", "# only\n\nFROM a\n# end",
                    "\xef\xbb\xbf"
                    "FROM a",
                    "FROM a\r\nRUN b\r\n", "# escape=`\nFROM a\nRUN dir `\n c:\\x",
                    "# syntax=docker/dockerfile:1\n# check=skip=all\nFROM a", "FROM a\nRUN one && \\\n  two",
                    "FROM a\nRUN one \\\n# comment\n\n  two", "FROM a\nRUN [\"a\", \"b\"]", "FROM a\nRUN [not json",
                    "FROM a\nRUN --mount=type=cache,target=/c --mount=type=tmpfs,target=/t x",
                    "FROM a\nRUN --mount=target=/src x", "FROM a\nRUN --mount=type=secret,id=s,env=S,required=true x",
                    "FROM a\nRUN --mount=type=ssh x", "FROM a\nRUN --network=none --security=sandbox x",
                    "FROM a\nRUN --mount=type=cache,target=$dir x", "FROM a\nRUN <<E\necho\nE",
                    "FROM a\nRUN <<-E\n\techo\n\tE", "FROM a\nRUN <<A cat && <<B cat\n1\nA\n2\nB",
                    "FROM a\nRUN <<'E' sh\n$x\nE", "FROM a\nRUN cat <<< x", "FROM a\nCOPY <<E /f\nx\nE",
                    "FROM a\nCOPY a <<E /d/\nx\nE", "FROM a\nCOPY a b c/", "FROM a\nCOPY [\"a b\", \"/c d\"]",
                    "FROM a\nCOPY --from=x --chown=1:2 --chmod=u+x --link --exclude=*.o a b",
                    "FROM a\nADD --checksum=sha256:1 --keep-git-dir=true --unpack=false https://x/y /z",
                    "FROM a\nCOPY --parents=false a b", "FROM a\nENV a=b c=d", "FROM a\nENV a b c",
                    "FROM a\nENV a=", "FROM a\nENV a=\"b c\" d='e f' g=h\\ i", "FROM a\nLABEL a=b \"c d\"=e",
                    "FROM a\nLABEL a b", "FROM a\nEXPOSE 80 443/tcp 8000-8010/udp $p", "FROM a\nVOLUME /a /b",
                    "FROM a\nVOLUME [\"/a\"]", "FROM a\nUSER 1:2", "FROM a\nUSER name with blanks",
                    "FROM a\nWORKDIR a b", "FROM a\nSTOPSIGNAL SIGTERM", "FROM a\nHEALTHCHECK NONE",
                    "FROM a\nHEALTHCHECK --interval=1m30s --retries=3 --start-interval=0s cmd x",
                    "FROM a\nHEALTHCHECK CMD [\"x\"]", "FROM a\nSHELL [\"/bin/sh\", \"-c\"]", "FROM a\nONBUILD RUN x",
                    "FROM a\nONBUILD COPY <<E /x\ny\nE", "FROM a\nMAINTAINER me", "FROM a\nCMD",
                    "FROM a\nENTRYPOINT []", "FROM a\nCMD echo \\", "FROM a\nARG x\nARG y=$x", "fRoM a\nrUn b"));

struct Refusal {
    const char* text;
    const char* message;  ///< in what the user reads
    const char* place;    ///< Dockerfile:line:column
};
class Refused : public testing::TestWithParam<Refusal> {};
TEST_P(Refused, SaysWhatAndWhere) {
    const auto message = refusal_of(GetParam().text);
    EXPECT_THAT(message, testing::HasSubstr(GetParam().message)) << GetParam().text;
    EXPECT_THAT(message, testing::HasSubstr(std::string("--> Dockerfile:") + GetParam().place)) << GetParam().text;
}
INSTANTIATE_TEST_SUITE_P(
    Corpus, Refused,
    testing::Values(
        Refusal{"", "no instructions", "1:1"}, Refusal{"# x\n", "no instructions", "1:1"},
        Refusal{"RUN x", "RUN stands before the first FROM", "1:1"}, Refusal{"ARG a", "has no FROM", "1:1"},
        Refusal{"FORM a", "did you mean FROM?", "1:1"}, Refusal{"FROM a\nrunn x", "did you mean RUN?", "2:1"},
        Refusal{"FROM a\nNONSENSICAL x", "an instruction is one of", "2:1"},
        Refusal{"FROM", "it needs an image", "1:1"}, Refusal{"FROM a b", "as in FROM debian", "1:8"},
        Refusal{"FROM a AS 1x", "cannot be a stage's name", "1:11"},
        Refusal{"FROM a AS x\nFROM b AS X", "two stages are called x", "2:1"},
        Refusal{"FROM a AS scratch", "cannot be a stage's name", "1:11"},
        Refusal{"FROM --platfrom=x a", "did you mean --platform?", "1:6"},
        Refusal{"FROM a\nCOPY a", "a source and a destination", "2:1"},
        Refusal{"FROM a\nCOPY --chwon=1 a b", "did you mean --chown?", "2:6"},
        Refusal{"FROM a\nCOPY --checksum=x a b", "unknown flag --checksum", "2:6"},
        Refusal{"FROM a\nCOPY --parents a b", "--parents is not supported", "2:6"},
        Refusal{"FROM a\nCOPY --link=maybe a b", "true or false", "2:13"},
        Refusal{"FROM a\nCOPY --from=a --from=b c d", "--from is given twice", "2:6"},
        Refusal{"FROM a\nCOPY --from=x <<E /y\nE", "does not go with a here-document", "2:6"},
        Refusal{"FROM a\nCOPY --exclude=[a b c", "a [ is not closed", "2:16"},
        Refusal{"FROM a\nADD x", "as in ADD file /dir/", "2:1"}, Refusal{"FROM a\nRUN", "it needs a command", "2:1"},
        Refusal{"FROM a\nRUN --network=bridge x", "use default, none, host", "2:15"},
        Refusal{"FROM a\nRUN --security=insecure x", "is not allowed", "2:5"},
        Refusal{"FROM a\nRUN --mount=type=bnd,target=/x y", "unknown type \"bnd\"", "2:13"},
        Refusal{"FROM a\nRUN --mount=type=cache,tagret=/x y", "did you mean target?", "2:13"},
        Refusal{"FROM a\nRUN --mount=type=cache y", "a target is missing", "2:13"},
        Refusal{"FROM a\nRUN --mount=type=cache,target=/x,sharing=all y", "shared, private or locked", "2:13"},
        Refusal{"FROM a\nRUN --mount=type=secret y", "a secret needs an id", "2:13"},
        Refusal{"FROM a\nRUN --mount=type=cache,target=/x,mode=999 y", "mode cannot be", "2:13"},
        Refusal{"FROM a\nRUN --moutn=x y", "did you mean --mount?", "2:5"},
        Refusal{"FROM a\nRUN <<E\nx", "here-document E does not end", "2:7"},
        Refusal{"FROM a\nRUN [1, 2]", "only strings", "2:5"},
        Refusal{"FROM a\nCMD [ \"e\", [ \"n\" ] ]", "only strings", "2:5"},
        Refusal{"FROM a\nENV x", "has no value", "2:5"}, Refusal{"FROM a\nENV", "it needs name=value", "2:1"},
        Refusal{"FROM a\nENV a=b c", "not of the form name=value", "2:9"},
        Refusal{"FROM a\nENV =b", "a name is missing", "2:5"}, Refusal{"FROM a\nLABEL a", "has no value", "2:7"},
        Refusal{"FROM a\nARG", "it needs a name", "2:1"}, Refusal{"FROM a\nARG =x", "a name is missing", "2:5"},
        Refusal{"FROM a\nEXPOSE", "it needs a port", "2:1"}, Refusal{"FROM a\nVOLUME", "it needs a path", "2:1"},
        Refusal{"FROM a\nVOLUME [\"\"]", "it needs a path", "2:1"},
        Refusal{"FROM a\nUSER", "it needs an argument", "2:1"}, Refusal{"FROM a\nWORKDIR", "as in WORKDIR /app", "2:1"},
        Refusal{"FROM a\nSTOPSIGNAL", "as in STOPSIGNAL SIGTERM", "2:1"},
        Refusal{"FROM a\nSHELL /bin/sh", "a JSON array", "2:1"}, Refusal{"FROM a\nSHELL []", "a JSON array", "2:1"},
        Refusal{"FROM a\nHEALTHCHECK", "it needs CMD", "2:1"},
        Refusal{"FROM a\nHEALTHCHECK CMD", "no command follows", "2:13"},
        Refusal{"FROM a\nHEALTHCHECK curl x", "unknown type \"curl\"", "2:13"},
        Refusal{"FROM a\nHEALTHCHECK NONE x", "nothing goes with NONE", "2:13"},
        Refusal{"FROM a\nHEALTHCHECK --interval=5 CMD x", "needs a duration", "2:24"},
        Refusal{"FROM a\nHEALTHCHECK --retries=x CMD y", "needs a number", "2:23"},
        Refusal{"FROM a\nONBUILD", "it needs an instruction", "2:1"},
        Refusal{"FROM a\nONBUILD FROM b", "cannot be left to a later build", "2:9"},
        Refusal{"FROM a\nONBUILD ONBUILD RUN x", "cannot be left", "2:1"},
        Refusal{"FROM a\nONBUILD CPOY a b", "did you mean COPY?", "2:9"},
        Refusal{"FROM a\nONBUILD COPY a", "a source and a destination", "2:1"},
        Refusal{"# escape=x\nFROM a", "escape cannot be", "1:10"},
        Refusal{"# escape=`\n# escape=`\nFROM a", "a second time", "2:1"},
        Refusal{"FROM a\nCMD --x y", "it has no flags", "2:5"}));

TEST(Dockerfile, ShowsTheLineTheCaretAndAllMistakes) {
    EXPECT_EQ(refusal_of("FROM a\nRUNN make \\\n  all\nCOPY --form=b \\\n    x y\n"),
              "error: unknown instruction \"RUNN\"\n"
              " --> Dockerfile:2:1\n"
              "  |\n"
              "2 | RUNN make \\\n"
              "  | ^^^^\n"
              "  = help: did you mean RUN?\n"
              "error: COPY: unknown flag --form\n"
              " --> Dockerfile:4:6\n"
              "  |\n"
              "4 | COPY --form=b \\\n"
              "  |      ^^^^^^\n"
              "  = help: did you mean --from?");
}

TEST(Dockerfile, AMistakeIsFoundInTheContinuedLine) {
    EXPECT_THAT(refusal_of("FROM a\nCOPY \\\n  --chwon=1 \\\n  a b"), testing::HasSubstr("Dockerfile:3:3"));
}

TEST(Dockerfile, TextOfOthersReachesNoTerminalRaw) {
    const auto message = refusal_of("FROM a\nR\x1b[31mN x");
    EXPECT_EQ(message.find('\x1b'), std::string::npos) << message;
}

TEST(Dockerfile, StagesHoldTheirInstructions) {
    const auto file = parse_dockerfile("ARG v\nFROM a AS One\nRUN x\nFROM one\nCMD [\"y\"]\nRUN z", "Dockerfile");
    ASSERT_EQ(file.stages.size(), 2u);
    EXPECT_EQ(file.arguments.size(), 1u);
    EXPECT_EQ(file.stages[0].from.name, "one");
    EXPECT_EQ(file.stages[0].instructions.size(), 1u);
    ASSERT_EQ(file.stages[1].instructions.size(), 2u);
    EXPECT_EQ(file.stages[1].instructions[1].lines.first, 6);
    EXPECT_FALSE(std::get<Cmd>(file.stages[1].instructions[0].meaning).command.shell);
    EXPECT_TRUE(std::get<builder::Run>(file.stages[1].instructions[1].meaning).command.shell);
}

TEST(Dockerfile, DocumentsBelongToTheirInstruction) {
    const auto file =
        parse_dockerfile("FROM a\nCOPY <<-A <<\"B\" /d/\n\tone\n\tA\n$two\nB\nRUN <<E\nthree\nE\nCMD x", "Dockerfile");
    ASSERT_EQ(file.stages[0].instructions.size(), 3u);
    const auto& copy = std::get<Copy>(file.stages[0].instructions[0].meaning);
    ASSERT_EQ(copy.documents.size(), 2u);
    EXPECT_EQ(copy.documents[0].text(), "one\n");
    EXPECT_TRUE(copy.documents[0].expand);
    EXPECT_EQ(copy.documents[1].text(), "$two\n");
    EXPECT_FALSE(copy.documents[1].expand);
    EXPECT_TRUE(copy.sources.empty());
    EXPECT_EQ(file.stages[0].instructions[0].lines.last, 6);
    const auto& run = std::get<builder::Run>(file.stages[0].instructions[1].meaning);
    ASSERT_EQ(run.command.heredocs.size(), 1u);
    EXPECT_EQ(run.command.heredocs[0].text(), "three\n");
}

TEST(RunMounts, HaveTheirDefaults) {
    const auto secret = parse_run_mount("type=secret,id=token");
    EXPECT_EQ(secret.target, "/run/secrets/token");
    const auto cache = parse_run_mount("type=cache,dst=/c,mode=0700,uid=5");
    EXPECT_EQ(cache.id, "/c");
    EXPECT_FALSE(cache.read_only);
    EXPECT_EQ(cache.mode, 0700u);
    const auto bind = parse_run_mount("src=a,dst=/b,rw");
    EXPECT_EQ(bind.type, RunMount::Type::bind);
    EXPECT_FALSE(bind.read_only);
    EXPECT_TRUE(parse_run_mount("target=/b").read_only);
}

}  // namespace
}  // namespace hoist::builder
