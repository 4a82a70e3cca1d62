// SPDX-License-Identifier: Apache-2.0
// Import: the request's body is a root file system's tar.
#include "api/router.h"
#include "api/upload.h"
#include "base/error.h"
#include "wire/errors.h"

namespace hoist::api {

asio::awaitable<void> pull_image(Exchange& exchange, Services& services);

namespace {

storage::ImportOptions import_options(const wire::Query& query) {
    storage::ImportOptions options;
    options.reference = query.get("repo");
    if (const auto tag = query.get("tag"); !tag.empty() && !options.reference.empty()) options.reference += ":" + tag;
    if (!options.reference.empty()) storage::parse_reference(options.reference);  // refused before anything is read
    options.changes = query.all("changes");
    options.message = query.get("message");
    return options;
}

void publish_import(orchestrator::Engine& engine, const std::string& id, const std::string& reference) {
    engine.events().publish("image", "import", id, {{"name", reference}});
}

std::string status_line(const std::string& id) {
    return wire::dump({{"status", id}}) + "\r\n";
}

asio::awaitable<void> create_image(Exchange& exchange, Services& services) {
    const auto& query = exchange.request.query;
    if (!query.get("fromImage").empty()) {
        co_await pull_image(exchange, services);
        co_return;
    }
    if (query.get("fromSrc") != "-") fail(Kind::invalid, "fromSrc: only '-' (the request's body) is supported");
    auto options = import_options(query);
    const std::string reference = options.reference;
    const auto id = std::make_shared<std::string>();
    ReadUpload work = [&store = services.engine.images(), options = std::move(options), id](
                          const Fd& source, const UploadProgress& progress) mutable {
        options.progress = progress;
        *id = store.import(source, options);
    };
    co_await read_upload(exchange, services.engine.workers(), std::move(work));
    publish_import(services.engine, *id, reference);
    co_await exchange.begin_stream("application/json");
    co_await exchange.write(status_line(*id));
    co_await exchange.end_stream();
}

}  // namespace

std::vector<Route> image_import_routes() {
    return {{"POST", "/images/create", create_image, WhenGone::cancel}};
}

}  // namespace hoist::api
