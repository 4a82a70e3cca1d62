#pragma once
// SPDX-License-Identifier: Apache-2.0
// The terminal that the user sits at.

#include <sys/signalfd.h>
#include <termios.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace hoist::cli {

bool is_terminal(int fd);

struct TerminalSize {
    int rows = 24, columns = 80;
};
TerminalSize terminal_size(int fd);

/// Puts a terminal into raw mode, and back on every way out, signals that end the program included.
class RawMode {
public:
    explicit RawMode(int fd);
    ~RawMode();
    RawMode(const RawMode&) = delete;

private:
    int fd_;
    termios before_{};
};

/// Signals taken as bytes of a descriptor, so that a poll() sees them; blocked for the process meanwhile.
class SignalQueue {
public:
    explicit SignalQueue(const std::vector<int>& signals);
    ~SignalQueue();
    int fd() const { return fd_.get(); }
    /// The next signal; 0 if none waits.
    int next();

private:
    sigset_t before_{};
    Fd fd_;
};

/// Writes to standard output or error, all of it; a closed pipe ends the program quietly, as `hoist logs | head` needs.
void print(std::string_view text);
void print_error(std::string_view text);

enum class Ansi { automatic, always, never };
/// Whether to colour what goes to `fd`. NO_COLOR counts. @see https://no-color.org
bool use_color(Ansi choice, int fd);

}  // namespace hoist::cli
