#pragma once
// SPDX-License-Identifier: Apache-2.0
// The parts of the client, for its own sources.

#include <boost/asio/thread_pool.hpp>
#include <map>

#include "registry/client.h"
#include "registry/manifest.h"
#include "registry/slots.h"
#include "storage/layout.h"

namespace hoist::registry {

struct Client::State {
    State(asio::io_context& where, storage::ImageStore& store, const storage::Layout& on, Config how)
        : context(where),
          images(store),
          layout(on),
          config(std::move(how)),
          workers(static_cast<std::size_t>(config.downloads) + 2),
          downloads(where.get_executor(), config.downloads),
          uploads(where.get_executor(), config.uploads) {}

    asio::io_context& context;
    storage::ImageStore& images;
    const storage::Layout& layout;
    const Config config;
    asio::thread_pool workers;  ///< a layer takes one for as long as it is unpacked
    Slots downloads, uploads;
    std::map<std::string, std::shared_ptr<Slots>> fetching;  ///< by diffID: one pull at a time
};

/// A manifest or index as it came, and its digest.
struct Fetched {
    std::string bytes, digest;
    Manifest manifest;
};
/// @param name  a tag or a digest; what comes for a digest must have it
asio::awaitable<Fetched> fetch_manifest(Session& session, std::string name, std::string what);

/// Runs coroutines together. The first failure cancels the others and is thrown once all have ended.
asio::awaitable<void> run_all(std::vector<asio::awaitable<void>> parts);

/// Runs an attempt again, with growing pauses, while it fails for reasons that pass.
asio::awaitable<void> with_retries(std::function<asio::awaitable<void>()> attempt);

std::string short_digest(const std::string& digest);

}  // namespace hoist::registry
