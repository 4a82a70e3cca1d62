#pragma once
// SPDX-License-Identifier: Apache-2.0
// Carries bytes between a hijacked connection and a process's streams.

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "api/exchange.h"
#include "base/detach_keys.h"
#include "base/fd.h"
#include "wire/frames.h"

namespace hoist::api {

using Descriptor = asio::posix::stream_descriptor;

/// Writes whole frames to one socket on behalf of several coroutines.
class FrameWriter {
public:
    explicit FrameWriter(Socket& socket) : socket_(socket), turn_(socket.get_executor()) {}
    asio::awaitable<void> write(std::string bytes);

private:
    Socket& socket_;
    asio::steady_timer turn_;
    bool busy_ = false;
};

/// Copies `from` to the writer until it ends; in frames of `stream`, or raw if there is none.
asio::awaitable<void> pump_output(Descriptor& from, FrameWriter& to, std::optional<wire::FrameStream> stream);
enum class InputEnd { gone, detached };
/// Copies `early` and then the socket to `to`, and closes `to` when the client ends its side; returns when the client
/// is gone altogether, or has typed the keys.
asio::awaitable<InputEnd> pump_input(Hijacked& from, Descriptor& to, DetachKeys& keys);
/// Reads and drops, so that the writer is not blocked.
asio::awaitable<void> drain_output(Fd from);

}  // namespace hoist::api
