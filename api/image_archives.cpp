// SPDX-License-Identifier: Apache-2.0
// Images as archives (save, load), and containers as images or archives (commit, export, diff, reset).
#include "api/router.h"
#include "api/upload.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "orchestrator/blocking.h"
#include "orchestrator/commit.h"
#include "storage/changes.h"
#include "wire/errors.h"

namespace hoist::api {
namespace {

asio::awaitable<void> send_images(Exchange& exchange, Services& services, std::vector<std::string> names) {
    if (names.empty()) fail(Kind::invalid, "no image is named");
    WriteArchive work = [&store = services.engine.images(), names](const Fd& target) {
        store.save(names, [&](std::string_view bytes) { write_all(target, bytes, "the archive"); });
    };
    co_await send_archive(exchange, services.engine.workers(), "application/x-tar", std::move(work));
}

asio::awaitable<void> save_images(Exchange& exchange, Services& services) {
    std::vector<std::string> names;
    for (const auto& list : exchange.request.query.all("names"))
        for (const auto& name : split(list, ',')) names.push_back(name);
    return send_images(exchange, services, std::move(names));
}

asio::awaitable<void> save_image(Exchange& exchange, Services& services) {
    std::vector<std::string> names;
    names.push_back(exchange.request.parameter("name"));
    return send_images(exchange, services, std::move(names));
}

std::string stream_line(const std::string& text) {
    return wire::dump({{"stream", text + "\n"}}) + "\r\n";
}

asio::awaitable<void> load_images(Exchange& exchange, Services& services) {
    const auto loaded = std::make_shared<std::vector<storage::LoadedImage>>();
    ReadUpload work = [&store = services.engine.images(), loaded](const Fd& source, const UploadProgress& progress) {
        storage::LoadOptions options;
        options.progress = progress;
        *loaded = store.load(source, options);
    };
    co_await read_upload(exchange, services.engine.workers(), std::move(work));
    co_await exchange.begin_stream("application/json");
    for (const auto& image : *loaded) {
        services.engine.events().publish("image", "load", image.id, {{"name", image.id}});
        for (const auto& name : image.references)
            co_await exchange.write(stream_line("Loaded image: " + name));
        if (image.references.empty())
            co_await exchange.write(stream_line("Loaded image ID: " + image.id));
    }
    co_await exchange.end_stream();
}

asio::awaitable<void> commit(Exchange& exchange, Services& services) {
    const auto& query = exchange.request.query;
    const auto id = services.engine.resolve(query.get("container"));
    orchestrator::CommitOptions options;
    options.reference = query.get("repo");
    if (const auto tag = query.get("tag"); !tag.empty() && !options.reference.empty()) options.reference += ":" + tag;
    options.author = query.get("author");
    options.comment = query.get("comment");
    options.pause = query.flag("pause", true);
    for (const auto& text : query.all("changes"))
        for (const auto& line : split(text, '\n'))
            if (!trim(line).empty()) options.changes.push_back(line);
    const std::string made = co_await orchestrator::commit_container(services.engine, id, std::move(options));
    Json answer = {{"Id", made}};
    co_await exchange.send_json(201, std::move(answer));
}

/// A container's own directory, and those of its image, topmost first.
struct Layers {
    std::string upper;
    std::vector<std::string> lower;
    storage::LayerPin pin;
};

std::shared_ptr<Layers> layers_of(Services& services, const std::string& name) {
    auto& engine = services.engine;
    const auto view = engine.view(engine.resolve(name));
    const auto image = engine.images().find(view.spec.image_id);
    if (!image) fail(Kind::not_found, "the image of container {} has gone", view.name);
    const auto layers = std::make_shared<Layers>();
    layers->upper = engine.layout().container(view.id) + "/upper";
    layers->lower = engine.images().layer_directories(*image);
    return layers;
}

asio::awaitable<void> show_changes(Exchange& exchange, Services& services) {
    const auto view = services.engine.view(services.engine.resolve(exchange.request.parameter("id")));
    std::vector<std::string> targets = {"/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/dev", "/proc", "/sys"};
    for (const auto& mount : view.spec.mounts) targets.push_back(mount.target);
    for (const auto& file : view.spec.files) targets.push_back(file.target);
    auto job = [layers = layers_of(services, view.id.str()), targets] {
        return storage::without_mount_points(storage::changes_of(layers->upper, layers->lower), targets);
    };
    const auto changes = co_await orchestrator::on_pool(services.engine.workers(), std::move(job));
    Json list = Json::array();
    for (const auto& change : changes) list.push_back({{"Path", change.path}, {"Kind", static_cast<int>(change.kind)}});
    co_await exchange.send_json(200, std::move(list));
}

asio::awaitable<void> export_container(Exchange& exchange, Services& services) {
    WriteArchive work = [layers = layers_of(services, exchange.request.parameter("id"))](const Fd& target) {
        std::vector<std::string> all = {layers->upper};
        all.insert(all.end(), layers->lower.begin(), layers->lower.end());
        storage::write_merged_tar(all, [&](std::string_view bytes) { write_all(target, bytes, "the archive"); });
    };
    co_await send_archive(exchange, services.engine.workers(), "application/x-tar", std::move(work));
}

asio::awaitable<void> reset_container(Exchange& exchange, Services& services) {
    auto& engine = services.engine;
    const auto id = engine.resolve(exchange.request.parameter("id"));
    const auto view = engine.view(id);
    const auto name = exchange.request.query.get("image", view.spec.image_id);
    auto image = engine.images().find(name);
    if (!image) fail(Kind::not_found, "no such image: {}", name);
    co_await engine.reset(id, std::move(*image));
    co_await exchange.send_empty(204);
}

asio::awaitable<void> verify_images(Exchange& exchange, Services& services) {
    auto job = [&store = services.engine.images(), name = exchange.request.query.get("image")] {
        return store.verify(name);
    };
    const auto faults = co_await orchestrator::on_pool(services.engine.workers(), std::move(job));
    Json list = Json::array();
    for (const auto& fault : faults)
        list.push_back({{"Layer", fault.diff_id}, {"Problem", fault.problem}, {"Images", fault.images}});
    co_await exchange.send_json(200, std::move(list));
}

}  // namespace

std::vector<Route> image_archive_routes() {
    return {{"GET", "/images/get", save_images, WhenGone::cancel},
            {"GET", "/images/{name...}/get", save_image, WhenGone::cancel},
            {"POST", "/images/load", load_images},
            {"POST", "/commit", commit},
            {"GET", "/containers/{id}/changes", show_changes},
            {"GET", "/containers/{id}/export", export_container, WhenGone::cancel},
            {"POST", "/hoist/v1/containers/{id}/reset", reset_container},
            {"GET", "/hoist/v1/images/verify", verify_images}};
}

}  // namespace hoist::api
