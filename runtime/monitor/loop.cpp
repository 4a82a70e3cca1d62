// SPDX-License-Identifier: Apache-2.0
#include "runtime/monitor/loop.h"

#include "base/error.h"

namespace hoist::runtime {

Loop::Loop() : epoll_(check(::epoll_create1(EPOLL_CLOEXEC), "make an epoll")) {}

void Loop::watch(const Fd& fd, std::uint32_t events, Handler handler) {
    epoll_event event{.events = events, .data = {.fd = fd.get()}};
    check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event), "watch descriptor {}", fd.get());
    handlers_[fd.get()] = std::make_shared<Handler>(std::move(handler));
}

void Loop::change(const Fd& fd, std::uint32_t events) {
    epoll_event event{.events = events, .data = {.fd = fd.get()}};
    check(::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd.get(), &event), "watch descriptor {}", fd.get());
}

void Loop::unwatch(const Fd& fd) {
    if (handlers_.erase(fd.get()) > 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd.get(), nullptr);
}

void Loop::alarm(std::chrono::milliseconds after, std::function<void()> handler) {
    alarm_at_ = Clock::now() + after;
    alarm_ = std::move(handler);
}

int Loop::milliseconds_to_alarm() const {
    if (!alarm_at_) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*alarm_at_ - Clock::now()).count();
    return static_cast<int>(std::max<std::int64_t>(left, 0));
}

void Loop::run() {
    while (!stopped_) {
        // One event at a time: a handler may close descriptors, and events of closed ones must not be delivered.
        // The kernel goes round, so that none of them starves.
        epoll_event event{};
        const int ready = ::epoll_wait(epoll_.get(), &event, 1, milliseconds_to_alarm());
        if (ready < 0 && errno != EINTR) fail_errno(errno, "wait for events");
        if (ready == 0 && alarm_at_ && milliseconds_to_alarm() == 0) {
            alarm_at_.reset();
            std::exchange(alarm_, nullptr)();
        }
        if (ready <= 0) continue;
        const auto found = handlers_.find(event.data.fd);
        if (found == handlers_.end()) continue;
        const auto handler = found->second;  // lives on if it unwatches itself
        (*handler)(event.events);
    }
}

}  // namespace hoist::runtime
