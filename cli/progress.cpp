// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <unistd.h>

#include "base/text.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "wire/errors.h"

namespace hoist::cli {
namespace {

constexpr auto between_pictures = std::chrono::milliseconds(100);
constexpr std::string_view erase_line = "\x1b[2K";

std::string title(const std::string& kind) {
    std::string word = escape_for_terminal(kind);
    if (!word.empty()) word[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(word[0])));
    return word;
}

std::string seconds_text(double seconds) {
    return fmt::format("{:.1f}s", seconds);
}

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

std::string colored(const std::string& text, const char* code, bool color) {
    return color ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
}

const char* spinner(ProgressView::Clock::time_point now) {
    constexpr std::array<const char*, 10> frames = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
    const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() / 100;
    return frames[static_cast<std::size_t>(tenths) % frames.size()];
}

}  // namespace

void ProgressView::apply(const wire::ProgressLine& line, Clock::time_point now) {
    auto entry = std::find_if(entries_.begin(), entries_.end(),
                              [&](const auto& one) { return one.kind == line.kind && one.name == line.name; });
    if (entry == entries_.end())
        entry = entries_.insert(entry, Entry{.kind = line.kind, .name = line.name, .since = now});
    const bool busy = line.phase == "started" || line.phase == "waiting";
    if (busy && !entry->busy) entry->since = now;
    entry->text = line.text;
    entry->busy = busy;
    entry->failed = line.phase == "failed";
    if (line.phase == "done" && (line.text == "Started" || line.text == "Running" || line.text == "Healthy"))
        entry->started = true;
    if (line.phase == "started" && (line.text == "Stopping" || line.text == "Removing")) entry->started = false;
    entry->seconds = line.seconds;
}

std::string ProgressView::line_of(const Entry& entry, std::size_t name_width, int columns, bool color,
                                  Clock::time_point now) const {
    const double seconds = entry.busy ? std::chrono::duration<double>(now - entry.since).count() : entry.seconds;
    const std::string mark = entry.failed ? "✘" : entry.busy ? spinner(now) : "✔";
    const std::string name = fmt::format("{} {}", title(entry.kind), escape_for_terminal(entry.name));
    const std::string text = escape_for_terminal(first_line(entry.text));
    const std::string left = fmt::format("{}{}  {}", name, std::string(name_width - display_width(name), ' '), text);
    const std::string time = seconds_text(seconds);
    const std::size_t room = static_cast<std::size_t>(std::max(columns, 30)) - time.size() - 5;
    const std::string cut = shorten(left, room);
    const char* code = entry.failed ? "31" : entry.busy ? "33" : "32";
    return fmt::format(" {} {}{} {}", colored(mark, code, color), cut, std::string(room - display_width(cut), ' '),
                       colored(time, "34", color));
}

std::vector<std::string> ProgressView::picture(const std::string& headline, int rows, int columns, bool color,
                                               Clock::time_point now) const {
    std::size_t done = 0, name_width = 0;
    for (const auto& entry : entries_) {
        done += entry.busy ? 0 : 1;
        name_width = std::max(name_width, display_width(title(entry.kind) + " " + escape_for_terminal(entry.name)));
    }
    std::vector<std::string> lines = {fmt::format("{} {}/{}", headline, done, entries_.size())};
    // What does not fit: finished lines give way first, as their news is old.
    const std::size_t room = static_cast<std::size_t>(std::max(rows - 2, 3));
    std::size_t hidden = entries_.size() > room ? entries_.size() - room : 0, skipped = 0, left_out = 0;
    std::vector<const Entry*> shown;
    for (const auto& entry : entries_) {
        if (skipped < hidden && !entry.busy && !entry.failed)
            ++skipped;
        else
            shown.push_back(&entry);
    }
    if (shown.size() > room) {
        left_out = shown.size() - room;
        shown.resize(room);
    }
    for (const auto* entry : shown) lines.push_back(line_of(*entry, name_width, columns, color, now));
    if (skipped + left_out > 0) lines.push_back(fmt::format("   ... {} more", skipped + left_out));
    return lines;
}

std::vector<std::string> ProgressView::started() const {
    std::vector<std::string> names;
    for (const auto& entry : entries_)
        if (entry.kind == "container" && entry.started) names.push_back(entry.name);
    return names;
}

std::string plain_line(const wire::ProgressLine& line) {
    std::string text = fmt::format(" {} {}  {}", title(line.kind), escape_for_terminal(line.name),
                                   escape_for_terminal(first_line(line.text)));
    if (line.phase == "done" && line.seconds >= 0.05) text += "  " + seconds_text(line.seconds);
    return text + "\n";
}

ProgressPrinter::ProgressPrinter(ProgressMode mode, std::string headline, bool color)
    : mode_(mode), headline_(std::move(headline)), color_(color) {}

ProgressPrinter::~ProgressPrinter() {
    finish();
}

void ProgressPrinter::apply(const wire::ProgressLine& line) {
    view_.apply(line, ProgressView::Clock::now());
    if (mode_ == ProgressMode::json) print_error(wire::dump(wire::to_json(line)) + "\n");
    if (mode_ == ProgressMode::plain) print_error(plain_line(line));
    tick();
}

void ProgressPrinter::tick() {
    if (mode_ == ProgressMode::tty && ProgressView::Clock::now() - last_ >= between_pictures) draw();
}

void ProgressPrinter::finish() {
    if (mode_ == ProgressMode::tty && !finished_) draw();
    finished_ = true;
}

void ProgressPrinter::draw() {
    last_ = ProgressView::Clock::now();
    const auto size = terminal_size(STDERR_FILENO);
    const auto lines = view_.picture(headline_, size.rows, size.columns, color_, last_);
    std::string text;
    if (drawn_ > 0) text += fmt::format("\x1b[{}A", drawn_);
    for (const auto& line : lines) text += fmt::format("\r{}{}\n", erase_line, line);
    for (std::size_t i = lines.size(); i < drawn_; ++i) text += fmt::format("\r{}\n", erase_line);
    if (drawn_ > lines.size()) text += fmt::format("\x1b[{}A", drawn_ - lines.size());
    drawn_ = lines.size();
    print_error(text);
}

}  // namespace hoist::cli
