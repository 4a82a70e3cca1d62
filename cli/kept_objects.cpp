// SPDX-License-Identifier: Apache-2.0
// hoist secret and hoist config create, ls, rm, inspect: what projects name with `external: true`
#include <fcntl.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/each.h"
#include "cli/table.h"
#include "wire/base64.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

constexpr std::size_t longest = 500 * 1000;

std::string content_of(const std::string& file) {
    if (file != "-") return read_file(file, longest);
    return read_all(open_file("/dev/stdin", O_RDONLY), longest);
}

int create(Context& context, const Arguments& arguments, const std::string& kind) {
    Json body = {{"Name", arguments.words[0]},
                 {"Data", wire::base64_encode(content_of(arguments.words[1]))},
                 {"Labels", Json::object()}};
    for (const auto& text : arguments.all("label")) {
        const auto equals = text.find('=');
        body["Labels"][text.substr(0, equals)] = equals == std::string::npos ? "" : text.substr(equals + 1);
    }
    const std::string target = "/" + kind + "s/create" + (arguments.flag("replace") ? "?replace=1" : "");
    print(json_value<std::string>(context.client().call("POST", target, body), "ID", "") + "\n");
    return 0;
}

std::string since(const Json& entry, const char* key) {
    const auto time = parse_time(json_value<std::string>(entry, key, ""));
    return time ? human_duration(std::max(now() - *time, Nanoseconds(0))) + " ago" : "";
}

int list(Context& context, const Arguments& arguments, const std::string& kind) {
    const Json all = context.client().get("/" + kind + "s");
    if (wants_json(arguments)) {
        print_json(all);
        return 0;
    }
    std::vector<Row> rows;
    for (const auto& entry : all)
        rows.push_back({json_value<std::string>(entry, "ID", ""),
                        json_value<std::string>(entry.value("Spec", Json::object()), "Name", ""),
                        since(entry, "CreatedAt"), since(entry, "UpdatedAt")});
    if (arguments.flag("quiet"))
        for (const auto& row : rows) print(row[0] + "\n");
    else
        print(format_table({"ID", "NAME", "CREATED", "UPDATED"}, rows));
    return 0;
}

int remove(Context& context, const Arguments& arguments, const std::string& kind) {
    return for_each_name(arguments.words, [&](const std::string& name) {
        context.client().call("DELETE", "/" + kind + "s/" + wire::percent_encode(name));
        return name;
    });
}

int inspect(Context& context, const Arguments& arguments, const std::string& kind) {
    Json all = Json::array();
    for (const auto& name : arguments.words)
        all.push_back(context.client().get("/" + kind + "s/" + wire::percent_encode(name)));
    print_json(all);
    return 0;
}

template <int (*verb)(Context&, const Arguments&, const std::string&)>
int of_secrets(Context& context, const Arguments& arguments) {
    return verb(context, arguments, "secret");
}
template <int (*verb)(Context&, const Arguments&, const std::string&)>
int of_configs(Context& context, const Arguments& arguments) {
    return verb(context, arguments, "config");
}

const Options creation = {{"--label", "NAME=VALUE", "may be repeated"},
                          {"--replace", "", "new content for one that is there"}};
const Options listing = {{"-q, --quiet", "", "only ids"}, format_option};

}  // namespace

std::vector<Command> kept_object_commands() {
    return {{.name = "secret create",
             .words = "NAME FILE|-",
             .summary = "keep a secret for projects that name it external",
             .options = creation,
             .least_words = 2,
             .most_words = 2,
             .run = of_secrets<create>},
            {.name = "secret ls",
             .summary = "list kept secrets",
             .options = listing,
             .most_words = 0,
             .run = of_secrets<list>},
            {.name = "secret rm",
             .words = "SECRET...",
             .summary = "remove kept secrets",
             .least_words = 1,
             .run = of_secrets<remove>},
            {.name = "secret inspect",
             .words = "SECRET...",
             .summary = "show what is known of secrets, not their content",
             .least_words = 1,
             .run = of_secrets<inspect>},
            {.name = "config create",
             .words = "NAME FILE|-",
             .summary = "keep a config for projects that name it external",
             .options = creation,
             .least_words = 2,
             .most_words = 2,
             .run = of_configs<create>},
            {.name = "config ls",
             .summary = "list kept configs",
             .options = listing,
             .most_words = 0,
             .run = of_configs<list>},
            {.name = "config rm",
             .words = "CONFIG...",
             .summary = "remove kept configs",
             .least_words = 1,
             .run = of_configs<remove>},
            {.name = "config inspect",
             .words = "CONFIG...",
             .summary = "show kept configs",
             .least_words = 1,
             .run = of_configs<inspect>}};
}

}  // namespace hoist::cli
