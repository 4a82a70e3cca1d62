#pragma once
// SPDX-License-Identifier: Apache-2.0
// What a process on its way into a container tells the one that started it, over a SOCK_SEQPACKET pair: 'H' when the
// runtime's hooks are due, 'R' (with the terminal) when it waits for its start, 'E' kind '\n' text when it failed.
// End-of-file after 'R' means that the program runs.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "runtime/clone.h"

namespace hoist::runtime::init {

/// The inner end.
class Reporter {
public:
    Reporter(Fd socket, Fd go) : socket_(std::move(socket)), go_(std::move(go)) {}

    /// Tells of the runtime's hooks and waits until they have run; ends the process if the starter is gone.
    void wait_for_hooks();
    /// Tells that all is ready.
    void ready(const Fd& terminal);
    /// Keeps two FIFOs (empty: none) for use_fifos.
    void keep_fifos(Fd start, Fd report);
    /// From here on the word to start comes from the one and errors go to the other.
    void use_fifos();
    /// Takes the word to start from this pipe instead.
    void start_by(Fd pipe);
    /// Waits for the word to start; ends the process if it cannot come any more.
    void wait_for_go();
    /// As wait_for_go; ends the process also when nobody reads from this pipe any more.
    void wait_for_go_while_read(const Fd& pipe);
    void failed(const Error& error) noexcept;
    /// Renumbers our own descriptors to `lowest` or above.
    void move_above(int lowest);
    /// Closes every descriptor from `lowest` on but our own.
    void close_others(int lowest, int also_kept = -1);
    void close();

private:
    std::vector<Fd*> own() { return {&socket_, &go_, &start_fifo_, &report_fifo_}; }

    Fd socket_, go_, start_fifo_, report_fifo_;
    bool plain_ = false;  // a FIFO instead of the socket
};

/// Runs what a process is for; what goes wrong is told, and ends it.
template <class What>
[[noreturn]] void run_reporting(Reporter& reporter, What what) {
    try {
        what();
    } catch (const Error& error) {
        reporter.failed(error);
    } catch (const std::exception& error) {
        reporter.failed(Error(Kind::internal, error.what()));
    }
    ::_exit(1);
}

/// What the outer end hears.
struct Report {
    char type = 0;  ///< 'H', 'R', 'E'; 0: end-of-file
    Fd terminal;    ///< or whatever descriptor came along
    std::optional<Error> error;
};
/// @throws Error(timeout) when nothing is heard for `limit`
Report receive_report(const Fd& socket, std::optional<std::chrono::milliseconds> limit = {});

/// A process that is about to replace our program, `ours` (if that is known), by its own.
struct Starting {
    pid_t pid;
    const Fd& pidfd;
    std::optional<ProgramId> ours;
};
/// Waits until it has done so, or has ended. It tells by letting go of its end of `channel` (a socket or FIFO). But who
/// can look into the process may hold on to that, or write to it: so what program it runs counts as well, and the text
/// is made safe for a terminal.
/// @throws the Error that it reports; Error(timeout) after `limit`
void await_program(const Fd& channel, const Starting& process, std::optional<std::chrono::milliseconds> limit = {});

}  // namespace hoist::runtime::init
