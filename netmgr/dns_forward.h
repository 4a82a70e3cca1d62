#pragma once
// SPDX-License-Identifier: Apache-2.0
// Asking other name servers on behalf of containers. For netmgr's own sources.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "netmgr/dns_loop.h"
#include "netmgr/resolv_conf.h"

namespace hoist::netmgr {

/// Sends a query to name servers: the first, then each further one when those before stay silent for a while or fail.
/// Every attempt has a socket and an id of its own; only the server asked, with the question asked, is believed
/// (SEC-49). Sockets are those of the calling thread's namespace, the host's.
class Forward {
public:
    enum class Transport { udp, tcp };
    /// Called once, with the reply under the asker's id. When no server answers in time that is SERVFAIL.
    using Done = std::function<void(std::string reply)>;

    Forward(DnsLoop& loop, Transport transport, std::string query, std::vector<Upstream> servers, Done done);
    ~Forward();
    Forward(const Forward&) = delete;
    Forward& operator=(const Forward&) = delete;
    /// Begins; `done` may be called before this returns.
    void start();

private:
    struct Attempt;
    void try_next();
    void ready(Attempt& attempt, std::uint32_t events);
    void take(Attempt& attempt, std::string reply);
    void give_up(Attempt& attempt);
    void finish(std::string reply);

    DnsLoop& loop_;
    Transport transport_;
    std::string query_;
    std::vector<Upstream> servers_;
    Done done_;
    std::size_t next_ = 0;
    std::size_t open_ = 0;
    std::string refusal_;  ///< the last answer that was a failure, for when there is nothing better
    std::vector<std::unique_ptr<Attempt>> attempts_;
    DnsLoop::Token patience_ = 0, limit_ = 0;
};

}  // namespace hoist::netmgr
