// SPDX-License-Identifier: Apache-2.0
#include "registry/http.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "base/error.h"
#include "base/text.h"

namespace hoist::registry {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

/// Cancellation stays what it is; all else becomes an error for people.
[[noreturn]] void fail_network(const Url& url, const error_code& problem) {
    if (problem == asio::error::operation_aborted) throw boost::system::system_error(problem);
    if (problem == beast::error::timeout) fail(Kind::unavailable, "{} does not answer", url.authority());
    if (problem == http::error::end_of_stream || problem == http::error::partial_message ||
        problem == asio::error::eof || problem == asio::ssl::error::stream_truncated)
        fail(Kind::unavailable, "{} closed the connection too early", url.authority());
    if (problem.category() == http::make_error_code(http::error::end_of_stream).category())
        fail(Kind::unavailable, "{} does not speak HTTP properly: {}", url.authority(), problem.message());
    fail(Kind::unavailable, "{}: {}", url.authority(), problem.message());
}

auto failing_to(error_code& problem) {
    return asio::redirect_error(asio::use_awaitable, problem);
}

template <class Stream>
class Exchange : public HttpExchange {
public:
    Exchange(Url url, Stream stream, ConnectPolicy policy)
        : url_(std::move(url)), stream_(std::move(stream)), policy_(std::move(policy)) {
        parser_.body_limit(boost::none);
        parser_.header_limit(64 * 1024);
    }

    const Url& url() const override { return url_; }

    asio::awaitable<void> send(std::string_view bytes) override {
        error_code problem;
        while (!bytes.empty()) {
            expire();
            const std::size_t put =
                co_await stream_.async_write_some(asio::buffer(bytes.data(), bytes.size()), failing_to(problem));
            if (problem) fail_network(url_, problem);
            bytes.remove_prefix(put);
        }
    }

    asio::awaitable<Head> read_head() override {
        expire();
        error_code problem;
        co_await http::async_read_header(stream_, buffer_, parser_, failing_to(problem));
        if (problem) fail_network(url_, problem);
        Head head;
        head.status = parser_.get().result_int();
        for (const auto& field : parser_.get()) {
            std::string name(field.name_string());
            for (char& c : name)
                if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
            auto& value = head.fields[name];
            value += (value.empty() ? "" : ", ") + std::string(field.value());
        }
        if (const auto length = parser_.content_length()) head.length = *length;
        co_return head;
    }

    asio::awaitable<std::size_t> read_some(char* to, std::size_t size) override {
        while (!parser_.is_done()) {
            expire();
            auto& body = parser_.get().body();
            body.data = to;
            body.size = size;
            error_code problem;
            co_await http::async_read_some(stream_, buffer_, parser_, failing_to(problem));
            if (problem && problem != http::error::need_buffer) fail_network(url_, problem);
            if (const std::size_t got = size - body.size; got > 0) co_return got;
        }
        co_return 0;
    }

private:
    void expire() { beast::get_lowest_layer(stream_).expires_after(policy_.idle_limit); }

