// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include "api/router.h"
#include "base/log.h"

namespace hoist::api {

void Background::spawn(asio::awaitable<void> work) {
    const auto entry = running_.emplace(running_.end());
    asio::co_spawn(context_, std::move(work),
                   asio::bind_cancellation_slot(entry->slot(), [this, entry](std::exception_ptr problem) {
                       running_.erase(entry);
                       try {
                           if (problem) std::rethrow_exception(problem);
                       } catch (const std::exception& error) {
                           spdlog::debug("background work: {}", error.what());
                       }
                   }));
}

void Background::cancel() {
    for (auto& signal : running_) signal.emit(asio::cancellation_type::terminal);
}

}  // namespace hoist::api
