// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/projects.h"

#include <boost/asio/this_coro.hpp>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "compose/digest.h"
#include "orchestrator/blocking.h"
#include "orchestrator/engine_hands.h"
#include "orchestrator/gather.h"
#include "orchestrator/preflight.h"
#include "orchestrator/project_turns.h"
#include "orchestrator/schedules.h"
#include "orchestrator/up_decisions.h"
#include "storage/database.h"

namespace hoist::orchestrator {
namespace {

struct Desired {
    compose::Project model;
    bool running = true;
};

std::string label_of(const ContainerView& view, const char* key) {
    const auto found = view.spec.labels.find(key);
    return found == view.spec.labels.end() ? std::string() : found->second;
}

/// The named services, and all that depend on them with restart: true. Empty stays empty: all.
std::vector<std::string> with_restarted(const compose::Project& model, const std::vector<std::string>& services) {
    std::set<std::string> chosen(services.begin(), services.end());
    for (bool grown = !chosen.empty(); grown;) {
        grown = false;
        for (const auto& [name, service] : model.services)
            for (const auto& [other, how] : service.depends_on)
                if (how.restart && chosen.count(other)) grown = chosen.insert(name).second || grown;
    }
    return {chosen.begin(), chosen.end()};
}

/// External configs and secrets get their content from what is kept here; what is missing stays without.
void fill_in_kept(compose::Project& project, Engine& engine) {
    const auto fill = [](auto& objects, storage::KeptObjects& kept) {
        std::map<std::string, std::string> digests;
        for (auto& [key, object] : objects) {
            if (!object.external || !kept.find(object.name)) continue;
            object.content = kept.content(object.name);
            digests[key] = compose::sha256(*object.content);
        }
        return digests;
    };
    const auto secrets = fill(project.secrets, engine.secrets()), configs = fill(project.configs, engine.configs());
    for (auto& [name, service] : project.services)
        for (const auto& [grants, digests] :
             {std::pair(&service.secrets, &secrets), std::pair(&service.configs, &configs)})
            for (auto& grant : *grants)
                if (const auto known = digests->find(grant.source); known != digests->end())
                    grant.digest = known->second;
}

}  // namespace

struct Projects::State {
    Engine& engine;
    std::map<std::string, Desired> desired;
    ProjectTurns turns;
    Schedules schedules;

    explicit State(Engine& engine) : engine(engine), schedules(engine) {
        std::vector<storage::ProjectRow> rows;
        engine.database().run([&](storage::Transaction& transaction) { rows = transaction.projects(); });
        for (const auto& row : rows) {
            try {
                const auto document = parse_json(row.desired, "project " + row.name, 128);
                desired[row.name] = {compose::project_from_json(document), row.running};
            } catch (const Error& problem) {
                spdlog::error("{}: its stored model cannot be read and is left alone: {}", row.name, problem.what());
            }
        }
    }

    std::optional<compose::Project> model(const std::string& name) const {
        const auto found = desired.find(name);
        return found == desired.end() ? std::nullopt : std::optional(found->second.model);
    }

    /// What is known of a project that must exist. @throws Error(not_found)
    compose::Project known(const std::string& name, const Observed& seen) const {
        auto wanted = model(name);
        if (!wanted && seen.containers.empty())
            fail(Kind::not_found, "there is no project {}: it has no containers, and `up` was never run for it", name);
        auto known = known_model(name, wanted, seen);
        // Another directory of the same name is another project: it is brought back, but not stopped from here.
        for (const auto& container : seen.containers)
            if (wanted && !wanted->services.count(container.service) && container.working_dir != wanted->working_dir)
                known.services.erase(container.service);
        return known;
    }

    asio::awaitable<void> write(std::function<void(storage::Transaction&)> work) {
        auto job = [this, work = std::move(work)] { engine.database().run(work); };
        co_await on_pool(engine.workers(), std::move(job));
    }

