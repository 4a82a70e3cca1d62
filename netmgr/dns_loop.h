#pragma once
// SPDX-License-Identifier: Apache-2.0
// The resolver thread's event loop: descriptors with handlers, and deadlines. For netmgr's own sources.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/fd.h"

namespace hoist::netmgr {

using Clock = std::chrono::steady_clock;

/// One thread that waits for descriptors and deadlines. Everything but run() is called with mutex() held; handlers are
/// too. Removing what is being handled is allowed: handlers are kept alive until they return.
class DnsLoop {
public:
    using Token = std::uint64_t;
    using Handler = std::function<void(std::uint32_t events)>;

    DnsLoop();
    ~DnsLoop();  ///< stops the thread
    void start();
    /// Ends the thread; handlers are not called afterwards. Called without the mutex.
    void stop();

    std::mutex& mutex() { return mutex_; }
    /// Watches a descriptor, which must stay open until forget(). @throws Error
    Token watch(int fd, std::uint32_t events, Handler handler);
    void change(Token token, std::uint32_t events);
    void forget(Token token);
    /// Calls `action` once at `when`, unless forgotten before.
    Token at(Clock::time_point when, std::function<void()> action);
    void forget_timer(Token token);

private:
    struct Watch {
        int fd;
        std::shared_ptr<Handler> handler;
    };
    void run();
    void run_timers();
    int milliseconds_left();

    Fd epoll_, wake_;
    std::mutex mutex_;
    std::thread thread_;
    bool stopping_ = false;
    Token next_ = 1;
    std::unordered_map<Token, Watch> watches_;
    std::map<std::pair<Clock::time_point, Token>, std::function<void()>> timers_;
    std::unordered_map<Token, Clock::time_point> timer_times_;
};

}  // namespace hoist::netmgr
