// SPDX-License-Identifier: Apache-2.0
// hoist-runtime: the OCI runtime's command line, and `hoist-runtime monitor`.
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "base/fd.h"
#include "base/units.h"
#include "runtime/commands.h"
#include "runtime/container.h"
#if __has_include("runtime/monitor/monitor.h")
#include "runtime/monitor/monitor.h"
#endif

namespace hoist::runtime {
namespace {

constexpr const char* usage =
    "usage: hoist-runtime [--root DIR] [--log FILE] [--log-format text|json] COMMAND [ARGUMENTS]\n\n"
    "  create [-b BUNDLE] ID      make a container and stop before its program\n"
    "  start ID                   let a created container run its program\n"
    "  run [-b BUNDLE] [-d] ID    create and start; in the foreground unless -d\n"
    "  exec [-t] ID COMMAND...    run a further program in a container\n"
    "  state ID, list, ps ID      what is there\n"
    "  kill ID [SIGNAL]           signal a container's first process\n"
    "  pause ID, resume ID        freeze it and let it go on\n"
    "  update ID, events ID       change limits; measure\n"
    "  delete [-f] ID             remove a stopped container\n"
    "  spec, features             a configuration to start from; what is supported\n";

void log_failure(const Arguments& global, const std::string& message) {
    fmt::print(stderr, "hoist-runtime: {}\n", message);
    const std::string path = global.value("--log");
    if (path.empty()) return;
    const Fd file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    if (!file) return;
    const std::string when = format_time(now());
    const std::string line = global.value("--log-format") == "json"
                                 ? Json{{"level", "error"}, {"msg", message}, {"time", when}}.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"
                                 : "time=\"" + when + "\" level=error msg=\"" + message + "\"\n";
    (void)!::write(file.get(), line.data(), line.size());
}

/// As shells have it: 127 for a program that is not there, 126 for one that cannot run.
int exit_status(const Error& error) {
    if (error.message().find("exec: \"") == std::string::npos) return 1;
    return error.kind() == Kind::not_found ? 127 : 126;
}

int run_command(const StateDirectory& state, const std::vector<std::string>& words) {
    for (const auto& list : {lifecycle_commands, exec_commands, query_commands}) {
        for (const auto& command : list()) {
            if (words[0] != command.name) continue;
            return command.run(state, Arguments::parse({words.begin() + 1, words.end()}, command.options, command.stop_early));
        }
    }
    fail(Kind::invalid, "unknown command \"{}\"; see hoist-runtime --help", words[0]);
}

int run_main(const std::vector<std::string>& words) {
#if __has_include("runtime/monitor/monitor.h")
    if (!words.empty() && words[0] == "monitor") return run_monitor({words.begin() + 1, words.end()});
#endif
    Arguments global;
    try {
        global = Arguments::parse(words,
                                  {{"--root", "", true}, {"--log", "", true}, {"--log-format", "", true}, {"--debug", "", false},
                                   {"--systemd-cgroup", "", false}, {"--cgroup-manager", "", true}, {"--rootless", "", true},
                                   {"--help", "-h", false}, {"--version", "-v", false}},
                                  true);
        if (global.has("--version")) {
            fmt::print("hoist-runtime version {}\nspec: 1.2.0\n", HOIST_VERSION);
            return 0;
        }
        if (global.has("--help") || global.words().empty()) {
            std::fputs(usage, global.has("--help") ? stdout : stderr);
            return global.has("--help") ? 0 : 1;
        }
        return run_command(StateDirectory(global.value("--root", "/run/hoist-runtime")), global.words());
    } catch (const Error& error) {
        log_failure(global, error.message());
        return exit_status(error);
    } catch (const std::exception& error) {
        log_failure(global, error.what());
        return 1;
    }
}

}  // namespace
}  // namespace hoist::runtime

int main(int argc, char** argv) {
    return hoist::runtime::run_main({argv + 1, argv + argc});
}
