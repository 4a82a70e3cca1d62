#pragma once
// SPDX-License-Identifier: Apache-2.0
// A minimal HTTP client on a unix socket, so that what is measured is the daemon.

#include <string>

#include "base/fd.h"
#include "base/json.h"

namespace hoist::bench {

class Connection {
public:
    explicit Connection(std::string path) : path_(std::move(path)) {}
    /// Sends a request and reads the whole answer. @throws Error with status and body unless it is 2xx or 304
    Json request(const std::string& method, const std::string& target, const Json& body = nullptr);
    /// Sends a request whose answer is a stream of bytes, as exec's start is, and reads it to its end. The connection
    /// is of no use afterwards, and the next request opens another.
    void request_stream(const std::string& target, const Json& body);
    /// Whether GET /_ping is answered now, on a fresh connection.
    static bool answers(const std::string& path);

private:
    void connect();
    void send(const std::string& method, const std::string& target, const Json& body);
    std::string read_answer(int& status);

    std::string path_;
    Fd socket_;
    std::string buffer_;
};

}  // namespace hoist::bench
