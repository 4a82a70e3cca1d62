#pragma once
// SPDX-License-Identifier: Apache-2.0
// The builder's way to the engine: a RUN becomes a container, confined as every other, and gone when it has ended.

#include "builder/ports.h"
#include "orchestrator/engine.h"

namespace hoist::orchestrator {

/// Called on a build's thread; works on the engine's.
class BuildSteps : public builder::Ports {
public:
    explicit BuildSteps(Engine::State& engine) : engine_(engine) {}

    builder::RunEnd run(const builder::RunStep& step, const std::function<void(std::string_view)>& output,
                        std::stop_token stop) override;
    storage::Image fetch_image(const std::string& reference, const std::string& platform,
                               const std::function<void(std::string_view)>& progress, std::stop_token stop) override;

private:
    Engine::State& engine_;
};

}  // namespace hoist::orchestrator
