// SPDX-License-Identifier: Apache-2.0
// kill and delete.
#include <poll.h>
#include <regex.h>
#include <signal.h>

#include "base/error.h"
#include "base/text.h"
#include "runtime/clone.h"
#include "runtime/command_log.h"
#include "runtime/launch.h"

namespace hoist::runtime {
namespace {

/// A POSIX extended regular expression.
class Pattern {
public:
    explicit Pattern(const std::string& text) {
        if (::regcomp(&compiled_, text.c_str(), REG_EXTENDED | REG_NOSUB) != 0)
            fail(Kind::invalid, "--regex: \"{}\" is not a regular expression", escape_for_terminal(text));
    }
    Pattern(const Pattern&) = delete;
    ~Pattern() { ::regfree(&compiled_); }
    bool matches(const std::string& text) const { return ::regexec(&compiled_, text.c_str(), 0, nullptr, 0) == 0; }

private:
    regex_t compiled_{};
};

/// Calls what(id) for the id in the arguments, or, with --regex, for each container that it matches; goes on after a
/// failure, and tells the first one at the end.
template <class What>
void for_each_named(const Invocation& invocation, const Arguments& arguments, What what) {
    const std::string& written = arguments.word(0, "the container's id");
    if (!arguments.has("--regex")) return what(written);
    const Pattern pattern(written);
    std::optional<Error> first;
    for (const auto& id : invocation.state.ids()) {
        if (!pattern.matches(id)) continue;
        try {
            what(id);
        } catch (const Error& error) {
            if (first) log_error(error.message());
            if (!first) first = error;
        }
    }
    if (first) throw *first;
}

int signal_number(const Arguments& arguments) {
    const std::string word = arguments.words().size() > 1 ? arguments.words()[1] : arguments.value("--signal", "TERM");
    const int signal = word == "0" ? 0 : parse_signal(word);
    if (signal == 0 && word != "0") fail(Kind::invalid, "unknown signal \"{}\"", escape_for_terminal(word));
    return signal;
}

void kill_one(const StateDirectory& state, const std::string& id, int signal, bool all) {
    const auto record = state.read(id);
    if (all && !record.cgroup_path.empty())
        return Cgroup::open(CgroupLayout::host(), record.cgroup_path).kill_all(signal);
    // These words are what containerd looks for.
    if (state.status(record) == Status::stopped) fail(Kind::conflict, "container not running: {}", id);
    check(signal_process(open_recorded_process(record), signal), "signal container {}", id);
}

int kill(const Invocation& invocation, const Arguments& arguments) {
    const int signal = signal_number(arguments);
    for_each_named(invocation, arguments, [&](const std::string& id) {
        kill_one(invocation.state, id, signal, arguments.has("--all"));
        log_debug("container {}: sent signal {}", id, signal);
    });
    return 0;
}

/// Kills the container's process 1 and waits until it is gone, with all that its pid namespace held.
void kill_and_wait(const ContainerRecord& record, const Cgroup& cgroup) {
    const Fd pidfd = open_recorded_process(record);
    signal_process(pidfd, SIGKILL);
    if (cgroup.frozen()) cgroup.thaw();
    pollfd waiting{pidfd.get(), POLLIN, 0};
    if (::poll(&waiting, 1, 10'000) == 0)
        fail(Kind::timeout, "container {} does not end although it was killed", record.id);
}

void remove_one(const StateDirectory& state, const std::string& id, bool force) {
    if (force && ::access((state.of(id) + "/state.json").c_str(), F_OK) != 0) return state.remove(id);
    const auto record = state.read(id);
    const auto cgroup = Cgroup::open(CgroupLayout::host(), record.cgroup_path);
    const Status status = state.status(record);
    // As runc: one that was never started may go without --force.
    if (status != Status::stopped && status != Status::created && !force)
        fail(Kind::conflict, "cannot delete container {} that is not stopped: it is {}; kill it first, or use --force",
             id, to_string(status));
    if (status != Status::stopped) kill_and_wait(record, cgroup);
    cgroup.remove(record.leftovers);
    if (!record.scope.empty()) SystemdScope::stop(record.scope);
    if (!record.cache_group.empty()) ::rmdir(record.cache_group.c_str());
    std::optional<Config> config;
    try {
        config = state.config_of(record);
    } catch (const Error& problem) {
        log_warning(problem.message());
    }
    state.remove(id);
    if (config) run_poststop_hooks(*config, id, record.bundle);
}

int remove(const Invocation& invocation, const Arguments& arguments) {
    for_each_named(invocation, arguments, [&](const std::string& id) {
        remove_one(invocation.state, id, arguments.has("--force"));
        log_debug("container {}: deleted", id);
    });
    return 0;
}

}  // namespace

std::vector<Command> end_commands() {
    const OptionSpec regex = {"--regex", "-r", "", "ID is a regular expression, for several containers"};
    return {{"kill",
             "[OPTION...] ID [SIGNAL]",
             "signal a container's first process (TERM if none is named)",
             {{"--all", "-a", "", "signal every process in its cgroup"},
              {"--signal", "-s", "SIGNAL", "as SIGNAL after the id"},
              regex},
             false,
             1,
             2,
             kill},
            {"delete",
             "[OPTION...] ID",
             "take away a stopped container, with all that is kept of it",
             {{"--force", "-f", "", "kill it first if it still runs; one that is not there is no error"}, regex},
             false,
             1,
             1,
             remove}};
}

}  // namespace hoist::runtime