    asio::awaitable<void> store(compose::Project model, bool running) {
        const storage::ProjectRow row{model.name, to_json(model).dump(), running};
        std::function<void(storage::Transaction&)> work = [row](auto& transaction) { transaction.put(row); };
        co_await write(std::move(work));
        const std::string name = model.name;
        schedules.set(model, running);
        desired[name] = {std::move(model), running};
    }

    /// Whether the daemon brings the project back. A project without a model has nothing to remember.
    asio::awaitable<void> set_running(std::string name, bool running) {
        const auto found = desired.find(name);
        if (found == desired.end() || found->second.running == running) co_return;
        auto model = found->second.model;
        co_await store(std::move(model), running);
    }

    asio::awaitable<void> forget(std::string name) {
        if (!desired.count(name)) co_return;
        std::function<void(storage::Transaction&)> work = [name](auto& transaction) {
            transaction.remove_project(name);
        };
        co_await write(std::move(work));
        schedules.forget(name);
        desired.erase(name);
    }

    asio::awaitable<void> carry_out(Plan plan, const compose::Project& model, EngineHands::Options options,
                                    ProgressSink progress) {
        spdlog::debug("{}: plan\n{}", model.name, to_string(plan));
        EngineHands hands(engine, model, options);
        co_await execute(std::move(plan), hands, std::move(progress));
    }

    std::set<std::string> names() const {
        std::set<std::string> all;
        for (const auto& [name, one] : desired) all.insert(name);
        for (const auto& view : engine.list())
            if (const auto name = label_of(view, label::project); !name.empty()) all.insert(name);
        return all;
    }

