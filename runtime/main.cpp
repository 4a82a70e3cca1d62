// SPDX-License-Identifier: Apache-2.0
// hoist-runtime: the OCI runtime's command line, and `hoist-runtime monitor`.
#include <dirent.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "runtime/command_log.h"
#include "runtime/commands.h"
#include "runtime/container.h"
#include "runtime/help.h"
#include "runtime/monitor/monitor.h"
#include "runtime/root_view.h"

namespace hoist::runtime {
namespace {

const std::vector<OptionSpec>& global_options() {
    static const std::vector<OptionSpec> options = {
        {"--root", "", "DIR", "where the state of containers is kept (/run/hoist-runtime)"},
        {"--log", "", "FILE", "where to write the log, beside standard error"},
        {"--log-format", "", "FORMAT", "text or json"},
        {"--debug", "", "", "log also what is done"},
        {"--cgroup-manager", "", "MANAGER", "who makes cgroups: cgroupfs, systemd, or disabled for none"},
        {"--systemd-cgroup", "", "", "as --cgroup-manager systemd; cgroupsPath is SLICE:PREFIX:NAME"},
        {"--rootless", "", "true|false|auto", "has no effect"},
        {"--criu", "", "FILE", "has no effect"},
        {"--help", "-h", "", "show this, or a command's options"},
        {"--version", "-v", "", "show the version"}};
    return options;
}

std::vector<Command> all_commands() {
    std::vector<Command> all;
    for (const auto& list :
         {create_commands, end_commands, exec_commands, query_commands, limit_commands, spec_commands}) {
        for (auto& command : list()) all.push_back(std::move(command));
    }
    return all;
}

/// As shells have it: 127 for a program that is not there, 126 for one that cannot run.
int exit_status(const Error& error, int usual) {
    if (usual != 1 || error.message().find("exec: \"") == std::string::npos) return usual;
    return error.kind() == Kind::not_found ? 127 : 126;
}

void require_protected_program(char** argv);

/// The descriptors over 2 that are open now. Called before anything else is opened.
std::vector<int> open_descriptors() {
    std::vector<int> found;
    DIR* directory = ::opendir("/proc/self/fd");
    if (!directory) return found;
    while (const dirent* entry = ::readdir(directory)) {
        const int fd = std::atoi(entry->d_name);
        if (fd > 2 && fd != ::dirfd(directory)) found.push_back(fd);
    }
    ::closedir(directory);
    return found;
}

CgroupManager cgroup_manager(const Arguments& global) {
    if (global.has("--systemd-cgroup")) return CgroupManager::systemd;
    const std::string name = global.value("--cgroup-manager", "cgroupfs");
    if (name == "cgroupfs") return CgroupManager::cgroupfs;
    if (name == "systemd") return CgroupManager::systemd;
    if (name == "disabled") return CgroupManager::disabled;
    fail(Kind::invalid, "unknown cgroup manager \"{}\": there are cgroupfs, systemd and disabled",
         escape_for_terminal(name));
}

std::string program_name(char** argv) {
    const std::string path = argv[0] ? argv[0] : "hoist-runtime";
    return path.substr(path.rfind('/') + 1);
}

void check_word_count(const Command& command, std::size_t count) {
    const char* why = count < command.least_words ? "too few" : count > command.most_words ? "too many" : nullptr;
    if (why) fail(Kind::invalid, "{} arguments; usage: {} {}", why, command.name, command.usage);
}

int run_command(const Command& command, const Arguments& global, std::vector<int> inherited, char** argv) {
    std::vector<OptionSpec> options = command.options;
    options.push_back({"--help", "-h", ""});
    const std::vector<std::string> words(global.words().begin() + 1, global.words().end());
    Arguments arguments;
    try {
        arguments = Arguments::parse(words, options, command.stop_early);
        if (arguments.has("--help")) {
            fmt::print("{}", command_help(program_name(argv), command));
            return 0;
        }
        check_word_count(command, arguments.words().size());
    } catch (Error& error) {
        log_error(error.during("{}", command.name).message());
        return 1;
    }
    if (command.enters_container) require_protected_program(argv);
    const Invocation invocation{StateDirectory(absolute_path(global.value("--root", "/run/hoist-runtime"))),
                                cgroup_manager(global), std::move(inherited)};
    try {
        return command.run(invocation, arguments);
    } catch (const Error& error) {
        log_error(error.message());
        return exit_status(error, command.failure);
    }
}

int run_named(const Arguments& global, std::vector<int> inherited, char** argv) {
    const std::string& name = global.words()[0];
    for (const auto& command : all_commands()) {
        if (name == command.name) return run_command(command, global, std::move(inherited), argv);
    }
    constexpr int no_such_command = 3;  // as runc
    log_error(fmt::format("unknown command: No help topic for '{}'; see {} --help", escape_for_terminal(name),
                          program_name(argv)));
    return no_such_command;
}

void print_version(const std::string& program) {
    fmt::print("{0} version {1}\ncommit: {1}\nspec: {2}\n+SYSTEMD +CAP +SECCOMP +EBPF\n", program, HOIST_VERSION,
               oci_version);
}

int run_main(const std::vector<std::string>& words, char** argv) {
    if (!words.empty() && words[0] == "monitor")
        return run_monitor({words.begin() + 1, words.end()}, [argv] { require_protected_program(argv); });
    if (words.size() == 1 && words[0] == "view") return run_root_view();
    const auto wants_descriptors = [](const std::string& word) {
        return word.find("-preserve-fds") != std::string::npos;
    };
    std::vector<int> inherited;
    if (std::getenv("LISTEN_FDS") || std::any_of(words.begin(), words.end(), wants_descriptors))
        inherited = open_descriptors();
    try {
        const auto global = Arguments::parse(words, global_options(), true);
        if (global.has("--version")) {
            print_version(program_name(argv));
            return 0;
        }
        if (global.has("--help") || global.words().empty()) {
            fmt::print("{}", program_help(program_name(argv), all_commands(), global_options()));
            return 0;
        }
        open_command_log(global.value("--log"), global.value("--log-format", "text"), global.has("--debug"));
        return run_named(global, std::move(inherited), argv);
    } catch (const std::exception& error) {
        log_error(error.what());
        return 1;
    }
}

/// Starts this program anew from a file that a container cannot write to, should it get hold of it. As the very first
/// thing, since what was set up before would be set up twice. Returns if that is the case already, or cannot be done.
[[maybe_unused]] void leave_writable_file(int, char** argv, char** envp) {
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
