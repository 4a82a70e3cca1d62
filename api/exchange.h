#pragma once
// SPDX-License-Identifier: Apache-2.0
// One request and its answer, as the handlers see them.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <map>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/json.h"
#include "wire/url.h"

namespace hoist::api {

namespace asio = boost::asio;
using Socket = asio::local::stream_protocol::socket;

struct ApiVersion {
    int major = 1, minor = 51;
    auto operator<=>(const ApiVersion&) const = default;
};
inline constexpr ApiVersion newest_version{1, 51}, oldest_version{1, 24};

struct Request {
    std::string method;
    std::string path;  ///< without version and query, still percent-encoded
    wire::Query query;
    ApiVersion version;
    std::map<std::string, std::string> headers;     ///< names in lower case
    std::map<std::string, std::string> parameters;  ///< of the route's pattern, decoded
    std::string parameter(const std::string& name) const { return parameters.at(name); }
};

/// The connection after the protocol was left: bytes flow both ways without HTTP.
struct Hijacked {
    Socket& socket;
    std::string early;  ///< bytes that came behind the request
};

/// Exactly one answer is given: a send, or begin_stream ... end_stream, or hijack.
class Exchange {
public:
    virtual ~Exchange() = default;

    Request request;
    std::string extra_headers;  ///< of the answer: "Name: value\r\n"...

    /// The whole body. @throws Error(invalid) if it is longer than `limit`
    asio::awaitable<std::string> read_body(std::size_t limit = 4u << 20);
    /// The body as a JSON object; an empty body is an empty object.
    /// @throws Error(invalid), also for another Content-Type, as browsers' forms send
    asio::awaitable<Json> read_json();
    /// Some bytes of the body; 0 at its end.
    virtual asio::awaitable<std::size_t> read_some(char* data, std::size_t size) = 0;

    virtual asio::awaitable<void> send(int status, std::string content_type, std::string body) = 0;
    asio::awaitable<void> send_json(int status, Json document);
    asio::awaitable<void> send_empty(int status) { return send(status, {}, {}); }

    /// Sends status 200 and the header at once; then each write is a chunk.
    virtual asio::awaitable<void> begin_stream(std::string content_type) = 0;
    virtual asio::awaitable<void> write(std::string bytes) = 0;
    virtual asio::awaitable<void> end_stream() = 0;

    /// Leaves HTTP: 101 if the client asked to upgrade, else 200. The connection closes when the handler returns.
    virtual asio::awaitable<Hijacked> hijack(std::string content_type) = 0;

    /// As hijack, but gives the connection away altogether: the caller's descriptor is the only one.
    /// @throws Error(invalid) if the client has sent bytes behind its request already
    virtual asio::awaitable<Fd> hand_over(std::string content_type) = 0;

    virtual bool answered() const = 0;

protected:
    virtual std::optional<std::uint64_t> announced_size() const = 0;
};

/// Returns when the client has closed its connection; a half-closed one is still there.
asio::awaitable<void> client_gone(Socket& socket);

}  // namespace hoist::api
