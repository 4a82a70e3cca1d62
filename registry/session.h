#pragma once
// SPDX-License-Identifier: Apache-2.0
// Requests to one registry about one repository: logging in, redirects, errors that say what to do.

#include <string>

#include "base/fd.h"
#include "registry/config.h"
#include "registry/http.h"

namespace hoist::registry {

struct Credentials {
    std::string username, password;
    std::string identity_token;  ///< in place of the password
    bool empty() const { return username.empty() && identity_token.empty(); }
};

struct Request {
    std::string method = "GET";
    Url url;
    std::string fields;  ///< "Name: value\r\n"...
    std::string body;
    const Fd* file = nullptr;  ///< sent as the body, `file_size` bytes from its start
    std::int64_t file_size = 0;
    std::function<void(std::int64_t)> sent;  ///< hears the bytes of the file sent so far
};
struct Reply {
    std::unique_ptr<HttpExchange> exchange;
    Head head;
};

class Session {
public:
    /// @param actions  what is asked for: "pull" or "pull,push"
    Session(Endpoint endpoint, std::string repository, std::string actions, Credentials credentials);

    const Endpoint& endpoint() const { return endpoint_; }
    /// "/v2/<repository>/<rest>" of the registry.
    Url url(const std::string& rest) const;
    Url base_url(const std::string& path) const;
    /// Sends it, logging in when asked to and following redirects of GET and HEAD, and returns when the answer's head
    /// has come, whatever its status. Credentials go to the registry and to the token server it shares a domain with,
    /// nowhere else. @throws Error(unavailable, denied)
    asio::awaitable<Reply> call(Request request);
    /// As call, but a status from 300 on is thrown, with what the registry says about it.
    asio::awaitable<Reply> ask(Request request, std::string what);
    /// Throws what a refused request means.
    asio::awaitable<void> refuse(Reply reply, std::string what);
    /// Another repository whose blobs may be read, too (a mount across repositories).
    void also_pull_from(std::string repository) { others_.push_back(std::move(repository)); }

private:
    asio::awaitable<Reply> send_once(const Request& request, const Url& url);
    asio::awaitable<void> log_in(const Head& head);
    asio::awaitable<void> get_token(const std::map<std::string, std::string>& challenge);
    ConnectPolicy policy_for(const Url& url) const;
    bool is_home(const Url& url) const;

    Endpoint endpoint_;
    std::string repository_, actions_;
    Credentials credentials_;
    std::vector<std::string> others_;
    std::string authorization_;
};

}  // namespace hoist::registry
