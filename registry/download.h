#pragma once
// SPDX-License-Identifier: Apache-2.0
// One layer from a registry into the store, in one pass and by as many requests as it takes.

#include "registry/client_state.h"

namespace hoist::registry {

/// Fetches, verifies, unpacks and records a layer. What has come stays in a file until then, so that a later call, also
/// of another process, goes on from there. @throws Error(invalid) if the bytes are not what the descriptor says
asio::awaitable<storage::AddedLayer> download_layer(Client::State& state, Session& session, Descriptor layer,
                                                    std::string diff_id, ProgressSink progress);

}  // namespace hoist::registry
