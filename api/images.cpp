// SPDX-License-Identifier: Apache-2.0
// Lists, details, names and removal of images.
#include "api/images.h"

#include "api/router.h"
#include "base/error.h"
#include "orchestrator/blocking.h"
#include "wire/filters.h"
#include "wire/time.h"

namespace hoist::api {
namespace {

using storage::Image;

Image image_of(const Exchange& exchange, const Services& services) {
    const auto name = exchange.request.parameter("name");
    auto image = services.engine.images().find(name);
    if (!image) fail(Kind::not_found, "no such image: {}", name);
    return std::move(*image);
}

Json health_json(const storage::ImageHealthcheck& check) {
    const auto count = [](const std::optional<Nanoseconds>& duration) { return duration ? duration->count() : 0; };
    return {{"Test", check.test},
            {"Interval", count(check.interval)},
            {"Timeout", count(check.timeout)},
            {"StartPeriod", count(check.start_period)},
            {"StartInterval", count(check.start_interval)},
            {"Retries", check.retries.value_or(0)}};
}

Json config_json(const storage::ImageConfig& config) {
    Json object = {{"Entrypoint", config.entrypoint.empty() ? Json() : Json(config.entrypoint)},
                   {"Cmd", config.cmd.empty() ? Json() : Json(config.cmd)},
                   {"Env", config.env},
                   {"User", config.user},
                   {"WorkingDir", config.working_dir},
                   {"Labels", config.labels.empty() ? Json() : Json(config.labels)},
                   {"OnBuild", nullptr}};
    if (!config.stop_signal.empty()) object["StopSignal"] = config.stop_signal;
    for (const auto& path : config.volumes) object["Volumes"][path] = Json::object();
    for (const auto& port : config.exposed_ports) object["ExposedPorts"][port] = Json::object();
    if (config.healthcheck) object["Healthcheck"] = health_json(*config.healthcheck);
    return object;
}

bool passes(const Image& image, const wire::Filters& filters) {
    const bool dangling = image.references.empty();
    if (filters.has("dangling") && !filters.allows("dangling", dangling ? "true" : "false") &&
        !filters.allows("dangling", dangling ? "1" : "0"))
        return false;
    const bool named =
        !filters.has("reference") ||
        std::any_of(image.references.begin(), image.references.end(), [&](const auto& name) {
            return filters.allows("reference", name) || filters.allows("reference", name.substr(0, name.rfind(':')));
        });
    return named && filters.allows_labels(image.config.labels);
}

const std::set<std::string> image_filters = {"before", "since", "dangling", "label", "reference", "until"};

asio::awaitable<void> list_images(Exchange& exchange, Services& services) {
    const auto filters = wire::Filters::parse(exchange.request.query.get("filters"), image_filters);
    auto images = services.engine.images().list();
    std::sort(images.begin(), images.end(), [](const auto& a, const auto& b) { return a.created > b.created; });
    Json list = Json::array();
    for (const auto& image : images)
        if (passes(image, filters)) list.push_back(image_summary(image));
    co_await exchange.send_json(200, std::move(list));
}

Json image_details(const Image& image) {
    return {{"Id", image.id},
            {"RepoTags", image.references},
            {"RepoDigests", image.digests},
            {"Parent", ""},
            {"Comment", ""},
            {"Author", json_value(image.raw_config, "author", std::string{})},
            {"Created", format_time(image.created)},
            {"Config", config_json(image.config)},
            {"ContainerConfig", config_json(image.config)},  // docker-compose 1.29 does not do without
            {"Architecture", image.architecture},
            {"Os", image.os},
            {"Size", image.size.count},
            {"GraphDriver", {{"Name", "overlayfs"}, {"Data", nullptr}}},
            {"RootFS", {{"Type", "layers"}, {"Layers", image.diff_ids}}},
            {"Metadata", {{"LastTagTime", wire::never}}}};
}

asio::awaitable<void> inspect_image(Exchange& exchange, Services& services) {
    Json answer = image_details(image_of(exchange, services));
    co_await exchange.send_json(200, std::move(answer));
}

void publish_image_event(Services& services, const char* action, const std::string& id, const std::string& name) {
    services.engine.events().publish("image", action, id, {{"name", name}});
}

asio::awaitable<void> tag_image(Exchange& exchange, Services& services) {
    const auto& query = exchange.request.query;
    const auto name = image_of(exchange, services).id;
    std::string reference = query.get("repo");
    if (const auto tag = query.get("tag"); !tag.empty()) reference += ":" + tag;
    auto& store = services.engine.images();
    auto work = [&store, name, reference] { store.tag(name, reference); };
    co_await orchestrator::on_pool(services.engine.workers(), std::move(work));
    publish_image_event(services, "tag", name, reference);
    co_await exchange.send_empty(201);
}

/// An image that a container was made from stays, unless forced; of a running one always.
void check_unused(const orchestrator::Engine& engine, const Image& image, bool force) {
    for (const auto& view : engine.list()) {
        if (view.spec.image_id != image.id) continue;
        const bool running = std::holds_alternative<orchestrator::Running>(view.state);
        if (running || !force)
            fail(Kind::conflict, "unable to delete {} (must be forced) - image is being used by {} container {}",
                 image.id, running ? "running" : "stopped", view.id.shortened());
    }
}

asio::awaitable<void> remove_image(Exchange& exchange, Services& services) {
    const auto name = exchange.request.parameter("name");
    const bool force = exchange.request.query.flag("force");
    const Image image = image_of(exchange, services);
    if (image.references.size() < 2) check_unused(services.engine, image, force);
    auto& store = services.engine.images();
    auto work = [&store, name, force] { return store.remove(name, force); };
    const auto done = co_await orchestrator::on_pool(services.engine.workers(), std::move(work));
    Json list = Json::array();
    for (const auto& [what, object] : done) {
        Json entry;
        entry[what] = object;
        list.push_back(std::move(entry));
        publish_image_event(services, what == "Deleted" ? "delete" : "untag", image.id, object);
    }
    services.engine.wake_trash();
    co_await exchange.send_json(200, std::move(list));
}

/// The steps an image was made by, newest first; sizes are those of the layers that they made.
Json history_json(const Image& image, const storage::ImageStore& store) {
    Json steps = json_value(image.raw_config, "history", Json::array());
    const auto layered = std::count_if(steps.begin(), steps.end(),
                                       [](const Json& step) { return !json_value(step, "empty_layer", false); });
    // A configuration need not tell its history: then each layer is a step.
    if (layered != std::ssize(image.diff_ids)) steps = Json(image.diff_ids.size(), Json::object());
    Json list = Json::array();
    std::size_t layer = 0;
    for (const auto& step : steps) {
        const bool empty = json_value(step, "empty_layer", false);
        const auto created = parse_time(json_value(step, "created", std::string{})).value_or(image.created);
        Json entry = {{"Id", "<missing>"},
                      {"Created", wire::unix_seconds(created)},
                      {"CreatedBy", json_value(step, "created_by", std::string{})},
                      {"Tags", nullptr},
                      {"Size", empty ? 0 : store.layer_size(image.diff_ids[layer]).count},
                      {"Comment", json_value(step, "comment", std::string{})}};
        layer += empty ? 0 : 1;
        list.insert(list.begin(), std::move(entry));
    }
    list.front()["Id"] = image.id;
    if (!image.references.empty()) list.front()["Tags"] = image.references;
    return list;
}

asio::awaitable<void> show_history(Exchange& exchange, Services& services) {
    Json answer = history_json(image_of(exchange, services), services.engine.images());
    co_await exchange.send_json(200, std::move(answer));
}

}  // namespace

Json image_summary(const Image& image) {
    return {{"Id", image.id},
            {"ParentId", ""},
            {"RepoTags", image.references},
            {"RepoDigests", image.digests},
            {"Created", wire::unix_seconds(image.created)},
            {"Size", image.size.count},
            {"VirtualSize", image.size.count},
            {"SharedSize", -1},
            {"Labels", image.config.labels.empty() ? Json() : Json(image.config.labels)},
            {"Containers", -1}};
}

std::int64_t shared_size(const Image& image, const storage::ImageStore& images) {
    std::set<std::string> others;
    for (const auto& other : images.list())
        if (other.id != image.id) others.insert(other.diff_ids.begin(), other.diff_ids.end());
    std::int64_t size = 0;
    for (const auto& diff_id : std::set<std::string>(image.diff_ids.begin(), image.diff_ids.end()))
        if (others.contains(diff_id)) size += images.layer_size(diff_id).count;
    return size;
}

std::vector<Route> image_import_routes();

std::vector<Route> image_routes() {
    std::vector<Route> routes = {{"GET", "/images/json", list_images},
                                 {"GET", "/images/{name...}/json", inspect_image},
                                 {"GET", "/images/{name...}/history", show_history},
                                 {"POST", "/images/{name...}/tag", tag_image},
                                 {"DELETE", "/images/{name...}", remove_image}};
    for (const auto& route : image_import_routes()) routes.push_back(route);
    return routes;
}

}  // namespace hoist::api