    Url url_;
    Stream stream_;
    ConnectPolicy policy_;
    beast::flat_buffer buffer_{256 * 1024};
    http::response_parser<http::buffer_body> parser_;
};

bool is_local(const asio::ip::address& address) {
    if (address.is_v4()) return address.is_loopback() || (address.to_v4().to_uint() >> 16) == 0xa9fe;
    const auto v6 = address.to_v6();
    if (v6.is_v4_mapped()) return is_local(asio::ip::make_address_v4(asio::ip::v4_mapped, v6));
    return v6.is_loopback() || v6.is_link_local();
}

asio::awaitable<beast::tcp_stream> connect_tcp(Url url, ConnectPolicy policy) {
    const auto executor = co_await asio::this_coro::executor;
    tcp::resolver resolver(executor);
    error_code problem;
    const auto found = co_await resolver.async_resolve(url.host, std::to_string(url.port), failing_to(problem));
    if (problem == asio::error::operation_aborted) throw boost::system::system_error(problem);
    if (problem) fail(Kind::unavailable, "the name {} cannot be resolved: {}", url.host, problem.message());
    std::vector<tcp::endpoint> addresses;
    for (const auto& entry : found) {
        if (policy.only_remote && is_local(entry.endpoint().address()))
            fail(Kind::denied, "a redirect to this machine ({}) is not followed", url.authority());
        addresses.push_back(entry.endpoint());
    }
    beast::tcp_stream stream(executor);
    stream.expires_after(policy.connect_limit);
    co_await stream.async_connect(addresses, failing_to(problem));
    if (problem == asio::error::operation_aborted || !problem) {
        if (problem) throw boost::system::system_error(problem);
        co_return stream;
    }
    if (problem == beast::error::timeout) fail(Kind::unavailable, "{} does not answer", url.authority());
    fail(Kind::unavailable, "cannot connect to {}: {}", url.authority(), problem.message());
}

/// The trust is read once per file: the system's list alone takes tens of milliseconds to load.
std::shared_ptr<asio::ssl::context> tls_context(const ConnectPolicy& policy) {
    static std::map<std::string, std::shared_ptr<asio::ssl::context>> made;
    const std::string key = (policy.verify ? "verify " : "any ") + policy.ca_file;
    auto& context = made[key];
    if (context && policy.ca_file.empty()) return context;
    context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    if (!policy.verify) return context;
    context->set_verify_mode(asio::ssl::verify_peer);
    error_code ignored;
    context->set_default_verify_paths(ignored);
    if (!policy.ca_file.empty()) {
        error_code problem;
        context->load_verify_file(policy.ca_file, problem);
        if (problem) fail(Kind::invalid, "read the certificates in {}: {}", policy.ca_file, problem.message());
    }
    return context;
}

/// A server that answers a TLS greeting with something else, usually in plain text.
bool speaks_no_tls(const error_code& problem) {
    if (problem.category() != asio::error::get_ssl_category()) return false;
    const auto reason = ERR_GET_REASON(static_cast<unsigned long>(problem.value()));
    return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
           reason == SSL_R_PACKET_LENGTH_TOO_LONG || reason == SSL_R_UNKNOWN_PROTOCOL;
}

struct Handshake {
    std::optional<TlsStream> stream;
    std::shared_ptr<asio::ssl::context> context;
    bool plain = false;  ///< the server does not speak TLS
};

asio::awaitable<Handshake> connect_tls(Url url, ConnectPolicy policy) {
    Handshake result;
    result.context = tls_context(policy);
    result.stream.emplace(co_await connect_tcp(url, policy), *result.context);
    auto& stream = *result.stream;
    error_code not_address;
    asio::ip::make_address(url.host, not_address);
    if (not_address) SSL_set_tlsext_host_name(stream.native_handle(), url.host.c_str());
    if (policy.verify) stream.set_verify_callback(asio::ssl::host_name_verification(url.host));
    beast::get_lowest_layer(stream).expires_after(policy.connect_limit);
    error_code problem;
    co_await stream.async_handshake(asio::ssl::stream_base::client, failing_to(problem));
    if (!problem) co_return result;
    const long verdict = SSL_get_verify_result(stream.native_handle());
    const bool certificate =
        problem.category() == asio::error::get_ssl_category() &&
        ERR_GET_REASON(static_cast<unsigned long>(problem.value())) == SSL_R_CERTIFICATE_VERIFY_FAILED;
    if (certificate)
        fail(Kind::denied,
             "the certificate of {} is refused: {}; trust its authority in certs.d/{}/ca.crt, or list the registry in "
             "\"insecure-registries\" of daemon.json",
             url.authority(), verdict == X509_V_OK ? "it is for another name" : X509_verify_cert_error_string(verdict),
             url.authority());
    if (speaks_no_tls(problem)) {
        if (!policy.may_be_plain)
            fail(Kind::denied,
                 "{} speaks plain http, which is not used unless \"insecure-registries\" of daemon.json lists it",
                 url.authority());
        result.plain = true;
        result.stream.reset();
        co_return result;
    }
    fail_network(url, problem);
}

/// Keeps the TLS context as long as the stream that uses it.
class TlsExchange : public Exchange<TlsStream> {
public:
    TlsExchange(Url url, Handshake handshake, ConnectPolicy policy)
        : Exchange(std::move(url), std::move(*handshake.stream), std::move(policy)),
          context_(std::move(handshake.context)) {}

private:
    std::shared_ptr<asio::ssl::context> context_;
};

}  // namespace

asio::awaitable<std::unique_ptr<HttpExchange>> HttpExchange::connect(Url url, ConnectPolicy policy) {
    if (url.secure()) {
        Handshake handshake = co_await connect_tls(url, policy);
        if (!handshake.plain)
            co_return std::make_unique<TlsExchange>(std::move(url), std::move(handshake), std::move(policy));
        url.scheme = "http";  // on the same port
    }
    auto stream = co_await connect_tcp(url, policy);
    co_return std::make_unique<Exchange<beast::tcp_stream>>(std::move(url), std::move(stream), std::move(policy));
}

asio::awaitable<std::string> HttpExchange::read_all(std::size_t limit) {
    std::string body;
    std::string part(16 * 1024, '\0');
    while (const std::size_t got = co_await read_some(part.data(), part.size())) {
        body.append(part.data(), got);
        if (body.size() > limit)
            fail(Kind::invalid, "the answer of {} is longer than {} bytes", url().authority(), limit);
    }
    co_return body;
}

std::string request_head(const std::string& method, const Url& url, const std::string& fields) {
    return fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: hoist/{}\r\nConnection: close\r\n{}\r\n", method,
                       url.target.empty() ? "/" : url.target, url.authority(), HOIST_VERSION, fields);
}

}  // namespace hoist::registry
