#pragma once
// SPDX-License-Identifier: Apache-2.0
// A program at a terminal, with a test at the keyboard.

#include <string>
#include <vector>

#include "base/fd.h"

namespace hoist::test {

class PtyCommand {
public:
    explicit PtyCommand(const std::vector<std::string>& command, int rows = 24, int columns = 80);
    ~PtyCommand();
    PtyCommand(const PtyCommand&) = delete;

    void type(const std::string& keys);
    void resize(int rows, int columns);
    /// Waits until the output since the last call holds `text`. @return all output since then; what there is after the
    /// time is up
    std::string read_until(const std::string& text, int seconds = 20);
    /// Waits for the end. @return exit status, 128 + signal; -1 if it goes on, and it is killed then
    int wait(int seconds = 20);

private:
    Fd master_;
    int pid_ = -1;
    std::string seen_;
};

}  // namespace hoist::test
