// SPDX-License-Identifier: Apache-2.0
#include "cli/log_follow.h"

#include "base/error.h"
#include "base/text.h"
#include "cli/table.h"
#include "cli/targets.h"
#include "cli/terminal.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

constexpr std::array<int, 12> colors = {36, 33, 32, 35, 34, 96, 93, 92, 95, 94, 31, 91};
constexpr std::size_t longest_line = 1 << 20;

}  // namespace

std::string log_target(const std::string& id, const LogWindow& window, bool timestamps) {
    wire::Query query;
    query.add("stdout", "1").add("stderr", "1");
    if (timestamps) query.add("timestamps", "1");
    if (!window.since.empty()) query.add("since", window.since);
    if (!window.until.empty()) query.add("until", window.until);
    if (!window.tail.empty()) query.add("tail", window.tail);
    if (window.follow) query.add("follow", "1");
    return container_path(id, "logs?" + query.str());
}

LogSource::LogSource(Answer answer, std::string label, bool tty, std::string id)
    : answer_(std::move(answer)), label_(std::move(label)), id_(std::move(id)), tty_(tty) {}

bool LogSource::read() {
    std::string bytes;
    const bool more = answer_.read_some(bytes);
    if (tty_) {
        take(wire::FrameStream::stdout_, bytes);
    } else {
        for (const auto& part : decoder_.feed(bytes)) take(part.stream, part.bytes);
    }
    if (!more)
        for (const auto stream : {wire::FrameStream::stdout_, wire::FrameStream::stderr_}) cut(stream, true);
    return more;
}

void LogSource::take(wire::FrameStream stream, std::string_view bytes) {
    partial_[static_cast<std::size_t>(stream)].append(bytes);
    cut(stream, false);
}

void LogSource::cut(wire::FrameStream stream, bool rest) {
    std::string& bytes = partial_[static_cast<std::size_t>(stream)];
    std::size_t start = 0;
    while (start < bytes.size()) {
        const auto end = bytes.find('\n', start);
        if (end == std::string::npos && !rest && bytes.size() - start < longest_line) break;
        const std::size_t size = end == std::string::npos ? bytes.size() - start : end + 1 - start;
        const std::string_view line = std::string_view(bytes).substr(start, size);
        const auto blank = line.find(' ');
        const bool stamped = blank != std::string_view::npos && blank < 40;
        lines.push_back({std::string(stamped ? line.substr(0, blank) : ""),
                         std::string(stamped ? line.substr(blank + 1) : line), stream});
        start += size;
    }
    bytes.erase(0, start);
}

void LogFollower::add(const std::string& id, const std::string& label, bool tty, const LogWindow& window) {
    Answer answer = client_.stream("GET", log_target(id, window, true));
    sources_.emplace_back(std::move(answer), label, tty, id);
    if (std::find(labels_.begin(), labels_.end(), label) == labels_.end()) labels_.push_back(label);
    width_ = std::max(width_, display_width(escape_for_terminal(label)));
    if (window.follow) show_early();
}

void LogFollower::show_early() {
    LogSource& source = sources_.back();
    if (!source.has_early()) return;
    const bool more = source.read();
    for (; !source.lines.empty(); source.lines.pop_front()) print_line(source, source.lines.front());
    if (!more) sources_.pop_back();
}

bool LogFollower::follows(const std::string& id) const {
    return std::any_of(sources_.begin(), sources_.end(), [&](const auto& source) { return source.id() == id; });
}

void LogFollower::print_merged() {
    // Each source is in order: the oldest of the first lines is the next one. RFC 3339 in UTC sorts as text once its
    // fraction has a fixed length, which format_time gives it.
    for (;;) {
        for (auto it = sources_.begin(); it != sources_.end();) {
            bool more = true;
            while (it->lines.empty() && more) more = it->read();
            it = it->lines.empty() ? sources_.erase(it) : std::next(it);
        }
        if (sources_.empty()) return;
        auto oldest = std::min_element(sources_.begin(), sources_.end(), [](const auto& a, const auto& b) {
            return a.lines.front().time < b.lines.front().time;
        });
        print_line(*oldest, oldest->lines.front());
        oldest->lines.pop_front();
    }
}

void LogFollower::add_to(std::vector<pollfd>& waiting) const {
    for (const auto& source : sources_) waiting.push_back({source.fd(), POLLIN, 0});
}

void LogFollower::handle(const std::vector<pollfd>& waiting) {
    for (auto it = sources_.begin(); it != sources_.end();) {
        const auto ready = std::find_if(waiting.begin(), waiting.end(),
                                        [&](const auto& one) { return one.fd == it->fd() && one.revents != 0; });
        const bool more = ready == waiting.end() || it->read();
        for (; !it->lines.empty(); it->lines.pop_front()) print_line(*it, it->lines.front());
        it = more ? std::next(it) : sources_.erase(it);
    }
}

void LogFollower::print_line(const LogSource& source, const StampedLine& line) const {
    std::string text;
    if (style_.prefix) {
        const std::string label = escape_for_terminal(source.label());
        const std::string left = label + std::string(width_ - display_width(label) + 2, ' ') + "| ";
        const auto index = std::find(labels_.begin(), labels_.end(), source.label()) - labels_.begin();
        text = style_.color
                   ? fmt::format("\x1b[{}m{}\x1b[0m", colors[static_cast<std::size_t>(index) % colors.size()], left)
                   : left;
    }
    if (style_.timestamps) text += line.time + " ";
    text += line.text;
    // Lines of several containers must not run into each other.
    if (style_.prefix && text.back() != '\n') text += '\n';
    if (style_.split_streams && line.stream == wire::FrameStream::stderr_)
        print_error(text);
    else
        print(text);
}

}  // namespace hoist::cli
