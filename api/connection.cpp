// SPDX-License-Identifier: Apache-2.0
#include "api/connection.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "api/errors.h"
#include "api/http_head.h"
#include "base/log.h"
#include "base/text.h"
#include "wire/errors.h"

namespace hoist::api {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using namespace asio::experimental::awaitable_operators;

using Parser = http::request_parser<http::buffer_body>;

constexpr std::size_t buffer_size = largest_head + 16384;

std::string status_line_and_headers(int status) {
    return fmt::format("HTTP/1.1 {} {}\r\nServer: Docker/" HOIST_VERSION
                       " (linux) hoist\r\nApi-Version: {}.{}\r\nOstype: linux\r\nDocker-Experimental: false\r\n",
                       status, std::string_view(http::obsolete_reason(static_cast<http::status>(status))),
                       newest_version.major, newest_version.minor);
}

/// The Exchange over a socket and Beast's parser.
class HttpExchange : public Exchange {
public:
    HttpExchange(Socket& socket, beast::flat_buffer& buffer) : socket_(socket), buffer_(buffer) {
        parser_.body_limit(boost::none);  // read_body has its own
        parser_.header_limit(largest_head);
        parser_.on_chunk_header(refuse_extensions_);
    }

    /// Parses a head of `size` bytes that find_head_fault has passed. @throws Error(invalid)
    void parse_head(std::size_t size) {
        beast::error_code problem;
        const auto used = parser_.put(asio::buffer(buffer_.data().data(), size), problem);
        if (problem || !parser_.is_header_done()) fail(Kind::invalid, "malformed request: {}", problem.message());
        buffer_.consume(used);
        take_request();
    }

    asio::awaitable<std::size_t> read_some(char* data, std::size_t size) override {
        if (parser_.is_done()) co_return 0;
        co_await say_continue();
        auto& body = parser_.get().body();
        body.data = data;
        body.size = size;
        while (!parser_.is_done() && body.size == size) {
            beast::error_code problem;
            co_await http::async_read_some(socket_, buffer_, parser_,
                                           asio::redirect_error(asio::use_awaitable, problem));
            if (problem == http::error::need_buffer) break;
            if (problem) {
                broken_ = true;
                fail(Kind::invalid, "read request body: {}", problem.message());
            }
        }
        co_return size - body.size;
    }

    asio::awaitable<void> send(int status, std::string content_type, std::string body) override {
        answered_ = true;
        std::string answer = status_line_and_headers(status) + extra_headers;
        if (!content_type.empty()) answer += "Content-Type: " + content_type + "\r\n";
        if (status != 204 && status != 304) answer += fmt::format("Content-Length: {}\r\n", body.size());
        if (!keeps_alive()) answer += "Connection: close\r\n";
        answer += "\r\n";
        if (request.method != "HEAD") answer += body;
        co_await asio::async_write(socket_, asio::buffer(answer), asio::use_awaitable);
    }

    asio::awaitable<void> begin_stream(std::string content_type) override {
        answered_ = streaming_ = true;
        chunked_ = parser_.get().version() >= 11;
        std::string head = status_line_and_headers(200) + extra_headers + "Content-Type: " + content_type + "\r\n";
        head += chunked_ ? "Transfer-Encoding: chunked\r\n" : "";
        head += keeps_alive() ? "\r\n" : "Connection: close\r\n\r\n";
        co_await asio::async_write(socket_, asio::buffer(head), asio::use_awaitable);
    }

    asio::awaitable<void> write(std::string bytes) override {
        if (bytes.empty()) co_return;  // an empty chunk would be the last one
        const std::string head = chunked_ ? fmt::format("{:x}\r\n", bytes.size()) : "";
        const std::array<asio::const_buffer, 3> parts = {asio::buffer(head), asio::buffer(bytes),
                                                         asio::buffer("\r\n", chunked_ ? 2 : 0)};
        co_await asio::async_write(socket_, parts, asio::use_awaitable);
    }

    asio::awaitable<void> end_stream() override {
        if (chunked_) co_await asio::async_write(socket_, asio::buffer("0\r\n\r\n", 5), asio::use_awaitable);
        streaming_ = false;
    }

