// SPDX-License-Identifier: Apache-2.0
#include "api/exchange.h"

#include <poll.h>

#include <boost/asio/use_awaitable.hpp>

#include "base/error.h"
#include "base/text.h"
#include "wire/errors.h"

namespace hoist::api {

asio::awaitable<std::string> Exchange::read_body(std::size_t limit) {
    if (announced_size().value_or(0) > limit)
        fail(Kind::invalid, "request body too large: {} bytes, at most {}", *announced_size(), limit);
    std::string body;
    std::string part(16384, '\0');
    while (const auto size = co_await read_some(part.data(), part.size())) {
        if (body.size() + size > limit) fail(Kind::invalid, "request body too large: at most {} bytes", limit);
        body.append(part, 0, size);
    }
    co_return body;
}

asio::awaitable<Json> Exchange::read_json() {
    const std::string body = co_await read_body();
    if (trim(body).empty()) co_return Json::object();
    const auto type = request.headers.find("content-type");
    if (type == request.headers.end() || !starts_with_ignoring_case(type->second, "application/json"))
        fail(Kind::invalid, "unsupported Content-Type header ({}): must be 'application/json'",
             type == request.headers.end() ? "" : type->second);
    Json document = parse_json(body, "request body");
    if (document.is_null()) co_return Json::object();
    if (!document.is_object()) fail(Kind::invalid, "request body: not a JSON object");
    co_return document;
}

asio::awaitable<void> Exchange::send_json(int status, Json document) {
    return send(status, "application/json", wire::dump(document) + "\n");
}

asio::awaitable<void> client_gone(Socket& socket) {
    for (;;) {
        // Asio reports a hang-up to whoever waits for errors. A half-close is none: clients send one after their input.
        co_await socket.async_wait(Socket::wait_error, asio::use_awaitable);
        pollfd state{socket.native_handle(), 0, 0};
        if (::poll(&state, 1, 0) > 0 && (state.revents & (POLLHUP | POLLERR))) co_return;
    }
}

}  // namespace hoist::api
