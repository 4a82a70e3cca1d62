// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/captured_output.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

namespace hoist::orchestrator {

namespace asio = boost::asio;

bool CapturedOutput::read_available(int fd) {
    char buffer[4096];
    for (;;) {
        const auto count = ::read(fd, buffer, sizeof buffer);
        if (count < 0) return errno == EAGAIN || errno == EINTR;
        if (count == 0) return false;
        const auto room = limit - std::min(text.size(), limit);
        text.append(buffer, std::min<std::size_t>(static_cast<std::size_t>(count), room));
    }
}

asio::awaitable<void> collect(std::shared_ptr<asio::posix::stream_descriptor> pipe,
                              std::shared_ptr<CapturedOutput> output) {
    boost::system::error_code error;
    while (!error && pipe->is_open() && output->read_available(pipe->native_handle()))
        co_await pipe->async_wait(asio::posix::stream_descriptor::wait_read,
                                  asio::redirect_error(asio::use_awaitable, error));
}

}  // namespace hoist::orchestrator
