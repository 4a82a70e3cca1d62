#pragma once
// SPDX-License-Identifier: Apache-2.0
// Builds in flight: each on threads of its own, its steps run as containers of the engine.

#include <boost/asio/awaitable.hpp>
#include <list>
#include <memory>
#include <string>

#include "builder/build.h"
#include "orchestrator/engine.h"
#include "orchestrator/sync.h"

namespace hoist::orchestrator {

class Builds {
public:
    Builds(Engine::State& engine);
    ~Builds();  ///< stops what goes on, and waits for it
    Builds(const Builds&) = delete;

    /// Builds an image; `report` is called on the engine's thread. A caller that is cancelled stops the build.
    /// @return the image's id
    asio::awaitable<std::string> build(builder::BuildRequest request, builder::Report report);
    /// Asks all builds to end.
    void stop();
    bool empty() const { return flights_.empty(); }
    builder::BuildCache& cache() { return builder_.cache(); }

private:
    struct Flight;
    void land(const std::shared_ptr<Flight>& flight);

    Engine::State& engine_;
    builder::Builder builder_;
    std::list<std::shared_ptr<Flight>> flights_;
};

}  // namespace hoist::orchestrator
