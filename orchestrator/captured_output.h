#pragma once
// SPDX-License-Identifier: Apache-2.0
// What a probe or a hook writes, kept up to a limit.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <string>

namespace hoist::orchestrator {

/// Takes what a process writes; what is over the limit is read and dropped, so that it does not block.
struct CapturedOutput {
    static constexpr std::size_t limit = 4096;
    std::string text;
    /// Reads what is there, from a descriptor that does not block. @return false at the end of the pipe
    bool read_available(int fd);
};

/// Reads until the end of the pipe, or until it is closed.
boost::asio::awaitable<void> collect(std::shared_ptr<boost::asio::posix::stream_descriptor> pipe,
                                     std::shared_ptr<CapturedOutput> output);

}  // namespace hoist::orchestrator
