// SPDX-License-Identifier: Apache-2.0
#include "cli/session.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

#include "base/detach_keys.h"
#include "base/error.h"
#include "wire/frames.h"

namespace hoist::cli {
namespace {

class Session {
public:
    Session(Answer& stream, const SessionOptions& options)
        : stream_(stream),
          options_(options),
          keys_(options.tty ? parse_detach_keys(options.detach_keys) : ""),
          signals_(heeded_signals(options)) {}

    SessionEnd run() {
        std::optional<RawMode> raw;
        if (options_.tty && options_.stdin_ && is_terminal(STDIN_FILENO)) raw.emplace(STDIN_FILENO);
        resize();
        bool open = show(stream_.take_early());
        bool input = options_.stdin_;
        if (!input) end_input();
        while (open) {
            pollfd waiting[] = {
                {stream_.fd(), POLLIN, 0}, {signals_.fd(), POLLIN, 0}, {input ? STDIN_FILENO : -1, POLLIN, 0}};
            ::poll(waiting, 3, -1);
            if (waiting[1].revents) take_signals();
            if (waiting[2].revents) input = pass_input();
            if (waiting[0].revents) open = read_output();
        }
        return detached_ ? SessionEnd::detached : SessionEnd::ended;
    }

private:
    static std::vector<int> heeded_signals(const SessionOptions& options) {
        std::vector<int> signals = {SIGWINCH};
        if (options.pass_signal && !options.tty)
            signals.insert(signals.end(), {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2});
        return signals;
    }

    void take_signals() {
        bool resized = false;
        while (const int signal = signals_.next()) {
            if (signal == SIGWINCH)
                resized = true;
            else
                options_.pass_signal(signal);
        }
        if (resized) resize();
    }

    void resize() {
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
        std::string passed;
        detached_ = keys_.feed(bytes, passed) || detached_;
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
    DetachKeys keys_;
    SignalQueue signals_;
    wire::FrameDecoder decoder_;
    bool detached_ = false;
};

}  // namespace

SessionEnd run_session(Answer& stream, const SessionOptions& options) {
    return Session(stream, options).run();
}

}  // namespace hoist::cli
