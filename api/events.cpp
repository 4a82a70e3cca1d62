// SPDX-License-Identifier: Apache-2.0
#include "api/queue.h"
#include "api/router.h"
#include "wire/errors.h"
#include "wire/filters.h"
#include "wire/time.h"

namespace hoist::api {
namespace {

using orchestrator::Event;

Json to_json(const Event& event) {
    Json object = {{"Type", event.type},
                   {"Action", event.action},
                   {"Actor", {{"ID", event.id}, {"Attributes", event.attributes()}}},
                   {"scope", "local"},
                   {"time", wire::unix_seconds(event.time)},
                   {"timeNano", wire::unix_nanoseconds(event.time)}};
    if (event.type == "container") {  // the fields of the API before 1.22, still read by old clients
        object["status"] = event.action;
        object["id"] = event.id;
        object["from"] = event.attribute("image");
    }
    return object;
}

/// A filter on one type of object says nothing about others: they do not pass.
bool allows_object(const wire::Filters& filters, const std::string& key, const Event& event) {
    if (!filters.has(key)) return true;
    return event.type == key && (filters.allows_prefix(key, event.id) || filters.allows(key, event.attribute("name")));
}

bool allows_action(const wire::Filters& filters, const Event& event) {
    // "health_status" and "exec_start" stand for all of "health_status: healthy", "exec_start: sh -c ...".
    return filters.allows("event", event.action) ||
           filters.allows("event", event.action.substr(0, event.action.find(':')));
}

bool passes(const wire::Filters& filters, const Event& event) {
    const bool image = !filters.has("image") || filters.allows("image", event.attribute("image")) ||
                       (event.type == "image" && allows_object(filters, "image", event));
    return filters.allows("type", event.type) && allows_action(filters, event) && image &&
           filters.allows_labels(event.attributes()) && allows_object(filters, "container", event) &&
           allows_object(filters, "network", event) && allows_object(filters, "volume", event) &&
           allows_object(filters, "daemon", event) && filters.allows("scope", "local");
}

const std::set<std::string> event_filters = {"config", "container", "daemon", "event",  "image",   "label", "network",
                                             "node",   "plugin",    "scope",  "secret", "service", "type",  "volume"};

asio::awaitable<void> stream_events(Exchange& exchange, Services& services) {
    const auto& query = exchange.request.query;
    const auto filters = wire::Filters::parse(query.get("filters"), event_filters);
    const TimePoint present = now();
    const auto since = wire::parse_optional_moment(query.get("since"), present, "since");
    const auto until = wire::parse_optional_moment(query.get("until"), present, "until");
    // A subscriber hears only later events and nothing runs between these two lines: no event twice, none missing.
    Queue<Event> queue(co_await asio::this_coro::executor, 10'000);
    const auto subscription = services.engine.events().subscribe([&](const Event& event) { queue.push(event); });
    const auto past = since ? services.engine.events().since(*since) : std::vector<Event>{};

    co_await exchange.begin_stream("application/json");
    std::string lines;
    for (const auto& event : past)
        if (passes(filters, event) && (!until || event.time <= *until)) lines += wire::dump(to_json(event)) + "\n";
    co_await exchange.write(std::move(lines));

    auto limit = asio::steady_timer::time_point::max();
    if (until) limit = std::chrono::steady_clock::now() + (*until - present);
    while (const auto event = co_await queue.next(limit)) {
        if (until && event->time > *until) break;
        if (passes(filters, *event)) co_await exchange.write(wire::dump(to_json(*event)) + "\n");
    }
    co_await exchange.end_stream();
}

}  // namespace

std::vector<Route> event_routes() {
    return {{"GET", "/events", stream_events, WhenGone::cancel}};
}

}  // namespace hoist::api
