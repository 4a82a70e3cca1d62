// SPDX-License-Identifier: Apache-2.0
// hoist stats
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <list>

#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/format.h"
#include "cli/project_files.h"
#include "cli/stats_line.h"
#include "cli/targets.h"
#include "wire/filters.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

/// One container's samples as they come, one a second.
struct Watched {
    std::string id;
    Answer samples;
    std::string bytes;
    StatsLine line;
    int count = 0;
    bool over = false;

    void read() {
        over = !samples.read_some(bytes);
        for (auto end = bytes.find('\n'); end != std::string::npos; end = bytes.find('\n')) {
            const std::string text = bytes.substr(0, end);
            bytes.erase(0, end + 1);
            if (trim(text).empty()) continue;
            line = stats_line(parse_json(text, "stats"));
            ++count;
        }
    }
};

const FieldTitles stats_fields = {{"Container", "CONTAINER"},
                                  {"ID", "CONTAINER ID"},
                                  {"Name", "NAME"},
                                  {"CPUPerc", "CPU %"},
                                  {"MemUsage", "MEM USAGE / LIMIT"},
                                  {"MemPerc", "MEM %"},
                                  {"NetIO", "NET I/O"},
                                  {"BlockIO", "BLOCK I/O"},
                                  {"PIDs", "PIDS"}};

class StatsTable {
public:
    StatsTable(Context& context, const Arguments& arguments)
        : context_(context),
          words_(arguments.words),
          all_(arguments.flag("all")),
          once_(arguments.flag("no-stream")),
          json_(wants_json(arguments)),
          whole_(arguments.flag("no-trunc")),
          arguments_(arguments) {}

    int run() {
        find_containers();
        if (once_) return show_once();
        Answer events = context_.client().stream("GET", "/events?" + event_query());
        SignalQueue signals({SIGINT, SIGTERM});
        for (;;) {
            std::vector<pollfd> waiting = {{signals.fd(), POLLIN, 0}, {events.fd(), POLLIN, 0}};
            for (const auto& one : watched_) waiting.push_back({one.samples.fd(), POLLIN, 0});
            ::poll(waiting.data(), waiting.size(), -1);
            if (signals.next() != 0) return 0;
            if (waiting[1].revents != 0) come_and_go(events);
            if (read_ready(waiting)) draw();
        }
    }

private:
    static std::string event_query() {
        wire::Filters filters;
        filters.add("type", "container");
        for (const char* event : {"start", "die", "destroy", "rename"}) filters.add("event", event);
        return wire::Query().add("filters", filters.str()).str();
    }

    std::vector<std::string> wanted_ids() {
        std::vector<std::string> ids;
        const auto project = find_project_name(context_);
        const auto targets = words_.empty() && !project ? Targets{} : find_targets(context_, words_);
        for (const auto& name : targets.containers)
            ids.push_back(json_value<std::string>(context_.client().get(container_path(name, "json")), "Id", ""));
        if (!targets.containers.empty()) return ids;
        const auto& services = targets.services;
        for (const auto& container : list_containers(context_, targets.project, all_))
            if (services.empty() || std::find(services.begin(), services.end(), container.service) != services.end())
                ids.push_back(container.id);
        return ids;
    }

    void find_containers() {
        const auto ids = wanted_ids();
        const auto wanted = [&](const std::string& id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); };
        watched_.remove_if([&](const Watched& one) { return !wanted(one.id); });
        for (const auto& id : ids) {
            if (std::any_of(watched_.begin(), watched_.end(), [&](const auto& one) { return one.id == id; })) continue;
            watched_.push_back({.id = id, .samples = context_.client().stream("GET", container_path(id, "stats"))});
            while (watched_.back().samples.has_early()) watched_.back().read();
        }
    }

    void come_and_go(Answer& events) {
        std::string ignored;
        if (!events.read_some(ignored)) fail(Kind::unavailable, "the daemon went away");
        find_containers();
        draw();
    }

    /// @return whether the slowest has news: then all are of about the same moment
    bool read_ready(const std::vector<pollfd>& waiting) {
        for (auto it = watched_.begin(); it != watched_.end();) {
            const bool ready = std::any_of(waiting.begin() + 2, waiting.end(), [&](const auto& one) {
                return one.fd == it->samples.fd() && one.revents != 0;
            });
            if (ready) it->read();
            it = it->over ? watched_.erase(it) : std::next(it);
        }
        int least = drawn_ + 1;
        for (const auto& one : watched_) least = std::min(least, one.count);
        return least > drawn_ || watched_.empty();
    }

    /// The first sample has no rates yet; of what does not run there is nothing to wait for.
    int show_once() {
        for (auto& one : watched_)
            while (!one.over && one.count < (one.line.memory_limit > 0 || one.count == 0 ? 2 : 1)) one.read();
        draw();
        return 0;
    }

    void draw() {
        drawn_ = watched_.empty() ? 0 : watched_.front().count;
        for (const auto& one : watched_) drawn_ = std::min(drawn_, one.count);
        if (json_) {
            for (const auto& one : watched_)
                print(stats_object(one.line, whole_).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
            return;
        }
        std::vector<Json> facts;
        for (const auto& one : watched_) facts.push_back(stats_object(one.line, whole_));
        if (print_by_template(arguments_, stats_fields, facts)) return;
        std::vector<Row> rows;
        for (const auto& one : watched_) rows.push_back(stats_row(one.line, whole_));
        const bool live = !once_ && is_terminal(STDOUT_FILENO);
        print((live ? "\x1b[2J\x1b[H" : "") + format_table(stats_titles, rows));
    }

    Context& context_;
    std::vector<std::string> words_;
    bool all_, once_, json_, whole_;
    const Arguments& arguments_;
    std::list<Watched> watched_;
    int drawn_ = 0;
};

int stats(Context& context, const Arguments& arguments) {
    return StatsTable(context, arguments).run();
}

}  // namespace

std::vector<Command> stats_commands() {
    return {{.name = "stats",
             .words = "[SERVICE|CONTAINER...]",
             .summary = "what containers use: processor, memory, network, disk",
             .options = {{"-a, --all", "", "stopped ones too"},
                         {"--no-stream", "", "once, and not every second"},
                         {"--no-trunc", "", "whole ids"},
                         format_option},
             .run = stats,
             .of_stack = true}};
}

}  // namespace hoist::cli
