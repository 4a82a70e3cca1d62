#pragma once
// SPDX-License-Identifier: Apache-2.0
// Progress of an operation: live lines on a terminal, one line per step elsewhere. Always on standard error.

#include <chrono>
#include <string>
#include <vector>

#include "wire/project_messages.h"

namespace hoist::cli {

enum class ProgressMode { tty, plain, json, quiet };

/// What is known of the steps so far, and its pictures. Pure.
class ProgressView {
public:
    using Clock = std::chrono::steady_clock;

    void apply(const wire::ProgressLine& line, Clock::time_point now);
    /// The picture for a screen: a headline, then a line per object; at most `rows` lines, cut to `columns`.
    std::vector<std::string> picture(const std::string& headline, int rows, int columns, bool color,
                                     Clock::time_point now) const;
    /// Names of the containers that were started.
    std::vector<std::string> started() const;

private:
    struct Entry {
        std::string kind, name, text;
        bool busy = true, failed = false, started = false;
        Clock::time_point since;
        double seconds = 0;
    };
    std::string line_of(const Entry& entry, std::size_t name_width, int columns, bool color,
                        Clock::time_point now) const;
    std::vector<Entry> entries_;
};

/// " Container web-1  Started  0.3s"
std::string plain_line(const wire::ProgressLine& line);

/// Draws a ProgressView on standard error as lines come; redraws at most ten times a second.
class ProgressPrinter {
public:
    ProgressPrinter(ProgressMode mode, std::string headline, bool color);
    ~ProgressPrinter();  ///< draws the last picture
    void apply(const wire::ProgressLine& line);
    /// Called now and then, for the spinner and the seconds.
    void tick();
    /// The last picture, after which others may print.
    void finish();
    const ProgressView& view() const { return view_; }
    bool live() const { return mode_ == ProgressMode::tty; }

private:
    void draw();
    ProgressMode mode_;
    std::string headline_;
    bool color_, finished_ = false;
    ProgressView view_;
    std::size_t drawn_ = 0;
    ProgressView::Clock::time_point last_{};
};

}  // namespace hoist::cli
