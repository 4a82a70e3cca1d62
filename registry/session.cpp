// SPDX-License-Identifier: Apache-2.0
#include "registry/session.h"

#include <boost/asio/use_awaitable.hpp>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "registry/challenge.h"

namespace hoist::registry {
namespace {

constexpr int most_redirects = 10;
constexpr std::size_t largest_token = 256 * 1024;

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// A token becomes a header's value.
std::string checked_token(const std::string& token) {
    for (const char c : token)
        if (c <= ' ' || c > '~') fail(Kind::invalid, "the token server sent something that is no token");
    return token;
}

/// The messages in {"errors": [{"code", "message"}]}, or nothing.
std::string messages_in(const std::string& body) {
    std::vector<std::string> messages;
    try {
        const Json parsed = parse_json(body, "the answer");
        if (!parsed.is_object()) return {};
        for (const auto& error : json_value(parsed, "errors", Json::array())) {
            if (!error.is_object() || messages.size() == 3) continue;
            auto text = json_value(error, "message", std::string{});
            if (text.empty()) text = json_value(error, "code", std::string{});
            messages.push_back(escape_for_terminal(text.substr(0, 300)));
        }
    } catch (const Error&) {  // not JSON: a proxy's page, say
    }
    return join(messages, "; ");
}

std::string wait_text(const Head& head) {
    const auto seconds = parse_retry_after(head.field("retry-after"));
    return seconds ? fmt::format("wait {} seconds", *seconds) : "wait a while";
}

}  // namespace

Session::Session(Endpoint endpoint, std::string repository, std::string actions, Credentials credentials)
    : endpoint_(std::move(endpoint)),
      repository_(std::move(repository)),
      actions_(std::move(actions)),
      credentials_(std::move(credentials)) {}

Url Session::base_url(const std::string& path) const {
    Url url = endpoint_.base;
    url.target += path;
    return url;
}

Url Session::url(const std::string& rest) const {
    return base_url("/v2/" + repository_ + "/" + rest);
}

bool Session::is_home(const Url& url) const {
    return url.host == endpoint_.base.host && url.port == endpoint_.base.port;
}

ConnectPolicy Session::policy_for(const Url& url) const {
    ConnectPolicy policy;
    const bool same_host = url.host == endpoint_.base.host;
    policy.verify = endpoint_.verify || !same_host;
    policy.may_be_plain = endpoint_.may_be_plain && same_host;
    if (same_host) policy.ca_file = endpoint_.ca_file;
    policy.only_remote = !same_host && !is_loopback(endpoint_.base.host);
    return policy;
}

asio::awaitable<Reply> Session::send_once(const Request& request, const Url& url) {
    Reply reply;
    reply.exchange = co_await HttpExchange::connect(url, policy_for(url));
    const bool home = is_home(url);
    if (home) endpoint_.base.scheme = reply.exchange->url().scheme;  // not to try TLS again each time
    std::string fields = request.fields;
    if (home && !authorization_.empty()) fields += "Authorization: " + authorization_ + "\r\n";
    const std::int64_t length = request.file ? request.file_size : std::ssize(request.body);
    if (request.method != "GET" && request.method != "HEAD") fields += fmt::format("Content-Length: {}\r\n", length);
    co_await reply.exchange->send(request_head(request.method, reply.exchange->url(), fields));
    if (!request.body.empty()) co_await reply.exchange->send(request.body);
    std::string part(request.file ? 256 * 1024 : 0, '\0');
    for (std::int64_t at = 0; request.file && at < request.file_size;) {
        const auto want = static_cast<std::size_t>(std::min<std::int64_t>(std::ssize(part), request.file_size - at));
        const ssize_t got = check(::pread(request.file->get(), part.data(), want, at), "read a layer");
        if (got == 0) fail(Kind::internal, "a layer's archive became shorter");
        co_await reply.exchange->send({part.data(), static_cast<std::size_t>(got)});
        at += got;
        if (request.sent) request.sent(at);
    }
    reply.head = co_await reply.exchange->read_head();
    co_return reply;
}

asio::awaitable<Reply> Session::call(Request request) {
    Url url = request.url;
    bool logged_in = false;
    for (int redirects = 0; redirects <= most_redirects;) {
        Reply reply = co_await send_once(request, url);
        if (reply.head.status == 401 && is_home(url) && !logged_in) {
            logged_in = true;
            co_await log_in(reply.head);
            continue;
        }
        const bool follows = request.method == "GET" || request.method == "HEAD";
        if (!follows || !is_redirect(reply.head.status)) co_return reply;
        const Url next = resolve_url(reply.exchange->url(), reply.head.field("location"));
        if (reply.exchange->url().secure() && !next.secure())
            fail(Kind::denied, "{} redirects from https to http ({}), which is not followed", url.authority(),
                 next.authority());
        url = next;
        ++redirects;
    }
    fail(Kind::invalid, "{} redirects more than {} times", endpoint_.base.authority(), most_redirects);
}

asio::awaitable<void> Session::log_in(const Head& head) {
    const auto challenges = parse_challenges(head.field("www-authenticate"));
    for (const auto& challenge : challenges)
        if (challenge.scheme == "bearer") {
            co_await get_token(challenge.parameters);
            co_return;
        }
    for (const auto& challenge : challenges)
        if (challenge.scheme == "basic" && !credentials_.username.empty()) {
            authorization_ = "Basic " + base64(credentials_.username + ":" + credentials_.password);
            co_return;
        }
}

/// @see distribution spec, "Token Authentication Specification"
asio::awaitable<void> Session::get_token(const std::map<std::string, std::string>& challenge) {
    const auto parameter = [&](const char* name) {
        const auto it = challenge.find(name);
        return it == challenge.end() ? std::string() : it->second;
    };
    Url realm = parse_url(parameter("realm"));
    if (endpoint_.base.secure() && !realm.secure())
        fail(Kind::denied, "{} wants tokens to be fetched over plain http, which is not done",
             endpoint_.base.authority());
    const bool trusted = shares_credentials(endpoint_.base.host, realm.host);
    std::vector<std::string> scopes;
    if (!repository_.empty()) scopes.push_back("repository:" + repository_ + ":" + actions_);
    for (const auto& other : others_) scopes.push_back("repository:" + other + ":pull");
    std::string query = "service=" + percent_encode(parameter("service"));
    for (const auto& scope : scopes) query += "&scope=" + percent_encode(scope);
    Request request;
    request.url = realm;
    if (trusted && !credentials_.identity_token.empty()) {
        request.method = "POST";
        request.body = query + "&grant_type=refresh_token&client_id=hoist&refresh_token=" +
                       percent_encode(credentials_.identity_token);
        request.fields = "Content-Type: application/x-www-form-urlencoded\r\n";
    } else {
        request.url.target += (realm.target.find('?') == std::string::npos ? "?" : "&") + query;
        if (trusted && !credentials_.username.empty())
            request.fields =
                "Authorization: Basic " + base64(credentials_.username + ":" + credentials_.password) + "\r\n";
    }
    authorization_.clear();
    const Url where = request.url;
    Reply reply = co_await send_once(request, where);
    if (reply.head.status == 401 || reply.head.status == 403) {
        if (credentials_.empty()) co_return;  // the registry says it itself
        fail(Kind::denied, "{}: the user or the password is wrong; log in again with: hoist login {}",
             realm.authority(), endpoint_.name);
    }
    if (reply.head.status != 200) co_await refuse(std::move(reply), "get a token for " + endpoint_.name);
    const Json answer = parse_json(co_await reply.exchange->read_all(largest_token), "the token");
    auto token = json_value(answer, "token", std::string{});
    if (token.empty()) token = json_value(answer, "access_token", std::string{});
    if (!token.empty()) authorization_ = "Bearer " + checked_token(token);
}

asio::awaitable<Reply> Session::ask(Request request, std::string what) {
    const bool silent = request.method == "HEAD";
    Reply reply = co_await call(std::move(request));
    if (reply.head.status < 300) co_return reply;
    if (silent) reply.exchange.reset();
    co_await refuse(std::move(reply), std::move(what));
    co_return Reply{};
}

asio::awaitable<void> Session::refuse(Reply reply, std::string what) {
    const int status = reply.head.status;
    std::string said;
    if (reply.exchange) {
        try {
            said = messages_in(co_await reply.exchange->read_all(64 * 1024));
        } catch (const Error&) {  // the status says enough
        }
    }
    if (!said.empty()) said = ": " + said;
    const std::string where = endpoint_.base.authority();
    if (status == 404) fail(Kind::not_found, "{}: {} does not have it{}", what, where, said);
    if (status == 401 || status == 403)
        fail(Kind::denied, "{}: {} denies access{}; log in with: hoist login {}", what, where, said, endpoint_.name);
    if (status == 429)
        fail(Kind::unavailable,
             "{}: {} has had too many requests{}; {}, log in (hoist login {}), or set \"registry-mirrors\" in "
             "daemon.json",
             what, where, said, wait_text(reply.head), endpoint_.name);
    if (status >= 500)
        fail(Kind::unavailable, "{}: {} is in trouble (status {}){}; try again later", what, where, status, said);
    fail(Kind::invalid, "{}: {} answers with status {}{}", what, where, status, said);
}

}  // namespace hoist::registry
