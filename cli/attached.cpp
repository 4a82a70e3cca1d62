// SPDX-License-Identifier: Apache-2.0
#include "cli/attached.h"

#include <csignal>

#include "base/error.h"
#include "base/text.h"
#include "cli/log_follow.h"
#include "cli/operation.h"
#include "cli/targets.h"
#include "wire/filters.h"
#include "wire/time.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

/// Follows a stack: its logs, and the events that say that containers came and went.
class StackFollower {
public:
    StackFollower(Context& context, const AttachedOptions& options)
        : context_(context),
          options_(options),
          logs_(context.client(), {.prefix = options.prefix, .color = options.color, .timestamps = options.timestamps}),
          events_(context.client().stream("GET", "/events?" + event_query())) {
        follow_running(options.since);
        if (events_.has_early()) read_events();
    }

    int run() {
        SignalQueue signals({SIGINT, SIGTERM});
        while (!logs_.empty() || anything_runs()) {
            std::vector<pollfd> waiting = {{signals.fd(), POLLIN, 0}, {events_.fd(), POLLIN, 0}};
            logs_.add_to(waiting);
            ::poll(waiting.data(), waiting.size(), -1);
            if (signals.next() != 0) return stop("\nStopping (Ctrl-C again kills)\n");
            logs_.handle(waiting);
            if (waiting[1].revents != 0) read_events();
            if (abort_status_) {
                stop("\nStopping, because " + escape_for_terminal(ended_) + " has ended\n");
                return *abort_status_;
            }
        }
        return status_;
    }

private:
    std::string event_query() const {
        wire::Filters filters;
        filters.add("label", "com.docker.compose.project=" + options_.project);
        filters.add("type", "container");
        filters.add("event", "start");
        filters.add("event", "die");
        return wire::Query().add("filters", filters.str()).str();
    }

    bool wanted(const ListedContainer& container) const {
        const auto& services = options_.services;
        const auto& without = options_.without;
        if (std::find(without.begin(), without.end(), container.service) != without.end()) return false;
        return services.empty() || std::find(services.begin(), services.end(), container.service) != services.end();
    }

    void follow_running(TimePoint since) {
        for (const auto& container : list_containers(context_, options_.project, true)) {
            if (!wanted(container) || logs_.follows(container.id)) continue;
            // Those that have ended already may have said why.
            logs_.add(container.id, label_of(container), has_terminal(container.id),
                      {.since = wire::unix_text(since), .follow = true});
        }
    }

    bool has_terminal(const std::string& id) const {
        const Json details = context_.client().get(container_path(id, "json"));
        return details.contains("Config") && json_value(details["Config"], "Tty", false);
    }

    bool anything_runs() {
        for (const auto& container : list_containers(context_, options_.project, false))
            if (wanted(container)) return true;
        return false;
    }

    void read_events() {
        if (!events_.read_some(event_bytes_))
            fail(Kind::unavailable, "the daemon went away; the stack goes on: hoist logs -f");
        for (auto end = event_bytes_.find('\n'); end != std::string::npos; end = event_bytes_.find('\n')) {
            const std::string line = event_bytes_.substr(0, end);
            event_bytes_.erase(0, end + 1);
            if (trim(line).empty()) continue;
            const Json event = parse_json(line, "event");
            const auto action = json_value<std::string>(event, "Action", "");
            if (action == "start")
                follow_running(TimePoint(Nanoseconds(json_value<std::int64_t>(event, "timeNano", 0))));
            if (action == "die") note_end(json_value<Json>(event, "Actor", Json::object()));
        }
    }

    void note_end(const Json& actor) {
        const auto attributes = json_value<std::map<std::string, std::string>>(actor, "Attributes", {});
        const auto of = [&](const char* key) {
            const auto found = attributes.find(key);
            return found == attributes.end() ? std::string() : found->second;
        };
        const int code = std::atoi(of("exitCode").c_str());
        const bool ours =
            options_.exit_code_from.empty() || of("com.docker.compose.service") == options_.exit_code_from;
        if (!options_.exit_code_from.empty() && ours) status_ = code;
        using Abort = AttachedOptions::Abort;
        const bool aborts = options_.abort == Abort::on_exit || (options_.abort == Abort::on_failure && code != 0);
        if (!aborts || abort_status_) return;
        ended_ = of("name");
        abort_status_ = ours ? code : 0;
    }

    int stop(const std::string& why) {
        print_error(why);
        wire::ProjectRequest request;
        request.services = options_.services;
        request.timeout = options_.timeout;
        ProgressPrinter printer(ProgressMode::plain, "", false);
        const Ended ended = run_operation(context_, options_.project, "stop", request, printer);
        if (ended != Ended::well) kill_all();
        drain();
        return 0;
    }

    void kill_all() {
        for (const auto& container : list_containers(context_, options_.project, false)) {
            if (!wanted(container)) continue;
            try {
                context_.client().call("POST", container_path(container.id, "kill?signal=KILL"));
            } catch (const Error& error) {
                if (error.kind() != Kind::conflict && error.kind() != Kind::not_found) throw;  // it has ended by itself
            }
        }
    }

    /// The last words; they are there already or will not come.
    void drain() {
        while (!logs_.empty()) {
            std::vector<pollfd> waiting;
            logs_.add_to(waiting);
            if (::poll(waiting.data(), waiting.size(), 1000) <= 0) return;
            logs_.handle(waiting);
        }
    }

    Context& context_;
    AttachedOptions options_;
    LogFollower logs_;
    Answer events_;
    std::string event_bytes_, ended_;
    std::optional<int> abort_status_;
    int status_ = 0;
};

}  // namespace

int follow_stack(Context& context, const AttachedOptions& options) {
    return StackFollower(context, options).run();
}

}  // namespace hoist::cli
