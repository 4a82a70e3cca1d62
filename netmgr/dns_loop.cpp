// SPDX-License-Identifier: Apache-2.0
#include "netmgr/dns_loop.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"

namespace hoist::netmgr {

DnsLoop::DnsLoop()
    : epoll_(check(::epoll_create1(EPOLL_CLOEXEC), "make an epoll descriptor")),
      wake_(check(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "make an event descriptor")) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = 0;
    check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event), "watch an event descriptor");
}

DnsLoop::~DnsLoop() {
    stop();
}

void DnsLoop::start() {
    // Signals are the main thread's: a thread born with all of them blocked never takes one.
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void DnsLoop::stop() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    const std::uint64_t one = 1;
    write_all(wake_, {reinterpret_cast<const char*>(&one), sizeof one}, "event descriptor");
    thread_.join();
}

DnsLoop::Token DnsLoop::watch(int fd, std::uint32_t events, Handler handler) {
    const Token token = next_++;
    epoll_event event{};
    event.events = events;
    event.data.u64 = token;
    check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event), "watch a resolver socket");
    watches_.emplace(token, Watch{fd, std::make_shared<Handler>(std::move(handler))});
    return token;
}

void DnsLoop::change(Token token, std::uint32_t events) {
    const auto found = watches_.find(token);
    if (found == watches_.end()) return;
    epoll_event event{};
    event.events = events;
    event.data.u64 = token;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, found->second.fd, &event);
}

void DnsLoop::forget(Token token) {
    const auto found = watches_.find(token);
    if (found == watches_.end()) return;
    // Needed although the descriptor is closed next: the monitor holds a duplicate, which keeps the entry alive.
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, found->second.fd, nullptr);
    watches_.erase(found);
}

DnsLoop::Token DnsLoop::at(Clock::time_point when, std::function<void()> action) {
    const Token token = next_++;
    timers_.emplace(std::pair(when, token), std::move(action));
    timer_times_.emplace(token, when);
    return token;
}

void DnsLoop::forget_timer(Token token) {
    const auto found = timer_times_.find(token);
    if (found == timer_times_.end()) return;
    timers_.erase({found->second, token});
    timer_times_.erase(found);
}

void DnsLoop::run_timers() {
    const auto now = Clock::now();
    while (!timers_.empty() && timers_.begin()->first.first <= now) {
        const auto action = std::move(timers_.begin()->second);
        timer_times_.erase(timers_.begin()->first.second);
        timers_.erase(timers_.begin());
        action();
    }
}

int DnsLoop::milliseconds_left() {
    if (timers_.empty()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first.first - Clock::now());
    return static_cast<int>(std::max<std::int64_t>(0, left.count()));
}

// Timers are only ever set by handlers, on this thread: nobody has to wake it for an earlier deadline.
void DnsLoop::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        const int timeout = milliseconds_left();
        lock.unlock();
        epoll_event events[32];
        const int count = ::epoll_wait(epoll_.get(), events, 32, timeout);
        lock.lock();
        for (int i = 0; i < count && !stopping_; ++i) {
            const auto found = watches_.find(events[i].data.u64);
            if (found == watches_.end()) continue;
            const auto handler = found->second.handler;
            try {
                (*handler)(events[i].events);
            } catch (const std::exception& e) {
                spdlog::warn("resolver: {}", e.what());
            }
        }
        run_timers();
    }
}

}  // namespace hoist::netmgr
