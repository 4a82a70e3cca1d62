// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/builds.h"

#include <boost/asio/post.hpp>
#include <thread>

#include "base/error.h"
#include "base/log.h"
#include "orchestrator/build_steps.h"
#include "orchestrator/engine_state.h"

namespace hoist::orchestrator {

struct Builds::Flight {
    explicit Flight(asio::any_io_executor executor) : changed(std::move(executor)) {}
    builder::BuildRequest request;
    builder::Report report;
    std::stop_source stop;
    std::thread thread;
    // On the engine's thread:
    Signal changed;
    bool landed = false;
    std::string image;
    std::exception_ptr failure;
};

Builds::Builds(Engine::State& engine) : engine_(engine), builder_(engine.layout, engine.database, engine.images) {}

Builds::~Builds() {
    stop();
    for (const auto& flight : flights_)
        if (flight->thread.joinable()) flight->thread.join();
}

void Builds::stop() {
    for (const auto& flight : flights_) flight->stop.request_stop();
}

void Builds::land(const std::shared_ptr<Flight>& flight) {
    flight->thread.join();  // its last act was to send us here
    flight->landed = true;
    flights_.remove(flight);
    flight->changed.notify();
}

asio::awaitable<std::string> Builds::build(builder::BuildRequest request, builder::Report report) {
    const auto flight = std::make_shared<Flight>(engine_.executor());
    flight->request = std::move(request);
    flight->report = std::move(report);
    flights_.push_back(flight);
    flight->thread = std::thread([this, flight] {
        const builder::Report on_loop = [this, &flight](const builder::BuildEvent& event) {
            asio::post(engine_.context, [flight, event] { flight->report(event); });
        };
        try {
            BuildSteps steps(engine_);
            flight->image = builder_.build(flight->request, steps, on_loop, flight->stop.get_token());
        } catch (...) {
            flight->failure = std::current_exception();
        }
        asio::post(engine_.context, [this, flight] { land(flight); });
    });
    // Whoever is not there to hear of the end has no use for the image.
    const std::shared_ptr<void> leaving(nullptr, [flight](void*) {
        flight->stop.request_stop();
        flight->report = [](const builder::BuildEvent&) {};
    });
    while (!flight->landed) co_await flight->changed.wait();
    if (flight->failure) std::rethrow_exception(flight->failure);
    engine_.events.publish("image", "build", flight->image, {{"name", flight->image}});
    co_return flight->image;
}

}  // namespace hoist::orchestrator
