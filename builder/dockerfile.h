#pragma once
// SPDX-License-Identifier: Apache-2.0
// A Dockerfile: its stages and their instructions.

#include <string>
#include <string_view>
#include <vector>

#include "builder/instruction.h"

namespace hoist::builder {

struct Stage {
    From from;
    Lines lines;
    std::string text;  ///< the FROM line
    std::vector<Instruction> instructions;
};

struct Dockerfile {
    char escape = '\\';
    std::vector<Instruction> arguments;  ///< the ARGs before the first FROM
    std::vector<Stage> stages;
};

/// Reads a Dockerfile. @param name  for errors, "Dockerfile"
/// @throws Error(invalid) with every mistake in it, each with its line, a caret and what to write instead
Dockerfile parse_dockerfile(std::string_view text, const std::string& name);

}  // namespace hoist::builder
