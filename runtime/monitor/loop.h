#pragma once
// SPDX-License-Identifier: Apache-2.0
// The monitor's event loop: one thread, epoll, a function per descriptor.

#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "base/fd.h"

namespace hoist::runtime {

class Loop {
public:
    using Handler = std::function<void(std::uint32_t events)>;

    Loop();
    /// Calls `handler` whenever `fd` has one of `events` (or an error), until unwatch. @throws Error
    void watch(const Fd& fd, std::uint32_t events, Handler handler);
    void change(const Fd& fd, std::uint32_t events);
    /// Must be called before the descriptor is closed. Handlers may unwatch anything, themselves included.
    void unwatch(const Fd& fd);
    /// Calls `handler` once after a time; replaces the one before. There is one such alarm.
    void alarm(std::chrono::milliseconds after, std::function<void()> handler);
    /// Until stop().
    void run();
    void stop() { stopped_ = true; }

private:
    using Clock = std::chrono::steady_clock;
    int milliseconds_to_alarm() const;

    Fd epoll_;
    std::map<int, std::shared_ptr<Handler>> handlers_;
    std::optional<Clock::time_point> alarm_at_;
    std::function<void()> alarm_;
    bool stopped_ = false;
};

}  // namespace hoist::runtime
