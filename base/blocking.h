#pragma once
// SPDX-License-Identifier: Apache-2.0
// Blocking work goes to the worker pool by value and comes back by value.

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace hoist {

/// Runs `work` on the pool; the caller resumes on its own executor with the result, or with what was thrown. What has
/// begun is not interrupted by a cancellation of the caller.
///
/// Give `work` a name first: `auto job = [...] {...}; co_await on_pool(pool, std::move(job));`. GCC 12 copies a lambda
/// (or braced aggregate) that is written inside a co_await expression byte by byte, and destroys both.
template <class Work>
auto on_pool(boost::asio::thread_pool& pool, Work work) -> boost::asio::awaitable<decltype(work())> {
    using Value = decltype(work());
    // What crosses the threads lies in one shared box, so that the handler stays small.
    struct Box {
        explicit Box(Work task) : work(std::move(task)) {}
        Work work;
        std::exception_ptr failure;
        std::optional<std::conditional_t<std::is_void_v<Value>, bool, Value>> value;
    };
    const auto box = std::make_shared<Box>(std::move(work));
    auto initiate = [&pool, box](auto handler) {
        auto guard = boost::asio::make_work_guard(boost::asio::get_associated_executor(handler));
        boost::asio::post(pool, [box, handler = std::move(handler), guard = std::move(guard)]() mutable {
            try {
                if constexpr (std::is_void_v<Value>)
                    box->work();
                else
                    box->value.emplace(box->work());
            } catch (...) {
                box->failure = std::current_exception();
            }
            const auto home = guard.get_executor();
            boost::asio::post(home, [handler = std::move(handler)]() mutable { std::move(handler)(); });
        });
    };
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(std::move(initiate),
                                                                                       boost::asio::use_awaitable);
    if (box->failure) std::rethrow_exception(box->failure);
    if constexpr (!std::is_void_v<Value>) co_return std::move(*box->value);
}

}  // namespace hoist
