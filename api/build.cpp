// SPDX-License-Identifier: Apache-2.0
// Builds: POST /build as Docker's classic builder has it, and our own with the context by path.
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "api/errors.h"
#include "api/queue.h"
#include "api/router.h"
#include "api/upload.h"
#include "base/error.h"
#include "orchestrator/blocking.h"
#include "orchestrator/build_inputs.h"
#include "orchestrator/builds.h"
#include "wire/build_messages.h"
#include "wire/errors.h"
#include "wire/filters.h"

namespace hoist::api {

using namespace asio::experimental::awaitable_operators;
using orchestrator::ScratchDirectory;

namespace {

using Event = builder::BuildEvent;

builder::BuildRequest request_of(const wire::BuildRequest& asked, std::map<std::string, std::string> secrets) {
    builder::BuildRequest request;
    request.context = asked.context;
    request.dockerfile = asked.dockerfile;
    request.dockerfile_name = asked.dockerfile_name;
    request.ignore = asked.ignore;
    request.ignore_name = asked.ignore_name;
    request.contexts = asked.contexts;
    request.arguments = asked.arguments;
    request.labels = asked.labels;
    request.target = asked.target;
    request.network = asked.network;
    request.platform = asked.platform;
    request.tags = asked.tags;
    request.no_cache_stages = {asked.no_cache_stages.begin(), asked.no_cache_stages.end()};
    request.cache_from = asked.cache_from;
    request.extra_hosts = asked.extra_hosts;
    request.no_cache = asked.no_cache;
    request.pull = asked.pull;
    request.inline_cache = asked.inline_cache;
    request.secrets = std::move(secrets);
    request.ssh = asked.ssh;
    request.shm_size = asked.shm_size;
    for (const auto& limit : asked.ulimits) request.ulimits.push_back({limit.name, limit.soft, limit.hard});
    request.source_date_epoch = asked.source_date_epoch;
    if (const auto epoch = asked.arguments.find("SOURCE_DATE_EPOCH");
        epoch != asked.arguments.end() && !request.source_date_epoch)
        request.source_date_epoch = std::strtoll(epoch->second.c_str(), nullptr, 10);
    if (const auto inlined = asked.arguments.find("BUILDKIT_INLINE_CACHE"); inlined != asked.arguments.end())
        request.inline_cache = request.inline_cache || inlined->second == "1";
    return request;
}

std::string dumped(const Json& line) {
    // What a step writes need not be UTF-8.
    return line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\r\n";
}

/// How one kind of client is told of a build.
struct Voice {
    std::function<std::string(const Event&)> event;  ///< empty: nothing to say
    std::function<std::string(const std::string& image)> image;
    std::function<std::string(const Error&)> failure;
};

/// Builds, and sends what happens as it happens; the end, good or bad, is the last line.
asio::awaitable<void> build(Exchange& exchange, orchestrator::Builds& builds, builder::BuildRequest request,
                            Voice voice) {
    Queue<std::string> lines(co_await asio::this_coro::executor, 100'000);
    const auto work = [&]() -> asio::awaitable<void> {
        std::string last;
        try {
            builder::Report report = [&](const Event& event) {
                if (auto line = voice.event(event); !line.empty()) lines.push(std::move(line));
            };
            const auto image = co_await builds.build(std::move(request), std::move(report));
            last = voice.image(image);
        } catch (const Error& error) {
            last = voice.failure(error);
        }
        lines.push(std::move(last));
        lines.finish();
    };
    const auto send = [&]() -> asio::awaitable<void> {
        while (auto line = co_await lines.next()) co_await exchange.write(std::move(*line));
    };
    co_await exchange.begin_stream("application/json");
    co_await (work() && send());
    co_await exchange.end_stream();
}

const char* name_of(Event::Kind kind) {
    constexpr const char* names[] = {"started", "cached", "output", "done", "failed", "warning"};
    return names[static_cast<int>(kind)];
}

asio::awaitable<void> build_by_path(Exchange& exchange, Services& services) {
    const std::string body = co_await exchange.read_body(64u << 20);
    const auto asked = wire::build_request_from_json(parse_json(body, "the body"));
    const ScratchDirectory directory(services.engine.layout().builds_run());
    auto request = request_of(asked, orchestrator::write_secrets(asked.secrets, directory));
    Voice voice;
    voice.event = [](const Event& event) {
        return dumped(
            wire::to_json(wire::BuildLine{name_of(event.kind), event.step, event.name, event.text, event.seconds}));
    };
    voice.image = [](const std::string& image) { return dumped({{"image", image}}); };
    voice.failure = [](const Error& error) { return dumped({{"error", to_answer(error).body}}); };
    co_await build(exchange, services.engine.builds(), std::move(request), std::move(voice));
}

Json json_parameter(const wire::Query& query, const char* name, Json fallback) {
    const auto text = query.get(name);
    return text.empty() ? fallback : parse_json(text, name);
}

std::map<std::string, std::string> map_parameter(const wire::Query& query, const char* name) {
    std::map<std::string, std::string> values;
    const Json given = json_parameter(query, name, Json::object());
    for (const auto& [key, value] : given.items())
        if (value.is_string()) values[key] = value.get<std::string>();  // null: not set where the client runs
    return values;
}

wire::BuildRequest docker_request(const wire::Query& query) {
    if (query.get("version") == "2")
        fail(Kind::invalid, "this is no BuildKit: set DOCKER_BUILDKIT=0, or use hoist build");
    wire::BuildRequest asked;
    if (const auto name = query.get("dockerfile"); !name.empty()) asked.dockerfile_name = name;
    asked.context = query.get("remote");
    asked.tags = query.all("t");
    asked.extra_hosts = query.all("extrahosts");
    asked.no_cache = query.flag("nocache");
    asked.pull = query.flag("pull");
    asked.arguments = map_parameter(query, "buildargs");
    asked.labels = map_parameter(query, "labels");
    asked.cache_from = json_parameter(query, "cachefrom", Json::array()).get<std::vector<std::string>>();
    asked.network = query.get("networkmode");
    asked.platform = query.get("platform");
    asked.target = query.get("target");
    if (const auto size = query.get("shmsize"); !size.empty() && size != "0")
        asked.shm_size = Bytes{std::strtoll(size.c_str(), nullptr, 10)};
    return asked;
}

std::string docker_line(const Event& event) {
    switch (event.kind) {
        case Event::Kind::started:
            return dumped({{"stream", fmt::format("Step {} : {}\n", event.step, event.name)}});
        case Event::Kind::cached:
            return dumped({{"stream", " ---> Using cache\n"}});
        case Event::Kind::output:
            return dumped({{"stream", event.text}});
        case Event::Kind::warning:
            return dumped({{"stream", "[Warning] " + event.text + "\n"}});
        case Event::Kind::done:
        case Event::Kind::failed:
            return "";
    }
    return "";
}

Voice docker_voice(const std::vector<std::string>& tags, bool quiet) {
    Voice voice;
    voice.event = [quiet](const Event& event) { return quiet ? "" : docker_line(event); };
    voice.image = [tags, quiet](const std::string& image) {
        if (quiet) return dumped({{"stream", image + "\n"}});
        auto text = dumped({{"aux", {{"ID", image}}}});
        text += dumped({{"stream", "Successfully built " + image.substr(7, 12) + "\n"}});
        for (const auto& tag : tags)
            text += dumped({{"stream", "Successfully tagged " + storage::parse_reference(tag).familiar() + "\n"}});
        return text;
    };
    voice.failure = [](const Error& error) {
        return dumped({{"errorDetail", {{"message", error.message()}}}, {"error", error.message()}});
    };
    return voice;
}

asio::awaitable<void> build_upload(Exchange& exchange, Services& services) {
    const auto asked = docker_request(exchange.request.query);
    const ScratchDirectory context(services.engine.layout().builds());
    auto request = request_of(asked, {});
    if (request.context.empty()) {
        ReadUpload unpack = [&context](const Fd& archive, const UploadProgress& progress) {
            orchestrator::unpack_context(archive, context, progress);
        };
        co_await read_upload(exchange, services.engine.workers(), std::move(unpack));
        request.context = context.path();
    }
    auto voice = docker_voice(asked.tags, exchange.request.query.flag("q"));
    co_await build(exchange, services.engine.builds(), std::move(request), std::move(voice));
}

asio::awaitable<void> prune_cache(Exchange& exchange, Services& services) {
    const auto& query = exchange.request.query;
    builder::PruneOptions options;
    options.all = query.flag("all");
    auto keep = query.get("keep-storage");
    if (keep.empty()) keep = query.get("max-used-space");
    if (!keep.empty()) options.keep = Bytes{std::strtoll(keep.c_str(), nullptr, 10)};
    const auto filters = wire::Filters::parse(query.get("filters"), {"until", "unused-for", "id"});
    for (const char* name : {"until", "unused-for"})
        for (const auto& text : filters.values(name)) {
            options.unused_for = parse_duration(text);
            if (!options.unused_for) fail(Kind::invalid, "filter {}: \"{}\" is not a duration", name, text);
        }
    auto& cache = services.engine.builds().cache();
    auto work = [&cache, options] { return cache.prune(options); };
    const auto pruned = co_await orchestrator::on_pool(services.engine.workers(), std::move(work));
    Json answer = {{"CachesDeleted", pruned.keys}, {"SpaceReclaimed", pruned.size.count}};
    co_await exchange.send_json(200, std::move(answer));
}

}  // namespace

std::vector<Route> build_routes() {
    return {{"POST", "/build", build_upload, WhenGone::cancel},
            {"POST", "/build/prune", prune_cache},
            {"POST", "/hoist/v1/build", build_by_path, WhenGone::cancel}};
}

}  // namespace hoist::api
