#pragma once
// SPDX-License-Identifier: Apache-2.0
// Output of several containers on one screen.

#include <poll.h>

#include <deque>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "cli/http.h"
#include "wire/frames.h"

namespace hoist::cli {

struct LogStyle {
    bool prefix = true;  ///< "web-1  | "
    bool color = false;
    bool timestamps = false;
    bool split_streams = false;  ///< stderr to stderr: for a single container
};

struct LogWindow {
    std::string since, until, tail;  ///< as the API takes them; empty: not given
    bool follow = false;
};

/// The request for a container's log.
std::string log_target(const std::string& id, const LogWindow& window, bool timestamps);

/// One line with its time, as the daemon sends it.
struct StampedLine {
    std::string time, text;  ///< text with its end of line
    wire::FrameStream stream = wire::FrameStream::stdout_;
};

/// Cuts a container's answer into lines.
class LogSource {
public:
    LogSource(Answer answer, std::string label, bool tty, std::string id);
    int fd() const { return answer_.fd(); }
    bool has_early() const { return answer_.has_early(); }
    const std::string& label() const { return label_; }
    const std::string& id() const { return id_; }
    /// Reads once. @return false at the end; then the last line may lack its end
    bool read();
    std::deque<StampedLine> lines;

private:
    void take(wire::FrameStream stream, std::string_view bytes);
    void cut(wire::FrameStream stream, bool rest);
    Answer answer_;
    std::string label_, id_;
    bool tty_;
    wire::FrameDecoder decoder_;
    std::array<std::string, 4> partial_;
};

/// Prints the lines of many sources.
class LogFollower {
public:
    LogFollower(const Client& client, LogStyle style) : client_(client), style_(style) {}

    void add(const std::string& id, const std::string& label, bool tty, const LogWindow& window);
    bool follows(const std::string& id) const;
    bool empty() const { return sources_.empty(); }
    /// Prints everything to the end of all sources, in the order of time.
    void print_merged();
    /// Adds the descriptors to wait for; then, after poll(), reads what is ready and prints it as it came.
    void add_to(std::vector<pollfd>& waiting) const;
    void handle(const std::vector<pollfd>& waiting);

private:
    void show_early();
    void print_line(const LogSource& source, const StampedLine& line) const;
    const Client& client_;
    LogStyle style_;
    std::list<LogSource> sources_;
    std::vector<std::string> labels_;  ///< in the order of their first use: decides colours
    std::size_t width_ = 0;
};

}  // namespace hoist::cli
