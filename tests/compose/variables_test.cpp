// SPDX-License-Identifier: Apache-2.0
#include "compose/variables.h"

#include "compose/graph.h"
#include "tests/compose/load.h"

namespace hoist::compose {
namespace {

TEST(Variables, AreFoundWithWhatStandsBehindThem) {
    test::Files files(
        "services:\n  web:\n    image: nginx:${TAG:-1}\n    user: ${USER_ID:?who}\n    hostname: $HOST-$$NOT\n"
        "    command: echo ${A:+${B-b}}\n");
    files.options.environment["HOST"] = "h";
    const auto used = variables_used(files.options, files.reader());
    ASSERT_EQ(used.size(), 5u);
    EXPECT_EQ(used.at("TAG").fallback, "1");
    EXPECT_EQ(used.at("TAG").line, 3);
    EXPECT_TRUE(used.at("USER_ID").required);
    EXPECT_TRUE(used.at("HOST").set);
    EXPECT_EQ(used.at("HOST").value, "h");
    EXPECT_EQ(used.at("A").alternate, "${B-b}");
    EXPECT_EQ(used.at("B").fallback, "b");
}

const char* const stack =
    "services:\n  web: {image: i, depends_on: {php: {condition: service_healthy}, cache: {condition: "
    "service_started}}}\n"
    "  php: {image: i, healthcheck: {test: x}, depends_on: [db]}\n  db: {image: i}\n  cache: {image: i, depends_on: "
    "[db]}\n";

TEST(Graph, IsATreeInText) {
    EXPECT_EQ(graph_text(test::Files(stack).project()),
              "web\n"
              "├─ cache (started)\n"
              "│  └─ db (started)\n"
              "└─ php (healthy)\n"
              "   └─ db (started)\n");
}

TEST(Graph, IsWrittenForGraphvizAndAsADrawing) {
    const Project project = test::Files(stack).project();
    EXPECT_THAT(graph_dot(project), testing::HasSubstr("\"web\" -> \"php\" [label=\"healthy\"];"));
    const std::string svg = graph_svg(project);
    EXPECT_THAT(svg, testing::StartsWith("<svg "));
    EXPECT_THAT(svg, testing::HasSubstr(">php</text>"));
    EXPECT_THAT(svg, testing::EndsWith("</svg>\n"));
}

TEST(Tree, IsShownWithoutReplacingVariables) {
    test::Files files("services:\n  web:\n    image: nginx:${TAG}\n    environment: [A=$B]\n");
    files.options.interpolate = false;
    const auto tree = load_tree(files.options, files.reader());
    EXPECT_EQ(tree["services"]["web"]["image"], "nginx:${TAG}");
    EXPECT_EQ(tree["services"]["web"]["environment"]["A"], "$B");
}

}  // namespace
}  // namespace hoist::compose
