// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/schedules.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <set>

#include "base/error.h"
#include "base/log.h"
#include "orchestrator/observed.h"
#include "orchestrator/service_spec.h"

namespace hoist::orchestrator {
namespace {

using Overlap = compose::Schedule::Overlap;

std::vector<ContainerId> containers_of(const Engine& engine, const std::string& project, const std::string& service) {
    std::vector<ContainerId> found;
    for (const auto& view : engine.list()) {
        const auto label = view.spec.labels.find(label::project);
        const auto seen = observed_container(view);
        if (label != view.spec.labels.end() && label->second == project && seen.service == service && !seen.one_off)
            found.push_back(view.id);
    }
    return found;
}

}  // namespace

struct Schedules::Shared : std::enable_shared_from_this<Shared> {
    explicit Shared(Engine& engine) : engine(engine), timer(engine.executor()) {}

    Engine& engine;
    asio::system_timer timer;
    std::map<std::pair<std::string, std::string>, Entry> entries;  ///< by project and service
    std::set<ContainerId> waiting;                                 ///< runs that begin when the present one ends
    bool ended = false;

    static std::time_t present() { return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()); }

    /// Sleeps until the earliest time; a change of the entries or of the clock is looked at again then.
    void arm() {
        if (entries.empty()) return void(timer.cancel());
        std::time_t first = entries.begin()->second.due;
        for (const auto& [key, entry] : entries) first = std::min(first, entry.due);
        timer.expires_at(std::chrono::system_clock::from_time_t(first));
        timer.async_wait([self = weak_from_this()](const boost::system::error_code& cancelled) {
            if (const auto shared = self.lock(); shared && !cancelled && !shared->ended) shared->fire(present());
        });
    }

    void fire(std::time_t now) {
        for (auto& [key, entry] : entries) {
            if (entry.due > now) continue;
            for (const auto& id : containers_of(engine, key.first, key.second)) begin(id, entry.overlap);
            entry.due = entry.cron.next_after(now, entry.utc).value_or(std::numeric_limits<std::time_t>::max());
        }
        std::erase_if(entries,
                      [](const auto& one) { return one.second.due == std::numeric_limits<std::time_t>::max(); });
        arm();
    }

    void begin(const ContainerId& id, Overlap overlap) {
        asio::co_spawn(timer.get_executor(), run(shared_from_this(), id, overlap), asio::detached);
    }

    static asio::awaitable<void> run(std::shared_ptr<Shared> self, ContainerId id, Overlap overlap) {
        std::string name = id.str();
        try {
            name = self->engine.view(id).name;
            if (is_running(observed_container(self->engine.view(id)))) {
                if (overlap == Overlap::skip) {
                    spdlog::info("{}: its last run goes on; this one is left out", name);
                    co_return;
                }
                if (overlap == Overlap::replace) co_await self->engine.stop(id, std::nullopt);
                if (overlap == Overlap::wait) {
                    if (!self->waiting.insert(id).second) co_return;
                    co_await self->engine.wait(id, WaitFor::not_running);
                    self->waiting.erase(id);
                }
            }
            co_await self->engine.start(id);
        } catch (const Error& problem) {
            self->waiting.erase(id);
            spdlog::error("{}: scheduled run: {}", name, problem.what());
        }
    }
};

Schedules::Schedules(Engine& engine) : shared_(std::make_shared<Shared>(engine)) {}

Schedules::~Schedules() {
    shared_->ended = true;
    shared_->timer.cancel();
}

void Schedules::set(const compose::Project& project, bool running) {
    std::erase_if(shared_->entries, [&](const auto& one) { return one.first.first == project.name; });
    for (const auto& [name, service] : project.services) {
        std::string problem;
        const auto cron =
            service.schedule && running ? compose::Cron::parse(service.schedule->cron, problem) : std::nullopt;
        if (!cron) continue;
        const bool utc = service.schedule->timezone == "UTC";
        const auto due = cron->next_after(Shared::present(), utc);
        if (due)
            shared_->entries.emplace(std::pair(project.name, name), Entry{*cron, utc, service.schedule->overlap, *due});
    }
    shared_->arm();
}

void Schedules::fire(std::time_t now) {
    shared_->fire(now);
}

void Schedules::forget(const std::string& project) {
    std::erase_if(shared_->entries, [&](const auto& one) { return one.first.first == project; });
    shared_->arm();
}

}  // namespace hoist::orchestrator
