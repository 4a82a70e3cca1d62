// SPDX-License-Identifier: Apache-2.0
// A pull: the manifest, the configuration, and then all missing layers at once.
#include <boost/asio/use_awaitable.hpp>

#include "base/blocking.h"
#include "base/error.h"
#include "base/text.h"
#include "registry/client_state.h"
#include "registry/download.h"
#include "storage/image_archive.h"
#include "storage/image_config.h"
#include "storage/unpacked_layer.h"

namespace hoist::registry {
namespace {

asio::awaitable<std::string> fetch_config(Session& session, Descriptor config, std::string what) {
    if (config.size > static_cast<std::int64_t>(largest_config))
        fail(Kind::invalid, "{}: the configuration is longer than {} bytes", what, largest_config);
    Request request;
    request.url = session.url("blobs/" + config.digest);
    Reply reply = co_await session.ask(std::move(request), what);
    const std::string bytes = co_await reply.exchange->read_all(static_cast<std::size_t>(config.size));
    if (storage::sha256_digest(bytes) != config.digest)
        fail(Kind::invalid, "{}: the configuration that {} sent does not have the digest {}", what,
             session.endpoint().base.authority(), config.digest);
    co_return bytes;
}

/// One pull from one server.
class Pull {
public:
    Pull(Client::State& state, const PullRequest& request, Session session)
        : state_(state), request_(request), session_(std::move(session)) {}

    asio::awaitable<PullResult> run() {
        const auto wanted = storage::parse_reference(request_.reference);
        what_ = "pull " + wanted.familiar();
        Fetched top = co_await fetch_manifest(session_, wanted.digest.empty() ? wanted.tag : wanted.digest, what_);
        tell("", "Pulling from " + wanted.path, wanted.digest.empty() ? wanted.tag : "");
        PullResult result;
        result.digest = top.digest;
        for (int depth = 0; top.manifest.is_index; ++depth) top = co_await fetch_child(top, depth);
        storage::ReceivedImage image;
        image.manifest = top.bytes;
        auto named = wanted;
        if (wanted.digest.empty()) image.references.push_back(wanted.canonical());
        named.tag.clear();
        named.digest = result.digest;
        image.references.push_back(named.canonical());
        result.image_id = top.manifest.config.digest;
        const auto present = state_.images.find(result.image_id);
        result.fresh = !present || present->manifest != top.bytes;
        if (present)
            image.config = present->config_bytes;
        else
            image.config = co_await fetch_config(session_, top.manifest.config, what_);
        co_await fetch_layers(top.manifest, image.config);
        co_await record(std::move(image));
        co_return result;
    }

private:
    asio::awaitable<Fetched> fetch_child(const Fetched& index, int depth) {
        if (depth == deepest_index) fail(Kind::invalid, "{}: indexes nested deeper than {} levels", what_, depth);
        Descriptor child;
        try {
            child = parse_descriptor(storage::choose_platform(index.manifest.document, request_.platform));
        } catch (Error& error) {
            throw error.during("{}", what_);
        }
        Fetched fetched = co_await fetch_manifest(session_, child.digest, what_);
        if (std::ssize(fetched.bytes) != child.size)
            fail(Kind::invalid, "{}: a manifest has {} bytes, its index says {}", what_, fetched.bytes.size(),
                 child.size);
        co_return fetched;
    }

    asio::awaitable<void> fetch_layers(const Manifest& manifest, const std::string& config) {
        const auto diff_ids = storage::parse_diff_ids(parse_json(config, "the image's configuration"));
        if (diff_ids.size() != manifest.layers.size() || diff_ids.empty())
            fail(Kind::invalid, "{}: the manifest lists {} layers, the configuration {}", what_, manifest.layers.size(),
                 diff_ids.size());
        std::vector<asio::awaitable<void>> parts;
        std::set<std::string> begun;
        for (std::size_t at = 0; at < diff_ids.size(); ++at)
            if (begun.insert(diff_ids[at]).second) parts.push_back(fetch_layer(manifest.layers[at], diff_ids[at]));
        co_await run_all(std::move(parts));
    }

    /// Waits for another pull that fetches it, too: what that one has done need not be done again.
    asio::awaitable<void> fetch_layer(Descriptor layer, std::string diff_id) {
        const std::string id = short_digest(layer.digest);
        tell(id, "Pulling fs layer");
        auto& turn = state_.fetching[diff_id];
        if (!turn) turn = std::make_shared<Slots>(state_.context.get_executor(), 1);
        const auto mine = turn;  // the map's entry goes when nobody uses it
        {
            const auto leave = co_await mine->take();
            if (co_await pin_if_there(diff_id)) {
                tell(id, "Already exists");
            } else {
                const auto slot = co_await state_.downloads.take();
                keep(co_await download_layer(state_, session_, layer, diff_id, request_.progress));
                tell(id, "Pull complete");
            }
        }
        if (mine->idle(1)) state_.fetching.erase(diff_id);
    }

    asio::awaitable<bool> pin_if_there(std::string diff_id) {
        if (!state_.images.has_layer(diff_id)) co_return false;
        auto& images = state_.images;
        auto job = [&images, diff_id] { return std::make_shared<storage::LayerPin>(images.pin({diff_id})); };
        try {
            pins_.push_back(co_await on_pool(state_.workers, std::move(job)));
        } catch (const Error&) {  // it went in this moment
            co_return false;
        }
        co_return true;
    }

    void keep(storage::AddedLayer layer) { pins_.push_back(std::make_shared<storage::LayerPin>(std::move(layer.pin))); }

    asio::awaitable<void> record(storage::ReceivedImage image) {
        auto& images = state_.images;
        auto job = [&images, image = std::move(image)] { images.add_images({image}, {}); };
        co_await on_pool(state_.workers, std::move(job));
    }

    void tell(const std::string& id, const std::string& status, const std::string& instead = "") const {
        if (request_.progress) request_.progress({instead.empty() ? id : instead, status, 0, 0});
    }

    Client::State& state_;
    const PullRequest& request_;
    Session session_;
    std::string what_;
    std::vector<std::shared_ptr<storage::LayerPin>> pins_;
};

}  // namespace

/// The mirrors come first; what one of them does not have or cannot give, the next one is asked for.
asio::awaitable<PullResult> Client::pull(PullRequest request) {
    const auto wanted = storage::parse_reference(request.reference);
    std::vector<std::string> failures;
    Kind kind = Kind::unavailable;
    const auto endpoints = endpoints_of(wanted.domain, state_->config);
    for (const auto& endpoint : endpoints) {
        const Credentials credentials = endpoint.mirror ? Credentials{} : request.credentials;
        try {
            Pull pull(*state_, request, Session(endpoint, wanted.path, "pull", credentials));
            co_return co_await pull.run();
        } catch (const Error& error) {
            if (!endpoint.mirror && failures.empty()) throw;
            failures.push_back(error.message());
            kind = error.kind();
        }
    }
    throw Error(kind, join(failures, "; "));
}

}  // namespace hoist::registry
