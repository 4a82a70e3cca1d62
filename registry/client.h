#pragma once
// SPDX-License-Identifier: Apache-2.0
// Pull and push: the OCI distribution protocol on one side, the image store on the other. Lives on the engine's thread;
// what blocks runs on threads of its own.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/json.h"
#include "registry/config.h"
#include "registry/session.h"
#include "storage/image.h"

namespace hoist::registry {

/// One line of progress, as Docker's JSON streams have it.
struct Progress {
    std::string id;  ///< the layer's short name or the tag; empty: of the whole
    std::string status;
    std::int64_t current = 0, total = 0;
};
using ProgressSink = std::function<void(const Progress&)>;

struct PullRequest {
    std::string reference;
    std::string platform;  ///< "linux/arm64"; empty: the machine's
    Credentials credentials;
    ProgressSink progress;
};
struct PullResult {
    std::string image_id, digest;
    bool fresh = true;  ///< false: it was there already
};
struct PushRequest {
    std::string reference;
    Credentials credentials;
    ProgressSink progress;
};
struct PushResult {
    std::string digest;
    std::int64_t size = 0;
};

class Client {
public:
    Client(asio::io_context& context, storage::ImageStore& images, const storage::Layout& layout, Config config);
    ~Client();
    Client(const Client&) = delete;

    /// Brings an image here. What had come of a layer when an earlier pull ended is not fetched again, whatever ended
    /// it. Any number at once; a layer that another pull fetches is waited for. Cancelled at once by cancellation.
    /// @throws Error(not_found, denied, unavailable, invalid); then no image is recorded
    asio::awaitable<PullResult> pull(PullRequest request);
    /// Sends an image to where its name says; blobs that are there are not sent, nor those that another repository of
    /// the registry has.
    asio::awaitable<PushResult> push(PushRequest request);
    /// Returns if a registry accepts the credentials. @throws Error(denied)
    asio::awaitable<void> log_in(std::string registry, Credentials credentials);
    /// What a registry says of a reference: {"Descriptor", "Platforms"}, as GET /distribution/{name}/json.
    asio::awaitable<Json> inspect(std::string reference, Credentials credentials);
    /// The manifest or index of a reference, as it is.
    asio::awaitable<Json> manifest(std::string reference, Credentials credentials);
    /// Images whose names contain a term, as GET /images/search: of Docker Hub, or of the registry before a slash.
    asio::awaitable<Json> search(std::string term, int limit, Credentials credentials);

    struct State;  ///< for its own sources

private:
    std::unique_ptr<State> state_;
};

}  // namespace hoist::registry
