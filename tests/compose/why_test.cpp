// SPDX-License-Identifier: Apache-2.0
// Where a value came from, and the pages about codes.
#include "compose/why.h"

#include "base/file.h"
#include "compose/explain.h"
#include "tests/compose/load.h"

namespace hoist::compose {
namespace {

std::string why_of(const test::Files& files, const std::string& path) {
    try {
        return render({why(files.options, files.reader(), path)}, DiagnosticFormat::rich, false);
    } catch (const Error& problem) {
        return problem.what();
    }
}

TEST(Why, TellsFileAndLine) {
    EXPECT_EQ(why_of(test::Files("services:\n  web:\n    image: nginx\n"), "services.web.image"),
              "note: services.web.image is the text \"nginx\"\n"
              " --> compose.yaml:3:12\n"
              "  |\n"
              "3 |     image: nginx\n"
              "  |            ^^^^^\n");
}

TEST(Why, TellsWhatAnOverrideReplaced) {
    test::Files files("services:\n  web:\n    image: nginx\n");
    files.texts["/p/compose.override.yaml"] = "services:\n  web:\n    image: apache\n";
    const std::string told = why_of(files, "services.web.image");
    EXPECT_THAT(told, testing::HasSubstr("compose.override.yaml:3:12"));
    EXPECT_THAT(told, testing::HasSubstr(
                          "compose.yaml:3:12\n3 |     image: nginx\n  |            ----- takes the place of this"));
}

TEST(Why, TellsAliasesAndMergeKeys) {
    const test::Files files("x-base: &base\n  restart: always\nservices:\n  web:\n    <<: *base\n    image: i\n");
    const std::string told = why_of(files, "services.web.restart");
    EXPECT_THAT(told, testing::HasSubstr("compose.yaml:2:12"));
    EXPECT_THAT(told, testing::HasSubstr("used here as *base"));
}

TEST(Why, TellsWhatIsInherited) {
    test::Files files("services:\n  web:\n    extends: {file: base.yaml, service: app}\n");
    files.texts["/p/base.yaml"] = "services:\n  app:\n    image: i\n";
    const std::string told = why_of(files, "services.web.image");
    EXPECT_THAT(told, testing::HasSubstr("base.yaml:3:12"));
    EXPECT_THAT(told, testing::HasSubstr("inherited here from service app"));
    EXPECT_THAT(told, testing::HasSubstr("its file is named here"));
}

TEST(Why, TellsVariablesAndTheFileThatSetsThem) {
    test::Files files("services:\n  web:\n    image: nginx:${TAG}-${KIND}\n");
    files.texts["/p/.env"] = "# versions\nTAG=1.22\n";
    files.options.environment["KIND"] = "slim";
    const std::string told = why_of(files, "services.web.image");
    EXPECT_THAT(told, testing::HasSubstr("is the text \"nginx:1.22-slim\""));
    EXPECT_THAT(told, testing::HasSubstr(".env:2:1"));
    EXPECT_THAT(told, testing::HasSubstr("note: KIND comes from the environment"));
}

TEST(Why, KnowsListsAndNamesWithDots) {
    const test::Files files("services:\n  my.web:\n    image: i\n    ports: [\"80\", \"81\"]\n");
    EXPECT_THAT(why_of(files, "services.my.web.ports[1]"), testing::HasSubstr("compose.yaml:4:19"));
    EXPECT_EQ(why_of(files, "services.my.web.prots"),
              "there is no \"services.my.web.prots\": services.my.web.: there is: image, ports");
    EXPECT_THAT(why_of(files, "services.my.web.ports[7]"), testing::HasSubstr("there are 2 entries"));
}

TEST(Diagnostics, TellTheWayOfAMistake) {
    const std::string told = test::Files("x-a: &a {restart: allways}\nservices:\n  web: {<<: *a, image: i}\n")
                                 .errors(DiagnosticFormat::rich);
    EXPECT_THAT(told, testing::HasSubstr("compose.yaml:1:19"));
    EXPECT_THAT(told, testing::HasSubstr("-- used here"));
}

TEST(Explain, HasAPageForEveryCodeOfTheTable) {
    const std::string table = read_file(std::string(SOURCE_DIR) + "/docs/diagnostics.md");
    for (const auto& code : explained_codes()) {
        EXPECT_THAT(table, testing::HasSubstr("| " + code + " |"));
        EXPECT_TRUE(explain(code).starts_with(code + ": ")) << code;
    }
    EXPECT_EQ(explain("c03"), explain("C03"));
    EXPECT_EQ(explain("C99"), "");
}

}  // namespace
}  // namespace hoist::compose
