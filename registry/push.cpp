// SPDX-License-Identifier: Apache-2.0
// A push: layers and configuration first, then the manifest that names them.
#include <boost/asio/use_awaitable.hpp>

#include "base/blocking.h"
#include "base/error.h"
#include "base/text.h"
#include "registry/client_state.h"
#include "storage/image_config.h"
#include "storage/layer_archive.h"

namespace hoist::registry {
namespace {

/// What is sent of one layer.
struct Blob {
    Json descriptor;
    std::string file;
    std::string digest() const { return descriptor["digest"].get<std::string>(); }
};

/// The layer's compressed archive: as the manifest names it, else another that is kept, else made now.
Blob blob_of(const storage::Layout& layout, const std::string& diff_id, const Json& named) {
    Blob blob;
    const auto digest = json_value(named, "digest", std::string{});
    if (!digest.empty() && storage::find_blob(layout, diff_id, digest))
        blob.descriptor = named;
    else if (const auto kept = storage::kept_descriptor(layout, diff_id))
        blob.descriptor = *kept;
    else
        blob.descriptor = storage::compress_layer(layout, diff_id);
    blob.file = *storage::find_blob(layout, diff_id, blob.digest());
    return blob;
}

class Push {
public:
    Push(Client::State& state, const PushRequest& request, const storage::Image& image, Session session)
        : state_(state), request_(request), image_(image), session_(std::move(session)) {}

    asio::awaitable<PushResult> run(storage::Reference to) {
        what_ = "push " + to.familiar();
        tell("", fmt::format("The push refers to repository [{}/{}]", to.domain, to.path));
        find_sources(to);
        const Json known = json_value(parse_json(image_.manifest, "the image's manifest"), "layers", Json::array());
        std::vector<asio::awaitable<void>> parts;
        blobs_.resize(image_.diff_ids.size());
        std::map<std::string, std::size_t> first;  // a layer that is there twice is sent once
        for (std::size_t at = 0; at < blobs_.size(); ++at)
            if (first.try_emplace(image_.diff_ids[at], at).second)
                parts.push_back(send_layer(at, at < known.size() ? known[at] : Json::object()));
        co_await run_all(std::move(parts));
        Json layers = Json::array();
        for (const auto& diff_id : image_.diff_ids) layers.push_back(blobs_[first[diff_id]].descriptor);
        co_await send_config();
        const bool same = layers == known;
        const std::string manifest = same ? image_.manifest : storage::make_manifest(image_.config_bytes, layers);
        co_await send_manifest(manifest, to.tag);
        PushResult result;
        result.digest = storage::sha256_digest(manifest);
        result.size = std::ssize(manifest);
        co_await record(manifest, to, result.digest);
        co_return result;
    }

private:
    /// Other repositories of the same registry that have this image: their blobs need not be sent.
    void find_sources(const storage::Reference& to) {
        for (const auto& name : image_.digests) {
            const auto from = storage::parse_reference(name);
            if (from.domain == to.domain && from.path != to.path) source_ = from.path;
        }
        if (!source_.empty()) session_.also_pull_from(source_);
    }

    asio::awaitable<void> send_layer(std::size_t at, Json known) {
        const auto slot = co_await state_.uploads.take();
        const std::string diff_id = image_.diff_ids[at], id = short_digest(diff_id);
        tell(id, "Preparing");
        auto job = [layout = state_.layout, diff_id, known] { return blob_of(layout, diff_id, known); };
        blobs_[at] = co_await on_pool(state_.workers, std::move(job));
        const std::string digest = blobs_[at].digest();
        if (co_await has_blob(digest)) {
            tell(id, "Layer already exists");
            co_return;
        }
        if (co_await mount(digest)) {
            tell(id, "Mounted from " + source_);
            co_return;
        }
        const Fd file = open_file(blobs_[at].file, O_RDONLY);
        const auto size = blobs_[at].descriptor["size"].get<std::int64_t>();
        std::function<asio::awaitable<void>()> attempt = [&] { return upload(digest, &file, size, {}, id); };
        co_await with_retries(std::move(attempt));
        tell(id, "Pushed");
    }

    asio::awaitable<bool> has_blob(std::string digest) {
        Request request;
        request.method = "HEAD";
        request.url = session_.url("blobs/" + digest);
        const Reply reply = co_await session_.call(std::move(request));
        co_return reply.head.status == 200;
    }

    asio::awaitable<bool> mount(std::string digest) {
        if (source_.empty()) co_return false;
        Request request;
        request.method = "POST";
        request.url = session_.url(fmt::format("blobs/uploads/?mount={}&from={}", digest, percent_encode(source_)));
        const Reply reply = co_await session_.call(std::move(request));
        co_return reply.head.status == 201;
    }

