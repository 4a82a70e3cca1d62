#pragma once
// SPDX-License-Identifier: Apache-2.0
// Which stages a build needs, and which of them wait for which. Pure.

#include <optional>
#include <string>
#include <vector>

#include "builder/dockerfile.h"
#include "builder/request.h"
#include "builder/variables.h"

namespace hoist::builder {

/// What a FROM, a COPY --from or a RUN --mount=from names.
struct Origin {
    enum class Kind { scratch, stage, context, image };
    Kind kind = Kind::scratch;
    std::size_t stage = 0;
    std::string name;  ///< the image's reference, or the context's name
};

struct StagePlan {
    std::size_t index = 0;  ///< in the Dockerfile
    Origin base;
    std::string platform;
    std::vector<std::size_t> needs;  ///< stages, by index
    int first_step = 0;              ///< the number of its FROM among all steps
};

struct BuildPlan {
    std::vector<StagePlan> stages;  ///< the needed ones; each after those that it needs
    std::size_t target = 0;         ///< index in the Dockerfile
    int steps = 0;
};

/// @throws Error(invalid) with file:line for a FROM that cannot be resolved, Error(not_found) for an unknown target
BuildPlan plan_build(const Dockerfile& file, const BuildRequest& request, GlobalArguments& globals);

/// Resolves a name as seen from stage `index`: an earlier stage, its number, a further context, else an image.
Origin find_origin(const Dockerfile& file, const BuildRequest& request, const std::string& name, std::size_t index);

/// "build 2/5" with a stage's name, "stage-1 2/5" without.
std::string stage_name(const Dockerfile& file, std::size_t index);

}  // namespace hoist::builder