    asio::awaitable<Hijacked> hijack(std::string content_type) override {
        answered_ = hijacked_ = true;
        const bool upgrade = wants_upgrade();
        std::string head =
            upgrade ? "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n" : "HTTP/1.1 200 OK\r\n";
        head += fmt::format("Api-Version: {}.{}\r\nContent-Type: {}\r\n\r\n", newest_version.major,
                            newest_version.minor, content_type);
        co_await asio::async_write(socket_, asio::buffer(head), asio::use_awaitable);
        std::string early(static_cast<const char*>(buffer_.data().data()), buffer_.size());
        buffer_.consume(buffer_.size());
        co_return Hijacked{socket_, std::move(early)};
    }

    asio::awaitable<Fd> hand_over(std::string content_type) override {
        if (buffer_.size() > 0) fail(Kind::invalid, "input came before the connection was upgraded");
        co_await hijack(std::move(content_type));
        // Released, not closed: the event loop must forget a description that lives on elsewhere.
        co_return Fd(socket_.release());
    }

    bool answered() const override { return answered_; }

    bool wants_upgrade() const { return request.headers.contains("upgrade"); }

    /// Whether another request may follow: everything of this one was read, and its answer is complete.
    bool keeps_alive() const {
        return !broken_ && !hijacked_ && !wants_upgrade() && parser_.is_done() && parser_.get().keep_alive();
    }
    bool finished() const { return answered_ && !streaming_; }

protected:
    std::optional<std::uint64_t> announced_size() const override {
        if (const auto size = parser_.content_length()) return *size;
        return std::nullopt;
    }

private:
    void take_request() {
        const auto& message = parser_.get();
        if (message.version() != 10 && message.version() != 11) fail(Kind::invalid, "unsupported HTTP version");
        request.method = std::string(message.method_string());
        for (const auto& field : message) {
            std::string name(field.name_string());
            std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
            request.headers.emplace(std::move(name), std::string(field.value()));
        }
        const std::string_view target(message.target().data(), message.target().size());
        if (target.empty() || target.front() != '/') fail(Kind::invalid, "malformed request target");
        const auto mark = target.find('?');
        auto [path, version] = split_version(target.substr(0, mark));
        request.path = std::move(path);
        request.version = version;
        if (mark != std::string_view::npos) request.query = wire::Query::parse(target.substr(mark + 1));
    }

    /// curl sends the body of an import only after this answer.
    asio::awaitable<void> say_continue() {
        if (continued_ || !request.headers.contains("expect")) co_return;
        continued_ = true;
        co_await asio::async_write(socket_, asio::buffer("HTTP/1.1 100 Continue\r\n\r\n", 25), asio::use_awaitable);
    }

    Socket& socket_;
    beast::flat_buffer& buffer_;
    Parser parser_;
    std::function<void(std::uint64_t, beast::string_view, beast::error_code&)> refuse_extensions_ =
        [](std::uint64_t, beast::string_view extensions, beast::error_code& problem) {
            if (!extensions.empty()) problem = http::error::bad_chunk_extension;
        };
    bool answered_ = false, streaming_ = false, chunked_ = false, hijacked_ = false, broken_ = false,
         continued_ = false;
};

}  // namespace

struct Connection::State {
    State(Socket opened, Services with, const std::vector<Route>& table, ConnectionLimits within)
        : socket(std::move(opened)), services(with), routes(table), limits(within), timer(socket.get_executor()) {}

    Socket socket;
    Services services;
    const std::vector<Route>& routes;
    ConnectionLimits limits;
    asio::steady_timer timer;
    beast::flat_buffer buffer{buffer_size};
    bool busy = false;

    /// Reads until a whole head lies in the buffer. @return its size; 0 when the client has closed
    asio::awaitable<std::size_t> read_head() {
        expire_after(limits.idle);
        std::size_t seen = 0;
        for (;;) {
            const std::string_view bytes(static_cast<const char*>(buffer.data().data()), buffer.size());
            const auto end = bytes.find("\r\n\r\n", seen > 3 ? seen - 3 : 0);
            if (end != std::string_view::npos && end + 4 <= largest_head) co_return end + 4;
            if (bytes.size() > largest_head) fail(Kind::invalid, "request header larger than {} bytes", largest_head);
            // A head that can only become wrong is refused now: its end might never come.
            if (bytes.find('\0') != std::string_view::npos || bytes.find("\n\n") != std::string_view::npos)
                fail(Kind::invalid, "malformed request: control character in the head");
            seen = bytes.size();
            boost::system::error_code problem;
            const auto count = co_await socket.async_read_some(buffer.prepare(4096),
                                                               asio::redirect_error(asio::use_awaitable, problem));
            if (problem) co_return 0;
            if (seen == 0) expire_after(limits.head);
            buffer.commit(count);
        }
    }

