// SPDX-License-Identifier: Apache-2.0
#include "daemon/options.h"

#include <unistd.h>

#include <array>
#include <climits>
#include <cstdlib>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"

namespace hoist::daemon {
namespace {

void take_variable(const char* name, std::string& to) {
    if (const char* value = std::getenv(name); value && *value) to = value;
}

/// The path in "unix:///run/hoist/hoist.sock" or a plain path.
std::string socket_path(const std::string& host) {
    if (host.rfind("unix://", 0) == 0) return host.substr(7);
    if (host.empty() || host.front() == '/') return host;
    fail(Kind::invalid, "host '{}': only unix sockets are served; write unix:///path", host);
}

std::string program_directory() {
    std::array<char, PATH_MAX> path{};
    const auto size = ::readlink("/proc/self/exe", path.data(), path.size() - 1);
    return size > 0 ? split_path(std::string(path.data(), static_cast<std::size_t>(size))).parent : "/usr/bin";
}

}  // namespace

const char* const usage =
    "usage: hoistd [options]\n"
    "  --root DIR         state (HOIST_ROOT, /var/lib/hoist)\n"
    "  --run DIR          run-time files (HOIST_RUN, /run/hoist)\n"
    "  --host SOCKET      unix socket to serve (HOIST_HOST, <run>/hoist.sock)\n"
    "  --config FILE      daemon.json (HOIST_CONFIG, /etc/hoist/daemon.json)\n"
    "  --log-level LEVEL  trace, debug, info, warn, error\n"
    "  --version, --help\n";

Options read_options(const std::vector<std::string>& arguments) {
    Options options;
    take_variable("HOIST_ROOT", options.root);
    take_variable("HOIST_RUN", options.run);
    take_variable("HOIST_HOST", options.socket);
    take_variable("HOIST_CONFIG", options.config);
    const std::array<std::pair<std::string, std::string*>, 6> valued = {{{"--root", &options.root},
                                                                         {"--run", &options.run},
                                                                         {"--host", &options.socket},
                                                                         {"-H", &options.socket},
                                                                         {"--config", &options.config},
                                                                         {"--log-level", &options.log_level}}};
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto equals = arguments[i].find('=');
        const std::string name = arguments[i].substr(0, equals);
        if (name == "--help" || name == "-h")
            options.help = true;
        else if (name == "--version")
            options.version = true;
        else {
            const auto found =
                std::find_if(valued.begin(), valued.end(), [&](const auto& one) { return one.first == name; });
            if (found == valued.end()) fail(Kind::invalid, "unknown option '{}'; see hoistd --help", arguments[i]);
            if (equals == std::string::npos && i + 1 == arguments.size())
                fail(Kind::invalid, "{} needs a value; see hoistd --help", name);
            *found->second = equals == std::string::npos ? arguments[++i] : arguments[i].substr(equals + 1);
        }
    }
    for (auto* path : {&options.root, &options.run})
        if (path->empty() || path->front() != '/') fail(Kind::invalid, "'{}' is not an absolute path", *path);
    options.socket = socket_path(options.socket);
    if (options.socket.empty()) options.socket = options.run + "/hoist.sock";
    return options;
}

std::string find_runtime() {
    const std::string here = program_directory();
    std::vector<std::string> places = {here, here + "/../libexec/hoist"};
    if (const char* path = std::getenv("PATH"))
        for (const auto& directory : split(path, ':'))
            if (!directory.empty() && directory.front() == '/') places.push_back(directory);
    for (const auto& place : places) {
        const std::string program = place + "/hoist-runtime";
        if (::access(program.c_str(), X_OK) == 0) return clean_path(program);
    }
    fail(Kind::not_found, "hoist-runtime is not in {}: install it beside hoistd", join(places, ", "));
}

}  // namespace hoist::daemon