    /// Begins an upload, sends the bytes, names the digest. @see distribution spec "Pushing a blob in chunks"
    asio::awaitable<void> upload(std::string digest, const Fd* file, std::int64_t size, std::string bytes,
                                 std::string id) {
        Request begin;
        begin.method = "POST";
        begin.url = session_.url("blobs/uploads/");
        Reply reply = co_await session_.ask(std::move(begin), what_);
        Request part;
        part.method = "PATCH";
        part.url = place_of(reply);
        part.fields = fmt::format("Content-Type: application/octet-stream\r\nContent-Range: 0-{}\r\n", size - 1);
        part.file = file;
        part.file_size = size;
        part.body = std::move(bytes);
        part.sent = [this, id, size](std::int64_t at) { tell_sent(id, at, size); };
        reply = co_await session_.ask(std::move(part), what_);
        Request end;
        end.method = "PUT";
        end.url = place_of(reply);
        end.url.target += (end.url.target.find('?') == std::string::npos ? "?digest=" : "&digest=") + digest;
        reply = co_await session_.ask(std::move(end), what_);
    }

    /// Where to go on with an upload. What is pushed may be secret: it goes to the registry only.
    Url place_of(const Reply& reply) const {
        const Url next = resolve_url(reply.exchange->url(), reply.head.field("location"));
        if (reply.exchange->url().secure() && !next.secure())
            fail(Kind::denied, "{}: the registry wants the upload over plain http", what_);
        return next;
    }

    asio::awaitable<void> send_config() {
        if (co_await has_blob(image_.id)) co_return;
        std::function<asio::awaitable<void>()> attempt = [&] {
            return upload(image_.id, nullptr, std::ssize(image_.config_bytes), image_.config_bytes, "");
        };
        co_await with_retries(std::move(attempt));
    }

    asio::awaitable<void> send_manifest(std::string manifest, std::string tag) {
        const Json parsed = parse_json(manifest, "the image's manifest");
        Request request;
        request.method = "PUT";
        request.url = session_.url("manifests/" + tag);
        request.fields = "Content-Type: " +
                         json_value(parsed, "mediaType", std::string("application/vnd.oci.image.manifest.v1+json")) +
                         "\r\n";
        request.body = std::move(manifest);
        const Reply reply = co_await session_.ask(std::move(request), what_);
    }

    /// The image is known by this digest from now on.
    asio::awaitable<void> record(std::string manifest, storage::Reference to, std::string digest) {
        storage::ReceivedImage image;
        image.config = image_.config_bytes;
        image.manifest = std::move(manifest);
        to.tag.clear();
        to.digest = std::move(digest);
        image.references.push_back(to.canonical());
        auto& images = state_.images;
        auto job = [&images, image = std::move(image)] { images.add_images({image}, {}); };
        co_await on_pool(state_.workers, std::move(job));
    }

    void tell(const std::string& id, const std::string& status) const {
        if (request_.progress) request_.progress({id, status, 0, 0});
    }
    void tell_sent(const std::string& id, std::int64_t at, std::int64_t size) {
        const auto present = std::chrono::steady_clock::now();
        if (!request_.progress || id.empty() || (present - told_ < std::chrono::milliseconds(100) && at < size)) return;
        told_ = present;
        request_.progress({id, "Pushing", at, size});
    }

    Client::State& state_;
    const PushRequest& request_;
    const storage::Image& image_;
    Session session_;
    std::string what_, source_;
    std::vector<Blob> blobs_;
    std::chrono::steady_clock::time_point told_{};
};

}  // namespace

asio::awaitable<PushResult> Client::push(PushRequest request) {
    const auto to = storage::parse_reference(request.reference);
    if (!to.digest.empty()) fail(Kind::invalid, "push {}: a name with a tag is needed", to.familiar());
    const auto image = state_->images.find(request.reference);
    if (!image) fail(Kind::not_found, "no such image: {}", escape_for_terminal(request.reference));
    auto& images = state_->images;
    auto job = [&images, layers = image->diff_ids] { return std::make_shared<storage::LayerPin>(images.pin(layers)); };
    const auto kept = co_await on_pool(state_->workers, std::move(job));
    const auto endpoint = endpoints_of(to.domain, state_->config).back();
    Push push(*state_, request, *image, Session(endpoint, to.path, "pull,push", request.credentials));
    co_return co_await push.run(to);
}

}  // namespace hoist::registry
