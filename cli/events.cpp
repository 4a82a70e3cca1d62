// SPDX-License-Identifier: Apache-2.0
// hoist events
#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/format.h"
#include "wire/errors.h"
#include "wire/filters.h"
#include "wire/time.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

/// "2026-01-31T12:00:00.123456789Z container start 3f2a... (image=nginx, name=web-1)"
std::string event_line(const Json& event) {
    const Json actor = json_value<Json>(event, "Actor", Json::object());
    std::vector<std::string> attributes;
    for (const auto& [key, value] : json_value<std::map<std::string, std::string>>(actor, "Attributes", {}))
        attributes.push_back(key + "=" + value);
    const TimePoint time(Nanoseconds(json_value<std::int64_t>(event, "timeNano", 0)));
    std::string text =
        fmt::format("{} {} {} {}", format_time(time), json_value<std::string>(event, "Type", ""),
                    json_value<std::string>(event, "Action", ""), json_value<std::string>(actor, "ID", ""));
    if (!attributes.empty()) text += " (" + join(attributes, ", ") + ")";
    std::replace(text.begin(), text.end(), '\n', ' ');
    return escape_for_terminal(text) + "\n";
}

wire::Query query_of(const Arguments& arguments) {
    wire::Query query;
    const TimePoint present = now();
    for (const char* name : {"since", "until"})
        if (arguments.has(name))
            query.add(name,
                      wire::unix_text(wire::parse_moment(arguments.get(name), present, std::string("--") + name)));
    wire::Filters filters;
    for (const auto& text : arguments.all("filter")) filters.add(text);
    if (!filters.empty()) query.add("filters", filters.str());
    return query;
}

/// Prints the whole lines of `bytes` and takes them off.
void print_events(std::string& bytes, const Arguments& arguments) {
    const bool json = arguments.flag("json") || arguments.get("format") == "json";
    for (auto end = bytes.find('\n'); end != std::string::npos; end = bytes.find('\n')) {
        const std::string line = bytes.substr(0, end);
        bytes.erase(0, end + 1);
        if (trim(line).empty()) continue;
        const Json event = parse_json(line, "event");
        if (print_by_template(arguments, {}, {event})) continue;
        print(json ? wire::dump(event) + "\n" : event_line(event));
    }
}

int events(Context& context, const Arguments& arguments) {
    wants_json(arguments);  // refuses what is no format before anything is asked
    Answer answer = context.client().stream("GET", "/events?" + query_of(arguments).str());
    std::string bytes;
    for (bool more = true; more;) {
        more = answer.read_some(bytes);  // the last bytes come with the end
        print_events(bytes, arguments);
    }
    return 0;
}

}  // namespace

std::vector<Command> event_commands() {
    return {{.name = "events",
             .summary = "show what happens",
             .options = {{"--since", "TIME", "from then on: a time, or a duration ago"},
                         {"--until", "TIME", "up to then"},
                         {"--filter", "KEY=VALUE", "type, event, container, image, label, ...; may be repeated"},
                         {"--json", "", "as --format json"},
                         format_option},
             .most_words = 0,
             .run = events}};
}

}  // namespace hoist::cli
