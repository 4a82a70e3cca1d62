// SPDX-License-Identifier: Apache-2.0
// Import: the request's body is a root file system's tar, read by a worker through a pipe as it comes.
#include <atomic>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "api/pump.h"
#include "api/router.h"
#include "base/error.h"
#include "orchestrator/blocking.h"
#include "wire/errors.h"

namespace hoist::api {

using namespace asio::experimental::awaitable_operators;

namespace {

/// Shared by the two ends of the pipe: an upload that broke off must not become an image.
struct Upload {
    std::atomic<bool> broken = false;
    std::string problem;
};

asio::awaitable<void> feed(Exchange& exchange, Descriptor pipe, std::shared_ptr<Upload> upload) {
    std::string part(64 * 1024, '\0');
    try {
        while (const auto size = co_await exchange.read_some(part.data(), part.size()))
            co_await asio::async_write(pipe, asio::buffer(part, size), asio::use_awaitable);
        co_return;
    } catch (const Error& error) {
        upload->problem = error.message();
    } catch (const boost::system::system_error& error) {
        if (error.code() == asio::error::broken_pipe) co_return;  // the reader has given up and says why itself
        upload->problem = error.what();
    }
    upload->broken = true;  // before the pipe is closed, which the reader takes for the archive's end
}

struct Imported {
    std::string id;
    std::optional<Error> error;
};

asio::awaitable<Imported> import(storage::ImageStore& store, asio::thread_pool& pool, Fd tar,
                                 storage::ImportOptions options) {
    auto source = std::make_shared<Fd>(std::move(tar));
    Imported result;
    try {
        result.id = co_await orchestrator::on_pool(pool, [&store, source, options = std::move(options)] {
            // Closed on either way out: the sender then stops.
            const Fd read_end = std::move(*source);
            return store.import(read_end, options);
        });
    } catch (const Error& error) {
        result.error = error;
    }
    co_return result;
}

storage::ImportOptions options_of(const wire::Query& query, const std::shared_ptr<Upload>& upload) {
    storage::ImportOptions options;
    options.reference = query.get("repo");
    if (const auto tag = query.get("tag"); !tag.empty() && !options.reference.empty()) options.reference += ":" + tag;
    if (!options.reference.empty()) storage::parse_reference(options.reference);  // refused before anything is read
    options.changes = query.all("changes");
    options.message = query.get("message");
    options.progress = [upload](std::uint64_t) {
        if (upload->broken) fail(Kind::invalid, "the upload broke off: {}", upload->problem);
    };
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
    if (const auto name = query.get("fromImage"); !name.empty())
        fail(Kind::not_found,
             "cannot pull {}: this hoist has no registry client. Import a root file system: hoist import FILE {}", name,
             name);
    if (query.get("fromSrc") != "-") fail(Kind::invalid, "fromSrc: only '-' (the request's body) is supported");
    const auto upload = std::make_shared<Upload>();
    auto options = options_of(query, upload);
    const std::string reference = options.reference;
    Pipe pipe = make_pipe();
    auto& engine = services.engine;
    const auto executor = co_await asio::this_coro::executor;
    const Imported result =
        co_await (feed(exchange, Descriptor(executor, pipe.write_end.release()), upload) &&
                  import(engine.images(), engine.workers(), std::move(pipe.read_end), std::move(options)));
    if (result.error) throw Error(*result.error);
    publish_import(engine, result.id, reference);
    co_await exchange.begin_stream("application/json");
    co_await exchange.write(status_line(result.id));
    co_await exchange.end_stream();
}

}  // namespace

std::vector<Route> image_import_routes() {
    return {{"POST", "/images/create", create_image}};
}

}  // namespace hoist::api
