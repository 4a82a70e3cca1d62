// SPDX-License-Identifier: Apache-2.0
#include "compose/explain.h"

#include <algorithm>

namespace hoist::compose {
namespace {

struct Page {
    std::string_view code, text;
};

constexpr Page pages[] = {
    {"C01", R"(C01: the file is not YAML that hoist reads

The text breaks YAML's rules, or a limit that guards against hostile files: at most 1 MiB a file, nesting of 100 levels,
100,000 values after aliases are expanded.

Often it is one of these:
  a tab in the indentation           YAML allows only spaces there
  keys of one map in two columns     line them up
  a colon and a space inside a text  quote the text: command: "echo a: b"
  a text that begins with @, `, %, * or & without quotes
  a bracket or a quote that is not closed
)"},
    {"C02", R"(C02: a key is there twice, or a merge key merges what it cannot

Two equal keys in one map: YAML forbids it, and which of the two would count is anybody's guess. Remove one.

    services:
      web:
        image: nginx
        image: apache     # C02

`<<` takes a map, an alias of one, or a list of those; a list cannot be merged into a map:

    environment:
      <<: *defaults       # good if *defaults is a map
)"},
    {"C03", R"(C03: an unknown key

The Compose Specification has no such key at this place, so it would be without effect: mostly a slip of the pen, or a key
one level too high or too low. hoist suggests the nearest one. Keys of your own begin with x-.

    services:
      web:
        imagee: nginx     # C03: did you mean "image"?
)"},
    {"C04", R"(C04: a value of the wrong kind, or none where one is needed

A list where a map is expected, a text where a number is, or a required value that is missing.

    ports: 8080           # C04: a list is expected
    ports:
      - "8080"            # good
)"},
    {"C05", R"(C05: a value that cannot be read

The kind is right, the writing is not: ports, sizes, durations, addresses, names, file modes, signals, schedules.

    ports: ["80x:80"]     # a port is a number from 1 to 65535
    mem_limit: 512 megs   # 512m
    interval: 30          # 30s: a duration has a unit
)"},
    {"C06", R"(C06: variables

${NAME:?message} without NAME is an error with that message. A name that is not set otherwise gives an empty text and a
warning. What is not a variable is written with two dollars: $$HOME.

    ${NAME}               its value, or an empty text
    ${NAME:-default}      default if unset or empty;   ${NAME-default} if unset
    ${NAME:?message}      an error if unset or empty;  ${NAME?message} if unset
    ${NAME:+other}        other if set and not empty;  ${NAME+other} if set

Values come from the environment, then from .env beside the file (or --env-file).
)"},
    {"C07", R"(C07: a name that nothing has

A service, network, volume, config or secret is named and not defined, or only defined under a profile that is not
enabled. Networks, volumes, configs and secrets are defined at the top level:

    services:
      web:
        networks: [back]
    networks:
      back:
)"},
    {"C08", R"(C08: a circle

Services wait for one another (depends_on, links, network_mode: service:x, volumes_from), or files include or extend
themselves. Every edge of the circle is shown with its line; one of them has to go.
)"},
    {"C09", R"(C09: a contradiction

Two keys exclude each other, or say the same thing differently: network_mode with networks, cpus against
deploy.resources.limits.cpus, two mounts on one path, external: true with other keys, container_name with scale.
)"},
    {"C10", R"(C10: a file

A file that is named is not there or cannot be read: env_file, include, extends, the file of a config or secret; or a
line of an env file is malformed. Relative paths start from the project's directory, those of an included file from its
own. An env_file that may be absent:

    env_file:
      - path: ./local.env
        required: false
)"},
    {"C11", R"(C11: a conflict on the host

Two services publish one host port, have one address or one container name; an address lies outside its network's subnet;
two subnets overlap. It would fail when the second one is started, so it is told before.
)"},
    {"C12", R"(C12: no effect here

The key is valid and does nothing on this engine or host (Swarm, Windows, device drivers), or what it asks for is not
available. docs/compose-keys.md lists the state of every key.
)"},
};

}  // namespace

std::string explain(std::string_view code) {
    std::string wanted(code);
    std::transform(wanted.begin(), wanted.end(), wanted.begin(), [](unsigned char c) { return std::toupper(c); });
    for (const auto& page : pages)
        if (page.code == wanted) return std::string(page.text);
    return "";
}

std::vector<std::string> explained_codes() {
    std::vector<std::string> codes;
    for (const auto& page : pages) codes.emplace_back(page.code);
    return codes;
}

}  // namespace hoist::compose