    void expire_after(std::chrono::milliseconds limit) {
        timer.expires_after(limit);
        timer.async_wait([this](boost::system::error_code problem) {
            if (!problem) hang_up();
        });
    }

    void hang_up() {
        boost::system::error_code ignored;
        socket.shutdown(Socket::shutdown_both, ignored);
        socket.cancel(ignored);
    }

    /// Reads and answers one request. @return whether another may follow
    asio::awaitable<bool> serve_one() {
        HttpExchange exchange(socket, buffer);
        std::optional<Error> refused;
        try {
            const auto size = co_await read_head();
            if (size == 0) co_return false;
            timer.cancel();
            busy = true;
            const std::string_view head(static_cast<const char*>(buffer.data().data()), size);
            if (const auto fault = find_head_fault(head)) fail(Kind::invalid, "malformed request: {}", *fault);
            exchange.parse_head(size);
        } catch (const Error& error) {
            refused = error;
        }
        if (refused) {
            co_await send_error(exchange, *refused);
            co_return false;
        }
        co_await answer(exchange);
        busy = false;
        co_return exchange.finished() && exchange.keeps_alive();
    }

    /// Asio's || waits for the other side when one throws: a refusal would wait for the client to hang up.
    asio::awaitable<void> handle_while_there(const Route& route, HttpExchange& exchange) {
        std::exception_ptr failure;
        const auto handle = [&]() -> asio::awaitable<void> {
            try {
                co_await route.handler(exchange, services);
            } catch (...) {
                failure = std::current_exception();
            }
        };
        const auto first = co_await (handle() || client_gone(socket));
        if (first.index() == 0 && failure) std::rethrow_exception(failure);
    }

    asio::awaitable<void> answer(HttpExchange& exchange) {
        std::optional<Error> failed;
        try {
            const Route* route = find_route(routes, exchange.request);
            if (!route) fail(Kind::not_found, "page not found");
            spdlog::debug("{} {}", exchange.request.method, escape_for_terminal(exchange.request.path));
            if (route->when_gone == WhenGone::cancel)
                co_await handle_while_there(*route, exchange);
            else
                co_await route->handler(exchange, services);
        } catch (const Error& error) {
            failed = error;
        } catch (const boost::system::system_error& error) {
            if (exchange.answered()) throw;  // the client went away, or we are closing
            failed = Error(Kind::internal, error.what());
        } catch (const std::exception& error) {
            failed = Error(Kind::internal, error.what());
        }
        if (!failed) co_return;
        if (exchange.answered())
            spdlog::debug("{}: {}", exchange.request.path, failed->message());
        else
            co_await send_error(exchange, *failed);
    }

    asio::awaitable<void> send_error(Exchange& exchange, const Error& error) {
        const auto answer = to_answer(error);
        if (answer.status == 500)
            spdlog::error("{} {}: {}", exchange.request.method, exchange.request.path, error.what());
        co_await exchange.send_json(answer.status, answer.body);
    }
};

Connection::Connection(Socket socket, Services services, const std::vector<Route>& routes, ConnectionLimits limits)
    : state_(std::make_unique<State>(std::move(socket), services, routes, limits)) {}

Connection::~Connection() = default;

bool Connection::waits_for_request() const {
    return !state_->busy;
}

asio::awaitable<void> Connection::run() {
    try {
        while (co_await state_->serve_one()) {
        }
    } catch (const std::exception& error) {
        spdlog::debug("connection: {}", error.what());
    }
    state_->timer.cancel();
    boost::system::error_code ignored;
    state_->socket.shutdown(Socket::shutdown_both, ignored);
    state_->socket.close(ignored);
}

void Connection::close() {
    state_->hang_up();
    cancelled.emit(asio::cancellation_type::terminal);
}

}  // namespace hoist::api
