// SPDX-License-Identifier: Apache-2.0
// create, run, start.
#include <signal.h>

#include "base/error.h"
#include "base/file.h"
#include "runtime/clone.h"
#include "runtime/command_log.h"
#include "runtime/init/report.h"
#include "runtime/launch.h"

namespace hoist::runtime {
namespace {

int create(const Invocation& invocation, const Arguments& arguments) {
    Launch launch(invocation, arguments, true);
    launch.create(true);
    return 0;
}

int run(const Invocation& invocation, const Arguments& arguments) {
    const bool detached = arguments.has("--detach");
    Launch launch(invocation, arguments, detached);
    launch.create(false);
    launch.start();
    return detached ? 0 : launch.finish(arguments.has("--keep"));
}

/// Gives the waiting process the word, and hears whether it could exec.
void let_go(const std::string& directory, const ContainerRecord& record, const Fd& process) {
    const Fd report = open_file(directory + "/report.fifo", O_RDONLY | O_NONBLOCK);
    const Fd go = open_file(directory + "/start.fifo", O_WRONLY | O_NONBLOCK);
    check(::write(go.get(), "g", 1), "start container {}", record.id);
    ::unlink((directory + "/start.fifo").c_str());
    ::unlink((directory + "/report.fifo").c_str());
    init::await_program(report, {record.pid, process, record.runtime});
}

int start(const Invocation& invocation, const Arguments& arguments) {
    const auto& state = invocation.state;
    const auto record = state.read(arguments.word(0, "the container's id"));
    const Status status = state.status(record);
    if (status != Status::created)
        fail(Kind::conflict, "cannot start container {}: it is {}, not created", record.id, to_string(status));
    const Fd process = open_recorded_process(record);
    NotifySocket notify = NotifySocket::find(state.of(record.id));
    notify.listen();
    let_go(state.of(record.id), record, process);
    log_debug("container {}: its program runs as process {}", record.id, record.pid);
    notify.wait_until_ready(process);
    const Config config = state.config_of(record);
    try {
        run_hooks(config.hooks.poststart, container_state(config, record.id, record.bundle, "running", record.pid));
    } catch (...) {
        signal_process(process, SIGKILL);
        throw;
    }
    return 0;
}

}  // namespace

std::vector<Command> create_commands() {
    const std::vector<OptionSpec> making = {
        {"--bundle", "-b", "DIR", "the directory with config.json, instead of the working directory"},
        {"--config", "-f", "FILE", "another name than config.json"},
        {"--console-socket", "", "SOCKET", "where to send the terminal's master end"},
        {"--pid-file", "", "FILE", "where to write the process id"},
        {"--preserve-fds", "", "N", "pass N descriptors from 3 on to the program"},
        {"--no-pivot", "", "", "move the root instead of pivot_root(2)"},
        {"--no-new-keyring", "", "", "keep the caller's session keyring"},
        {"--no-subreaper", "", "", "has no effect: nothing is made a subreaper"}};
    auto running = making;
    running.push_back({"--detach", "-d", "", "leave the container to itself"});
    running.push_back({"--keep", "", "", "do not delete the container when it ends"});
    return {{"create", "[OPTION...] ID", "make a container and stop before its program", making, false, 1, 1, create, 1,
             true},
            {"run", "[OPTION...] ID", "create and start, in the foreground unless detached", running, false, 1, 1, run,
             1, true},
            {"start", "ID", "let a created container run its program", {}, false, 1, 1, start}};
}

}  // namespace hoist::runtime
