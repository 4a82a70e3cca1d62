#pragma once
// SPDX-License-Identifier: Apache-2.0
// One HTTP request over TCP or TLS, as coroutines. Every wait has a limit.

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "registry/url.h"

namespace hoist::registry {

namespace asio = boost::asio;

struct ConnectPolicy {
    bool verify = true;         ///< the server's certificate
    bool may_be_plain = false;  ///< talk http where the server does not speak TLS
    std::string ca_file;
    /// Refuse addresses that mean this machine or its own link: a redirect must not make us ask there. (SEC-32)
    bool only_remote = false;
    std::chrono::seconds connect_limit{15};
    std::chrono::seconds idle_limit{60};  ///< without a byte
};

struct Head {
    int status = 0;
    std::map<std::string, std::string> fields;  ///< names in lower case; repeated ones joined by ", "
    std::string field(const std::string& name) const {
        const auto it = fields.find(name);
        return it == fields.end() ? std::string() : it->second;
    }
    std::optional<std::uint64_t> length;
};

/// A connection for one request and its answer.
class HttpExchange {
public:
    virtual ~HttpExchange() = default;
    /// Connects. @throws Error(unavailable) that says why it is not to be reached, Error(denied) for a certificate that
    /// is refused
    static asio::awaitable<std::unique_ptr<HttpExchange>> connect(Url url, ConnectPolicy policy);

    /// Where it is connected to; the scheme may have become http.
    virtual const Url& url() const = 0;
    /// Sends bytes of the request: its head, then its body. @throws Error(unavailable)
    virtual asio::awaitable<void> send(std::string_view bytes) = 0;
    virtual asio::awaitable<Head> read_head() = 0;
    /// Bytes of the answer's body; 0 at its end. @throws Error(unavailable) if it ends too early
    virtual asio::awaitable<std::size_t> read_some(char* to, std::size_t size) = 0;
    /// The whole body. @throws Error(invalid) if it is longer than `limit`
    asio::awaitable<std::string> read_all(std::size_t limit);
};

/// The bytes of a request's head. @param fields  "Name: value\r\n"...
std::string request_head(const std::string& method, const Url& url, const std::string& fields);

}  // namespace hoist::registry
