// SPDX-License-Identifier: Apache-2.0
// Our own part of the API: projects. Operations answer with a line of JSON per step and a last line with the result.
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "api/errors.h"
#include "api/queue.h"
#include "api/router.h"
#include "base/error.h"
#include "base/log.h"
#include "wire/errors.h"
#include "wire/project_messages.h"

namespace hoist::api {

using namespace orchestrator;
using namespace asio::experimental::awaitable_operators;

namespace {

const char* phase_name(Progress::Phase phase) {
    switch (phase) {
        case Progress::Phase::started:
            return "started";
        case Progress::Phase::done:
            return "done";
        case Progress::Phase::failed:
            return "failed";
        case Progress::Phase::waiting:
            return "waiting";
    }
    return "started";
}

std::string to_line(const Progress& progress) {
    const wire::ProgressLine line{phase_name(progress.phase), progress.kind, progress.name, progress.text,
                                  progress.seconds};
    return wire::dump(wire::to_json(line)) + "\n";
}

UpOptions up_options(const wire::ProjectRequest& request) {
    UpOptions options;
    if (request.recreate == "always") options.recreate = Recreate::always;
    if (request.recreate == "never") options.recreate = Recreate::never;
    options.services = request.services;
    options.no_deps = request.no_deps;
    options.no_start = request.no_start;
    options.wait = request.wait;
    options.remove_orphans = request.remove_orphans;
    options.always_recreate_deps = request.always_recreate_deps;
    options.renew_volumes = request.renew_volumes;
    options.timeout = request.timeout;
    return options;
}

DownOptions down_options(const wire::ProjectRequest& request) {
    return {.volumes = request.volumes,
            .remove_orphans = request.remove_orphans,
            .services = request.services,
            .timeout = request.timeout};
}

/// The project of the body, which must be the one of the path.
compose::Project project_of(const Exchange& exchange, const wire::ProjectRequest& request) {
    auto project = compose::project_from_json(request.project);
    if (project.name != exchange.request.parameter("name"))
        fail(Kind::invalid, "the body's project is '{}', not '{}'", project.name, exchange.request.parameter("name"));
    return project;
}

/// The last line of what went wrong, in the API's spelling.
Json failure(const Error& error) {
    return {{"error", to_answer(error).body}};
}

using Operation = std::function<asio::awaitable<void>(ProgressSink)>;

/// Runs an operation and sends its steps as they happen; its end, good or bad, is the last line.
asio::awaitable<void> report(Exchange& exchange, Operation operation) {
    Queue<std::string> lines(co_await asio::this_coro::executor, 100'000);
    const auto work = [&]() -> asio::awaitable<void> {
        Json result = wire::result_ok();
        try {
            ProgressSink sink = [&](const Progress& progress) { lines.push(to_line(progress)); };
            co_await operation(std::move(sink));
        } catch (const Error& error) {
            result = failure(error);
        }
        lines.push(wire::dump(result) + "\n");
        lines.finish();
    };
    const auto send = [&]() -> asio::awaitable<void> {
        while (auto line = co_await lines.next()) co_await exchange.write(std::move(*line));
    };
    co_await exchange.begin_stream("application/json");
    co_await (work() && send());
    co_await exchange.end_stream();
}

asio::awaitable<wire::ProjectRequest> read_request(Exchange& exchange) {
    co_return wire::project_request_from_json(co_await exchange.read_json());
}

asio::awaitable<void> up(Exchange& exchange, Services& services) {
    const auto request = co_await read_request(exchange);
    const auto project = project_of(exchange, request);
    Operation operation = [&](ProgressSink sink) {
        return services.projects.up(project, up_options(request), std::move(sink));
    };
    co_await report(exchange, std::move(operation));
}

Json plan_json(const Plan& plan) {
    return {{"changes", plan.changes()}, {"text", to_string(plan)}, {"plan", orchestrator::to_json(plan)}};
}

asio::awaitable<void> plan(Exchange& exchange, Services& services) {
    const auto request = co_await read_request(exchange);
    const Plan plan = services.projects.plan(project_of(exchange, request), up_options(request));
    co_await exchange.send_json(200, plan_json(plan));
}

asio::awaitable<void> down(Exchange& exchange, Services& services) {
    const auto request = co_await read_request(exchange);
    Operation operation = [&](ProgressSink sink) {
        return services.projects.down(exchange.request.parameter("name"), down_options(request), std::move(sink));
    };
    co_await report(exchange, std::move(operation));
}

asio::awaitable<void> start_project(Exchange& exchange, Services& services) {
    const auto request = co_await read_request(exchange);
    Operation operation = [&](ProgressSink sink) {
        return services.projects.start(exchange.request.parameter("name"), request.services, std::move(sink));
    };
    co_await report(exchange, std::move(operation));
}

asio::awaitable<void> stop_project(Exchange& exchange, Services& services) {
    const auto request = co_await read_request(exchange);
    Operation operation = [&](ProgressSink sink) {
        return services.projects.stop(exchange.request.parameter("name"), request.services, request.timeout,
                                      std::move(sink));
    };
    co_await report(exchange, std::move(operation));
}

asio::awaitable<void> restart_project(Exchange& exchange, Services& services) {
    const auto request = co_await read_request(exchange);
    Operation operation = [&](ProgressSink sink) {
        return services.projects.restart(exchange.request.parameter("name"), request.services, request.timeout,
                                         std::move(sink));
    };
    co_await report(exchange, std::move(operation));
}

asio::awaitable<void> create_one_off(Exchange& exchange, Services& services) {
    const Json body = co_await exchange.read_json();
    auto project = compose::project_from_json(body.value("project", Json()));
    const Projects::OneOff what{.service = json_value<std::string>(body, "service", ""),
                                .name = json_value<std::string>(body, "name", ""),
                                .auto_remove = json_value(body, "auto_remove", false),
                                .use_aliases = json_value(body, "use_aliases", false),
                                .stdin_once = json_value(body, "stdin_once", false)};
    const ContainerId id = co_await services.projects.create_one_off(std::move(project), what);
    Json answer = {{"Id", id.str()}, {"Warnings", Json::array()}};
    co_await exchange.send_json(201, std::move(answer));
}

asio::awaitable<void> list_projects(Exchange& exchange, Services& services) {
    Json list = Json::array();
    for (const auto& view : services.projects.list())
        list.push_back({{"name", view.name},
                        {"working_dir", view.working_dir},
                        {"config_files", view.config_files},
                        {"running", view.running},
                        {"total", view.total}});
    co_await exchange.send_json(200, std::move(list));
}

}  // namespace

std::vector<Route> project_routes() {
    return {{"GET", "/hoist/v1/projects", list_projects},
            {"POST", "/hoist/v1/projects/{name}/up", up, WhenGone::cancel},
            {"POST", "/hoist/v1/projects/{name}/plan", plan},
            {"POST", "/hoist/v1/projects/{name}/one-off", create_one_off},
            {"POST", "/hoist/v1/projects/{name}/down", down, WhenGone::cancel},
            {"POST", "/hoist/v1/projects/{name}/start", start_project, WhenGone::cancel},
            {"POST", "/hoist/v1/projects/{name}/stop", stop_project, WhenGone::cancel},
            {"POST", "/hoist/v1/projects/{name}/restart", restart_project, WhenGone::cancel}};
}

}  // namespace hoist::api
