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
                                 ? Json{{"level", "error"}, {"msg", message}, {"time", when}}.dump(
                                       -1, ' ', false, Json::error_handler_t::replace) +
                                       "\n"
                                 : "time=\"" + when + "\" level=error msg=\"" + message + "\"\n";
    (void)!::write(file.get(), line.data(), line.size());
}

/// As shells have it: 127 for a program that is not there, 126 for one that cannot run.
int exit_status(const Error& error) {
    if (error.message().find("exec: \"") == std::string::npos) return 1;
    return error.kind() == Kind::not_found ? 127 : 126;
}

void require_protected_program(char** argv);

int run_command(const StateDirectory& state, const std::vector<std::string>& words, char** argv) {
    if (words[0] == "run" || words[0] == "create" || words[0] == "exec") require_protected_program(argv);
    for (const auto& list : {lifecycle_commands, exec_commands, query_commands}) {
        for (const auto& command : list()) {
            if (words[0] != command.name) continue;
            return command.run(state,
                               Arguments::parse({words.begin() + 1, words.end()}, command.options, command.stop_early));
        }
    }
    fail(Kind::invalid, "unknown command \"{}\"; see hoist-runtime --help", words[0]);
}

int run_main(const std::vector<std::string>& words, char** argv) {
#if __has_include("runtime/monitor/monitor.h")
    if (!words.empty() && words[0] == "monitor") return run_monitor({words.begin() + 1, words.end()});
#endif
    Arguments global;
    try {
        global = Arguments::parse(words,
                                  {{"--root", "", true},
                                   {"--log", "", true},
                                   {"--log-format", "", true},
                                   {"--debug", "", false},
                                   {"--systemd-cgroup", "", false},
                                   {"--cgroup-manager", "", true},
                                   {"--rootless", "", true},
                                   {"--help", "-h", false},
                                   {"--version", "-v", false}},
                                  true);
        if (global.has("--version")) {
            fmt::print("hoist-runtime version {}\nspec: 1.2.0\n", HOIST_VERSION);
            return 0;
        }
        if (global.has("--help") || global.words().empty()) {
            std::fputs(usage, global.has("--help") ? stdout : stderr);
            return global.has("--help") ? 0 : 1;
        }
        return run_command(StateDirectory(global.value("--root", "/run/hoist-runtime")), global.words(), argv);
    } catch (const Error& error) {
        log_failure(global, error.message());
        return exit_status(error);
    } catch (const std::exception& error) {
        log_failure(global, error.what());
        return 1;
    }
}

/// Starts this program anew from a file that a container cannot write to, should it get hold of it. As the very first
/// thing, since what was set up before would be set up twice. Returns if that is the case already, or cannot be done.
void leave_writable_file(int, char** argv, char** envp) {
#ifdef HOIST_FAIL_POINTS
    for (char** entry = envp; *entry; ++entry) {
        if (std::strncmp(*entry, "HOIST_WITHOUT=", 14) == 0) return;
    }
#endif
    struct statvfs info {};
    if (::statvfs("/proc/self/exe", &info) == 0 && (info.f_flag & ST_RDONLY)) return;
    const int tree = ::open_tree(AT_FDCWD, "/proc/self/exe", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0) return;
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_RDONLY;
    if (::mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0)
        ::execveat(tree, "", argv, envp, AT_EMPTY_PATH);
    ::close(tree);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// Before the C++ library's own initialisation.
__attribute__((section(".preinit_array"), used)) void (*const before_all)(int, char**, char**) = leave_writable_file;
#endif

/// The same with more effort, for commands that enter a container. @throws Error if it cannot be done
void require_protected_program(char** argv) {
    if (runs_from_read_only_program()) return;
    const Fd copy = read_only_program("/proc/self/exe");
    ::execveat(copy.get(), "", argv, environ, AT_EMPTY_PATH);
    fail_errno(errno, "start from a read-only copy of this program");
}

}  // namespace
}  // namespace hoist::runtime

int main(int argc, char** argv) {
    return hoist::runtime::run_main({argv + 1, argv + argc}, argv);
}
