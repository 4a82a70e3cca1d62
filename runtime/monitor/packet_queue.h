#pragma once
// SPDX-License-Identifier: Apache-2.0
// Packets on their way to a socket that may be slower than the container.

#include <deque>
#include <functional>
#include <string>

#include "runtime/monitor/loop.h"

namespace hoist::runtime {

/// Sends at once what the socket takes, keeps the rest in order, and sends it as there is room. What to do when too
/// much waits is the caller's: hold the container up, or drop.
class PacketQueue {
public:
    PacketQueue(Loop& loop, Fd socket, std::function<void()> drained);
    ~PacketQueue();
    PacketQueue(const PacketQueue&) = delete;
    PacketQueue& operator=(const PacketQueue&) = delete;

    /// @param weight  bytes of the container's in it: what is lost if it is
    void send(std::string packet, std::size_t weight);
    /// Bytes of packets that wait.
    std::size_t waiting() const { return bytes_; }
    /// Waits, bounded, until all is sent.
    void flush(std::chrono::milliseconds limit);
    /// Weight of what could not be sent: nobody listens any more, or it was dropped.
    std::uint64_t lost() const { return lost_; }
    void drop_waiting();
    const Fd& socket() const { return socket_; }
    /// Another socket instead, for what is sent from now on; `lost` stays.
    void replace(Fd socket);
    /// The last send's error; 0 if it went well.
    int error() const { return error_; }

private:
    struct Packet {
        std::string bytes;
        std::size_t weight;
    };
    bool put(const Packet& packet);
    void send_waiting();
    void watch(bool wanted);

    Loop& loop_;
    Fd socket_;
    std::function<void()> drained_;
    std::deque<Packet> packets_;
    std::size_t bytes_ = 0;
    std::uint64_t lost_ = 0;
    int error_ = 0;
    bool watched_ = false;
};

}  // namespace hoist::runtime
