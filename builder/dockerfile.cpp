// SPDX-License-Identifier: Apache-2.0
#include "builder/dockerfile.h"

#include <map>

#include "base/error.h"

namespace hoist::builder {
namespace {

constexpr std::size_t largest_file = 16u << 20;

void add_stage(Dockerfile& file, Instruction instruction, std::map<std::string, int>& names, Mistakes& mistakes) {
    Stage stage{std::get<From>(std::move(instruction.meaning)), instruction.lines, std::move(instruction.text), {}};
    const auto& name = stage.from.name;
    if (!name.empty()) {
        const auto [earlier, added] = names.emplace(name, stage.lines.first);
        if (!added)
            mistakes.add({stage.lines,
                          fmt::format("two stages are called {}; the first in line {}", name, earlier->second), name,
                          "give one of them another name"});
    }
    file.stages.push_back(std::move(stage));
}

}  // namespace

Dockerfile parse_dockerfile(std::string_view text, const std::string& name) {
    if (text.size() > largest_file) fail(Kind::invalid, "{}: larger than {} bytes", name, largest_file);
    Mistakes mistakes(name, text);
    const auto syntax = parse_syntax(text, mistakes);
    Dockerfile file;
    file.escape = syntax.escape;
    std::map<std::string, int> names;
    for (const auto& node : syntax.nodes) {
        auto instruction = read_instruction(node, mistakes);
        if (node.name == "FROM") {
            if (!instruction)
                instruction = Instruction{node.lines, node.text, From{"scratch", "", ""}};  // is refused anyway
            add_stage(file, std::move(*instruction), names, mistakes);
        } else if (!instruction) {
            continue;
        } else if (!file.stages.empty()) {
            file.stages.back().instructions.push_back(std::move(*instruction));
        } else if (node.name == "ARG") {
            file.arguments.push_back(std::move(*instruction));
        } else {
            mistakes.add({node.lines, fmt::format("{} stands before the first FROM", node.name),
                          node.text.substr(0, node.name.size()), "only ARG may come before FROM"});
        }
    }
    if (file.stages.empty() && mistakes.empty())
        mistakes.add({{1, 1}, "the file has no FROM", "", "begin with FROM and a base image"});
    mistakes.fail_if_any();
    return file;
}

}  // namespace hoist::builder
