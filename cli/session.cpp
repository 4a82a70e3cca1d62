// SPDX-License-Identifier: Apache-2.0
#include "cli/session.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

#include "base/error.h"
#include "wire/frames.h"

namespace hoist::cli {
namespace {

class Session {
public:
    Session(Answer& stream, const SessionOptions& options) : stream_(stream), options_(options), winch_({SIGWINCH}) {}

    void run() {
        std::optional<RawMode> raw;
        if (options_.tty && options_.stdin_ && is_terminal(STDIN_FILENO)) raw.emplace(STDIN_FILENO);
        resize();
        bool open = show(stream_.take_early());
        bool input = options_.stdin_;
        if (!input) end_input();
        while (open) {
            pollfd waiting[] = {
                {stream_.fd(), POLLIN, 0}, {winch_.fd(), POLLIN, 0}, {input ? STDIN_FILENO : -1, POLLIN, 0}};
            ::poll(waiting, 3, -1);
            if (waiting[1].revents) resize();
            if (waiting[2].revents) input = pass_input();
            if (waiting[0].revents) open = read_output();
        }
    }

private:
    void resize() {
        while (winch_.next() != 0) {
        }
        if (options_.tty && options_.resize && is_terminal(STDOUT_FILENO))
            options_.resize(terminal_size(STDOUT_FILENO));
    }

    void end_input() { ::shutdown(stream_.fd(), SHUT_WR); }

    /// @return false at the end of the input
    bool pass_input() {
        std::array<char, 16384> part;
        const auto size = ::read(STDIN_FILENO, part.data(), part.size());
        if (size < 0 && errno == EINTR) return true;
        if (size <= 0) {
            end_input();
            return false;
        }
        std::string_view bytes(part.data(), static_cast<std::size_t>(size));
        while (!bytes.empty()) {
            const auto sent = ::send(stream_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0 && errno == EINTR) continue;
            if (sent < 0) return false;  // the process has ended; its last output is still read
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    bool read_output() {
        std::array<char, 32768> part;
        const auto size = ::recv(stream_.fd(), part.data(), part.size(), 0);
        if (size < 0 && errno == EINTR) return true;
        return size > 0 && show({part.data(), static_cast<std::size_t>(size)});
    }

    bool show(std::string_view bytes) {
        if (options_.tty) {
            print(bytes);
            return true;
        }
        for (const auto& part : decoder_.feed(bytes))
            part.stream == wire::FrameStream::stderr_ || part.stream == wire::FrameStream::error
                ? print_error(part.bytes)
                : print(part.bytes);
        return true;
    }

    Answer& stream_;
    const SessionOptions& options_;
    SignalQueue winch_;
    wire::FrameDecoder decoder_;
};

}  // namespace

void run_session(Answer& stream, const SessionOptions& options) {
    Session(stream, options).run();
}

}  // namespace hoist::cli
