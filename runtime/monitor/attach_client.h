#pragma once
// SPDX-License-Identifier: Apache-2.0
// One client that watches a container's output and may type into it.

#include <functional>
#include <string>
#include <string_view>

#include "runtime/log_store.h"
#include "runtime/monitor/loop.h"

namespace hoist::runtime {

/// Output goes straight to the socket; what a slow client does not take is kept in an unlinked file, in order, so that
/// it neither holds the container up nor costs memory. (REL-29)
class AttachClient {
public:
    struct Handlers {
        std::function<void(std::string_view)> input;  ///< empty text: its input has ended
        std::function<void(AttachClient&)> closed;    ///< may destroy the client
    };

    /// @param spool_directory  where the file for a slow client is made
    AttachClient(Loop& loop, Fd socket, std::string spool_directory, Handlers handlers);
    ~AttachClient();
    AttachClient(const AttachClient&) = delete;
    AttachClient& operator=(const AttachClient&) = delete;

    void send(Stream stream, std::string_view bytes, bool framed);
    /// There will be no more output: closes once everything is delivered. May call `closed`.
    void finish();
    /// Whether its input is listened to: not while the container does not read.
    void set_input_wanted(bool wanted);

private:
    void on_ready(std::uint32_t events);
    void read_input();
    bool send_spooled();
    void spool(std::string_view bytes);
    void give_up();
    void update_events();
    bool behind() const { return spooled_ > delivered_; }

    Loop& loop_;
    Fd socket_;
    std::string spool_directory_;
    Handlers handlers_;
    Fd spool_;
    std::uint64_t spooled_ = 0, delivered_ = 0;
    std::uint32_t events_ = EPOLLIN;
    bool input_ended_ = false, input_wanted_ = true, finishing_ = false, broken_ = false;
};

}  // namespace hoist::runtime
