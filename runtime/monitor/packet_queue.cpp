// SPDX-License-Identifier: Apache-2.0
#include "runtime/monitor/packet_queue.h"

#include <poll.h>
#include <sys/socket.h>

#include "base/error.h"

namespace hoist::runtime {

PacketQueue::PacketQueue(Loop& loop, Fd socket, std::function<void()> drained)
    : loop_(loop), socket_(std::move(socket)), drained_(std::move(drained)) {}

PacketQueue::~PacketQueue() {
    watch(false);
}

void PacketQueue::watch(bool wanted) {
    if (wanted == watched_) return;
    watched_ = wanted;
    if (!wanted) return loop_.unwatch(socket_);
    loop_.watch(socket_, EPOLLOUT, [this](std::uint32_t) { send_waiting(); });
}

/// @return false if there is no room now; what can never be sent counts as lost, and as done
bool PacketQueue::put(const Packet& packet) {
    for (;;) {
        const ssize_t sent =
            ::send(socket_.get(), packet.bytes.data(), packet.bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        error_ = sent < 0 ? errno : 0;
        if (sent >= 0) return true;
        if (error_ == EINTR) continue;
        if (error_ == EAGAIN || error_ == ENOBUFS) return false;
        lost_ += packet.weight;
        return true;
    }
}

void PacketQueue::send(std::string packet, std::size_t weight) {
    Packet made{std::move(packet), weight};
    if (packets_.empty() && put(made)) return;
    bytes_ += made.bytes.size();
    packets_.push_back(std::move(made));
    watch(true);
}

void PacketQueue::send_waiting() {
    while (!packets_.empty() && put(packets_.front())) {
        bytes_ -= packets_.front().bytes.size();
        packets_.pop_front();
    }
    if (!packets_.empty()) return;
    watch(false);
    drained_();
}

void PacketQueue::flush(std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!packets_.empty()) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
        pollfd writable{socket_.get(), POLLOUT, 0};
        if (left <= 0 || (::poll(&writable, 1, static_cast<int>(left)) < 0 && errno != EINTR)) return drop_waiting();
        send_waiting();
    }
}

void PacketQueue::drop_waiting() {
    for (const Packet& packet : packets_) lost_ += packet.weight;
    packets_.clear();
    bytes_ = 0;
    watch(false);
}

void PacketQueue::replace(Fd socket) {
    drop_waiting();
    socket_ = std::move(socket);
    error_ = 0;
}

}  // namespace hoist::runtime
