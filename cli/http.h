#pragma once
// SPDX-License-Identifier: Apache-2.0
// A small HTTP/1.1 client for one server that we know. Its own instead of a library's: starting fast is most of what a
// command line does.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/json.h"

namespace hoist::cli {

/// Takes a body apart as it comes: chunked, of a known length, or up to the end.
class BodyDecoder {
public:
    static BodyDecoder chunked();
    static BodyDecoder sized(std::uint64_t length);
    static BodyDecoder to_end();
    /// Appends the decoded bytes of `bytes` to `to`. @throws Error(internal) if they are malformed
    void feed(std::string_view bytes, std::string& to);
    bool done() const { return done_; }
    /// Whether the end of the connection here ends the body well.
    bool may_end() const { return done_ || mode_ == Mode::to_end; }

private:
    enum class Mode { chunked, sized, to_end } mode_ = Mode::to_end;
    void feed_chunked(std::string_view bytes, std::string& to);
    std::uint64_t left_ = 0;
    bool in_chunk_ = false, last_ = false, done_ = false;
    std::string line_;
};

/// An answer whose body is still coming.
class Answer {
public:
    int status = 0;
    bool upgraded = false;  ///< HTTP was left: the socket carries bytes of the stream itself

    /// A header field; nullopt if there is none.
    std::optional<std::string> header(std::string_view name) const;

    int fd() const { return socket_.get(); }
    Fd& socket() { return socket_; }
    /// Reads what is there (waits for some), appending the body's bytes. @return false once the body is complete: the
    /// last bytes may come with it @throws Error(unavailable) if the connection ends in the middle
    bool read_some(std::string& to);
    /// Whether bytes came with the head: read_some does not wait then, and poll() knows nothing of them.
    bool has_early() const { return !early_.empty(); }
    std::string read_all();
    /// Bytes of the stream that came with the head.
    std::string take_early();

private:
    friend class Client;
    Fd socket_;
    std::string head_, early_;
    BodyDecoder decoder_;
};

/// Talks to the daemon; a connection per request.
class Client {
public:
    explicit Client(std::string socket_path) : path_(std::move(socket_path)) {}
    const std::string& path() const { return path_; }

    /// Whether something accepts connections at the path; errno's value if not.
    int try_connect() const;

    /// Sends a request and returns when its head has come, whatever its status.
    /// @param fields  more of the head: "Name: value\r\n"...
    Answer open(const std::string& method, const std::string& target, const std::optional<Json>& body = std::nullopt,
                bool upgrade = false, const std::string& fields = {}) const;
    /// As open, and throws the daemon's error for a status from 400 on.
    Answer stream(const std::string& method, const std::string& target, const std::optional<Json>& body = std::nullopt,
                  bool upgrade = false, const std::string& fields = {}) const;
    /// As stream, and reads the answer; null if it is empty.
    Json call(const std::string& method, const std::string& target,
              const std::optional<Json>& body = std::nullopt) const;
    Json get(const std::string& target) const { return call("GET", target); }

    /// Sends a file (or pipe) as the body of a POST or PUT. `progress` hears the bytes sent so far.
    Json upload(const std::string& method, const std::string& target, const Fd& file,
                const std::function<void(std::uint64_t)>& progress) const;
    /// As upload, but gives the answer as it is.
    std::string upload_text(const std::string& method, const std::string& target, const Fd& file,
                            const std::function<void(std::uint64_t)>& progress = {}) const;

private:
    Fd connect() const;
    Answer read_head(Fd socket, const std::string& method) const;
    std::string path_;
};

}  // namespace hoist::cli