    asio::awaitable<void> bring_back(std::string name, std::shared_ptr<asio::cancellation_signal> yields) {
        try {
            ProgressSink log = [name](const Progress& step) {
                if (step.phase == Progress::Phase::failed)
                    spdlog::error("{}: {} {}: {}", name, step.kind, step.name, step.text);
            };
            const auto turn = co_await turns.take(name, log, std::move(yields));
            const auto seen = observe(engine, name, nullptr);
            const auto model = known_model(name, this->model(name), seen);
            auto plan = plan_bring_back(model, seen);
            if (!plan.steps.empty()) spdlog::info("{}: bringing it back", name);
            const EngineHands::Options options{.patient = true};
            co_await carry_out(std::move(plan), model, options, std::move(log));
        } catch (const Error& problem) {
            spdlog::error("{}: not everything came back: {}", name, problem.what());
        } catch (const boost::system::system_error&) {
            spdlog::info("{}: bringing it back made way for another operation", name);
        }
    }
};

Projects::Projects(Engine& engine) : state_(std::make_unique<State>(engine)) {}
Projects::~Projects() = default;

Plan Projects::plan(const compose::Project& given, const UpOptions& how) const {
    compose::Project project = given;
    fill_in_kept(project, state_->engine);
    auto seen = observe(state_->engine, project.name, &project);
    seen.applied = state_->model(project.name);
    return plan_up(project, seen, how);
}

asio::awaitable<void> Projects::up(compose::Project project, UpOptions how, ProgressSink progress) {
    const auto turn = co_await state_->turns.take(project.name, progress);
    fill_in_kept(project, state_->engine);
    auto decided = plan(project, how);
    check_host(project, decided);
    co_await state_->store(project, true);
    const EngineHands::Options options{.grace = how.timeout, .renew_volumes = how.renew_volumes};
    co_await state_->carry_out(std::move(decided), project, options, std::move(progress));
}

asio::awaitable<void> Projects::down(std::string name, DownOptions how, ProgressSink progress) {
    const auto turn = co_await state_->turns.take(name, progress);
    const auto wanted = state_->model(name);
    const auto seen = observe(state_->engine, name, wanted ? &*wanted : nullptr);
    const bool whole = how.services.empty();
    // First, so that a daemon that dies now does not bring back what is being taken down.
    if (whole) co_await state_->set_running(name, false);
    compose::Project model = wanted.value_or(compose::Project{});
    model.name = name;
    const EngineHands::Options options{.grace = how.timeout, .anonymous_volumes = how.volumes};
    auto plan = plan_down(name, wanted, seen, how);
    co_await state_->carry_out(std::move(plan), model, options, std::move(progress));
    if (whole) co_await state_->forget(name);
}

asio::awaitable<void> Projects::start(std::string name, std::vector<std::string> services, ProgressSink progress) {
    const auto turn = co_await state_->turns.take(name, progress);
    const auto seen = observe(state_->engine, name, nullptr);
    const auto model = state_->known(name, seen);
    auto plan = plan_start(model, seen, services);
    co_await state_->set_running(name, true);
    const EngineHands::Options options;
    co_await state_->carry_out(std::move(plan), model, options, std::move(progress));
}

asio::awaitable<void> Projects::stop(std::string name, std::vector<std::string> services,
                                     std::optional<std::chrono::seconds> grace, ProgressSink progress) {
    const auto turn = co_await state_->turns.take(name, progress);
    const auto seen = observe(state_->engine, name, nullptr);
    const auto model = state_->known(name, seen);
    auto plan = plan_stop(model, seen, services);
    if (services.empty()) co_await state_->set_running(name, false);
    const EngineHands::Options options{.grace = grace};
    co_await state_->carry_out(std::move(plan), model, options, std::move(progress));
}

asio::awaitable<void> Projects::restart(std::string name, std::vector<std::string> services,
                                        std::optional<std::chrono::seconds> grace, ProgressSink progress) {
    const auto turn = co_await state_->turns.take(name, progress);
    auto seen = observe(state_->engine, name, nullptr);
    const auto model = state_->known(name, seen);
    select_services(model, services, false);  // unknown names are refused before anything stops
    const auto all = with_restarted(model, services);
    const EngineHands::Options options{.grace = grace};
    auto stopping = plan_stop(model, seen, all);
    co_await state_->carry_out(std::move(stopping), model, options, progress);
    seen = observe(state_->engine, name, nullptr);
    auto plan = plan_start(model, seen, all);
    co_await state_->set_running(name, true);
    co_await state_->carry_out(std::move(plan), model, options, std::move(progress));
}

asio::awaitable<ContainerId> Projects::create_one_off(compose::Project project, OneOff what) {
    fill_in_kept(project, state_->engine);
    if (!project.services.count(what.service))
        fail(Kind::not_found, "project {} has no service {}", project.name, what.service);
    const EngineHands::Options options;
    EngineHands hands(state_->engine, project, options);
    co_return co_await hands.create_one_off(what.service, what.name, what.auto_remove, what.use_aliases,
                                            what.stdin_once);
}

std::vector<ProjectView> Projects::list() const {
    std::map<std::string, ProjectView> views;
    for (const auto& [name, one] : state_->desired) views[name] = {name, one.model.working_dir, one.model.config_files};
    for (const auto& view : state_->engine.list()) {
        const auto name = label_of(view, label::project);
        if (name.empty()) continue;
        ProjectView& project = views[name];
        project.name = name;
        if (project.working_dir.empty()) project.working_dir = label_of(view, label::working_dir);
        if (project.config_files.empty() && !label_of(view, label::config_files).empty())
            project.config_files = split(label_of(view, label::config_files), ',');
        ++project.total;
        if (std::holds_alternative<Running>(view.state)) ++project.running;
    }
    std::vector<ProjectView> all;
    for (auto& [name, view] : views) all.push_back(std::move(view));
    return all;
}

std::optional<compose::Project> Projects::desired(const std::string& name) const {
    return state_->model(name);
}

asio::awaitable<void> Projects::bring_back() {
    for (const auto& [name, one] : state_->desired) state_->schedules.set(one.model, one.running);
    std::vector<BackgroundTask> tasks;
    for (const auto& name : state_->names()) {
        const auto found = state_->desired.find(name);
        if (found != state_->desired.end() && !found->second.running) continue;
        auto signal = std::make_shared<asio::cancellation_signal>();
        tasks.push_back({state_->bring_back(name, signal), signal});
    }
    co_await gather(std::move(tasks));
}

}  // namespace hoist::orchestrator
