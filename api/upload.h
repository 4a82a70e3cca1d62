#pragma once
// SPDX-License-Identifier: Apache-2.0
// Archives in bodies: a worker reads or writes them through a pipe while the connection carries the bytes, so that
// neither waits in memory for the other.

#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <functional>

#include "api/exchange.h"
#include "base/fd.h"

namespace hoist::api {

/// Called by the worker now and then with the bytes read so far. @throws Error if the upload has broken off: what came
/// is then not all there is
using UploadProgress = std::function<void(std::uint64_t)>;
using ReadUpload = std::function<void(const Fd& source, const UploadProgress& progress)>;
/// Runs `work` on the pool with the request's body as its source. What work throws comes out of here.
asio::awaitable<void> read_upload(Exchange& exchange, asio::thread_pool& pool, ReadUpload work);

using WriteArchive = std::function<void(const Fd& target)>;
/// Runs `work` on the pool and sends what it writes as the answer. If it throws before its first bytes the error is
/// the answer, else the connection breaks off, which clients take for an incomplete archive.
asio::awaitable<void> send_archive(Exchange& exchange, asio::thread_pool& pool, std::string content_type,
                                   WriteArchive work);

}  // namespace hoist::api
