// SPDX-License-Identifier: Apache-2.0
// hoist graph
#include "compose/graph.h"

#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/project_files.h"

namespace hoist::cli {
namespace {

int graph(Context& context, const Arguments& arguments) {
    const auto format = arguments.get("format", "text");
    if (format != "text" && format != "dot" && format != "svg")
        throw UsageError(fmt::format("--format: '{}' is none of text, dot, svg", escape_for_terminal(format)));
    const auto project = load_project(context, LoadWishes{.services = arguments.words});
    const std::string text = format == "dot"   ? compose::graph_dot(project)
                             : format == "svg" ? compose::graph_svg(project)
                                               : compose::graph_text(project);
    if (arguments.has("output"))
        write_file_atomic(arguments.get("output"), text, 0644, Durable::no);
    else
        print(text);
    return 0;
}

}  // namespace

std::vector<Command> graph_commands() {
    return {{.name = "graph",
             .words = "[SERVICE...]",
             .summary = "show which service waits for which",
             .options = {{"--format", "FORMAT", "text, dot or svg"}, {"-o, --output", "FILE", "write there"}},
             .run = graph,
             .of_stack = true}};
}

}  // namespace hoist::cli
