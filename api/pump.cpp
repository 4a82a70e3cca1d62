// SPDX-License-Identifier: Apache-2.0
#include "api/pump.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace hoist::api {
namespace {
constexpr std::size_t part_size = 32 * 1024;
}

asio::awaitable<void> FrameWriter::write(std::string bytes) {
    while (busy_) {
        turn_.expires_at(asio::steady_timer::time_point::max());
        boost::system::error_code ignored;
        co_await turn_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none)
            throw boost::system::system_error(asio::error::operation_aborted);
    }
    busy_ = true;
    boost::system::error_code problem;
    co_await asio::async_write(socket_, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, problem));
    busy_ = false;
    turn_.cancel_one();
    if (problem) throw boost::system::system_error(problem);
}

asio::awaitable<void> pump_output(Descriptor& from, FrameWriter& to, std::optional<wire::FrameStream> stream) {
    if (!from.is_open()) co_return;
    std::string part(part_size, '\0');
    for (;;) {
        boost::system::error_code problem;
        const auto size =
            co_await from.async_read_some(asio::buffer(part), asio::redirect_error(asio::use_awaitable, problem));
        if (problem == asio::error::operation_aborted) throw boost::system::system_error(problem);
        if (problem || size == 0) co_return;  // the end of a pipe, or EIO: nobody has the terminal open any more
        std::string bytes;
        if (stream)
            wire::append_frame(bytes, *stream, std::string_view(part).substr(0, size));
        else
            bytes.assign(part, 0, size);
        co_await to.write(std::move(bytes));
    }
}

asio::awaitable<InputEnd> pump_input(Hijacked& from, Descriptor& to, DetachKeys& keys) {
    std::string part = std::move(from.early), passed;
    std::size_t size = part.size();
    part.resize(std::max(part.size(), part_size));
    for (;;) {
        boost::system::error_code problem;
        passed.clear();
        const bool detached = keys.feed(std::string_view(part).substr(0, size), passed);
        if (!passed.empty() && to.is_open()) {
            co_await asio::async_write(to, asio::buffer(passed), asio::redirect_error(asio::use_awaitable, problem));
            if (problem == asio::error::operation_aborted) throw boost::system::system_error(problem);
            if (problem) to.close(problem);  // the process reads no more: what still comes is dropped
        }
        if (detached) co_return InputEnd::detached;
        problem.clear();
        size = co_await from.socket.async_read_some(asio::buffer(part),
                                                    asio::redirect_error(asio::use_awaitable, problem));
        if (problem == asio::error::operation_aborted) throw boost::system::system_error(problem);
        if (problem) break;
    }
    boost::system::error_code ignored;
    to.close(ignored);
    co_await client_gone(from.socket);
    co_return InputEnd::gone;
}

asio::awaitable<void> drain_output(Fd from) {
    if (!from) co_return;
    Descriptor descriptor(co_await asio::this_coro::executor, from.release());
    std::string part(4096, '\0');
    boost::system::error_code problem;
    while (!problem)
        co_await descriptor.async_read_some(asio::buffer(part), asio::redirect_error(asio::use_awaitable, problem));
}

}  // namespace hoist::api
