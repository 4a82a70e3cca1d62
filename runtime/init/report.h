#pragma once
// SPDX-License-Identifier: Apache-2.0
// What a process on its way into a container tells the one that started it, over a SOCK_SEQPACKET pair: 'H' when the
// runtime's hooks are due, 'R' (with the terminal) when it waits for its start, 'E' kind '\n' text when it failed.
// End-of-file after 'R' means that the program runs.

#include <chrono>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/fd.h"

namespace hoist::runtime::init {

/// The inner end.
class Reporter {
public:
    Reporter(Fd socket, Fd go) : socket_(std::move(socket)), go_(std::move(go)) {}

    /// Tells of the runtime's hooks and waits until they have run; ends the process if the starter is gone.
    void wait_for_hooks();
    /// Tells that all is ready. From here on errors go to `report`, if there is one.
    void ready(const Fd& terminal, Fd report);
    /// Takes the word to start from this FIFO instead.
    void start_by(Fd fifo) { go_ = std::move(fifo); }
    /// Waits for the word to start; ends the process if it cannot come any more.
    void wait_for_go();
    void failed(const Error& error) noexcept;
    /// Renumbers our own descriptors to `lowest` or above.
    void move_above(int lowest);
    /// Closes every descriptor from `lowest` on but our own.
    void close_others(int lowest);
    void close();

private:
    Fd socket_, go_;
    bool plain_ = false;  // a FIFO instead of the socket
};

/// What the outer end hears.
struct Report {
    char type = 0;  ///< 'H', 'R', 'E'; 0: end-of-file
    Fd terminal;
    std::optional<Error> error;
};
/// @throws Error(timeout) when nothing is heard for `limit`
Report receive_report(const Fd& socket, std::optional<std::chrono::milliseconds> limit = {});
/// An 'E' message's content, as it also stands in a FIFO.
std::optional<Error> parse_error_report(const std::string& text);

}  // namespace hoist::runtime::init
