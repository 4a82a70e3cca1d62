#pragma once
// SPDX-License-Identifier: Apache-2.0
// Services that run at points in time (x-schedule): their containers are started when a time has come.

#include <boost/asio/system_timer.hpp>
#include <map>
#include <memory>
#include <string>

#include "compose/cron.h"
#include "compose/model.h"
#include "orchestrator/engine.h"

namespace hoist::orchestrator {

class Schedules {
public:
    explicit Schedules(Engine& engine);
    ~Schedules();

    /// Takes a project's schedules over from its model; none if it is not meant to run.
    void set(const compose::Project& project, bool running);
    void forget(const std::string& project);
    /// Starts what is due at a time: what the timer does, and tests do.
    void fire(std::time_t now);

private:
    struct Entry {
        compose::Cron cron;
        bool utc = false;
        compose::Schedule::Overlap overlap;
        std::time_t due = 0;
    };
    struct Shared;  ///< outlives this object where a timer still refers to it

    std::shared_ptr<Shared> shared_;
};

}  // namespace hoist::orchestrator
