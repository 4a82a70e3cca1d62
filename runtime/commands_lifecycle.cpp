// SPDX-License-Identifier: Apache-2.0
// create, run, start, kill, delete.
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "base/units.h"
#include "runtime/clone.h"
#include "runtime/commands.h"
#include "runtime/container.h"
#include "runtime/init/report.h"

namespace hoist::runtime {
namespace {

std::string absolute(const std::string& path) {
    if (!path.empty() && path[0] == '/') return clean_path(path);
    char here[4096];
    if (!::getcwd(here, sizeof here)) fail_errno(errno, "find the working directory");
    return clean_path(std::string(here) + "/" + path);
}

std::vector<int> preserved_fds(const Arguments& arguments) {
    std::vector<int> fds;
    for (int n = 0; n < arguments.number("--preserve-fds", 0); ++n) fds.push_back(3 + n);
    return fds;
}

/// A container on its way, with all that has to be undone if it does not get there.
struct Launch {
    const StateDirectory& state;
    const Arguments& arguments;
    std::string id, bundle;
    Config config;
    Created created;

    Launch(const StateDirectory& directory, const Arguments& args)
        : state(directory),
          arguments(args),
          id(args.word(0, "the container's id")),
          bundle(absolute(args.value("--bundle", "."))),
          config(load_bundle(bundle)) {}

    CreateOptions options() const {
        CreateOptions made;
        made.config = config;
        made.id = id;
        made.bundle = bundle;
        made.no_pivot = arguments.has("--no-pivot");
        made.preserved_fds = preserved_fds(arguments);
        if (!config.seccomp.is_null()) made.seccomp = cached_seccomp(config.seccomp, state.seccomp_cache());
        return made;
    }

    void record() const {
        ContainerRecord made;
        made.id = id;
        made.bundle = bundle;
        made.cgroup_path = created.cgroup.path();
        made.created = format_time(now());
        made.pid = created.pid;
        made.start_time = process_start_time(created.pid);
        made.annotations = config.annotations;
        state.write(made);
        if (arguments.has("--pid-file"))
            write_file_atomic(arguments.value("--pid-file"), std::to_string(created.pid), 0644, Durable::no);
    }

    void hand_over_terminal() {
        if (arguments.has("--console-socket") && created.terminal) {
            send_terminal(arguments.value("--console-socket"), created.terminal);
            created.terminal.reset();
        }
    }

    void undo() noexcept {
        try {
            if (created.pid > 0) {
                signal_process(created.pidfd, SIGKILL);
                reap(created.pid);
            }
            created.cgroup.remove();
            state.remove(id);
        } catch (const std::exception&) {  // the error that led here is the one to tell
        }
    }

    Json document(const char* status, pid_t pid) const { return container_state(config, id, bundle, status, pid); }
};

void warn(const std::exception& problem) {
    fmt::print(stderr, "hoist-runtime: warning: {}\n", problem.what());
}

void check_terminal_use(const Launch& launch, bool detached) {
    const bool terminal = launch.config.process.terminal, socket = launch.arguments.has("--console-socket");
    if (terminal && detached && !socket)
        fail(Kind::invalid, "a detached container with a terminal needs --console-socket");
    if (!terminal && socket) fail(Kind::invalid, "--console-socket is for containers with process.terminal");
}

Fd make_fifo(const std::string& path) {
    check(::mkfifo(path.c_str(), 0600), "make {}", path);
    return open_file(path, O_RDWR);  // both ends, so that neither open blocks and no end-of-file comes early
}

int create(const StateDirectory& state, const Arguments& arguments) {
    Launch launch(state, arguments);
    check_terminal_use(launch, true);
    state.reserve(launch.id);
    try {
        CreateOptions options = launch.options();
        options.start_fifo = make_fifo(state.of(launch.id) + "/start.fifo");
        options.report_fifo = make_fifo(state.of(launch.id) + "/report.fifo");
        launch.created = create_container(std::move(options));
        launch.record();
        launch.hand_over_terminal();
    } catch (...) {
        launch.undo();
        throw;
    }
    return 0;
}

int start(const StateDirectory& state, const Arguments& arguments) {
    const auto record = state.read(arguments.word(0, "the container's id"));
    const std::string directory = state.of(record.id);
    if (state.status(record) != Status::created)
        fail(Kind::conflict, "start container {}: it is {}, not created", record.id, to_string(state.status(record)));
    const Fd report = open_file(directory + "/report.fifo", O_RDONLY | O_NONBLOCK);
    const Fd go = open_file(directory + "/start.fifo", O_WRONLY | O_NONBLOCK);
    check(::fcntl(report.get(), F_SETFL, 0), "listen to the container's process");
    check(::write(go.get(), "g", 1), "start container {}", record.id);
    ::unlink((directory + "/start.fifo").c_str());
    const std::string text = read_all(report);  // until it has exec'd, or failed
    ::unlink((directory + "/report.fifo").c_str());
    if (const auto problem = init::parse_error_report(text)) throw *problem;
    const Config config = load_bundle(record.bundle);
    run_hooks(config.hooks.poststart, container_state(config, record.id, record.bundle, "running", record.pid));
    return 0;
}

/// Waits for the end and takes everything away.
int finish(Launch& launch) {
    const int code = wait_in_foreground(launch.created.pid, launch.created.pidfd, std::move(launch.created.terminal));
    launch.created.pid = -1;
    launch.created.cgroup.remove();
    launch.state.remove(launch.id);
    try {
        run_hooks(launch.config.hooks.poststop, launch.document("stopped", 0));
    } catch (const Error& problem) {
        warn(problem);
    }
    return code;
}

int run(const StateDirectory& state, const Arguments& arguments) {
    Launch launch(state, arguments);
    const bool detached = arguments.has("--detach");
    check_terminal_use(launch, detached);
    state.reserve(launch.id);
    try {
        launch.created = create_container(launch.options());
        launch.record();
        launch.hand_over_terminal();
        start_container(launch.created);
        if (!launch.config.hooks.poststart.empty())
            run_hooks(launch.config.hooks.poststart, launch.document("running", launch.created.pid));
        return detached ? 0 : finish(launch);
    } catch (...) {
        launch.undo();
        throw;
    }
}

int kill(const StateDirectory& state, const Arguments& arguments) {
    const auto record = state.read(arguments.word(0, "the container's id"));
    const std::string word = arguments.words().size() > 1 ? arguments.words()[1] : arguments.value("--signal", "TERM");
    const int signal = parse_signal(word);
    if (signal == 0) fail(Kind::invalid, "\"{}\" is not a signal", escape_for_terminal(word));
    if (arguments.has("--all")) {
        Cgroup::open(CgroupLayout::host(), record.cgroup_path).kill_all(signal);
        return 0;
    }
    if (state.status(record) == Status::stopped) fail(Kind::conflict, "container {} is not running", record.id);
    check(signal_process(open_recorded_process(record), signal), "signal container {}", record.id);
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

int remove(const StateDirectory& state, const Arguments& arguments) {
    const std::string id = arguments.word(0, "the container's id");
    const bool force = arguments.has("--force");
    if (force && ::access((state.of(id) + "/state.json").c_str(), F_OK) != 0) {
        if (!id.empty() && id.find('/') == std::string::npos && id[0] != '.') state.remove(id);
        return 0;
    }
    const auto record = state.read(id);
    const auto cgroup = Cgroup::open(CgroupLayout::host(), record.cgroup_path);
    const Status status = state.status(record);
    // As runc: one that was never started may go without --force.
    if (status != Status::stopped && status != Status::created && !force)
        fail(Kind::conflict, "container {} is {}: stop it first, or use --force", id, to_string(status));
    if (status != Status::stopped) kill_and_wait(record, cgroup);
    cgroup.remove();
    state.remove(id);
    try {
        const Config config = load_bundle(record.bundle);
        run_hooks(config.hooks.poststop, container_state(config, id, record.bundle, "stopped", 0));
    } catch (const Error& problem) {
        if (problem.kind() != Kind::not_found) warn(problem);  // a bundle that is gone has no hooks either
    }
    return 0;
}

}  // namespace

Config load_bundle(const std::string& bundle) {
    const std::string path = bundle + "/config.json";
    try {
        Config config = config_from_json(parse_json(read_file(path, 16u << 20), "config.json"));
        if (config.root_path.empty()) fail(Kind::invalid, "root.path is missing");
        config.root_path = config.root_path[0] == '/' ? config.root_path : bundle + "/" + config.root_path;
        return config;
    } catch (Error& error) {
        throw error.during("{}", path);
    }
}

std::vector<Command> lifecycle_commands() {
    const std::vector<OptionSpec> making = {{"--bundle", "-b", true},  {"--console-socket", "", true},
                                            {"--pid-file", "", true},  {"--preserve-fds", "", true},
                                            {"--no-pivot", "", false}, {"--no-new-keyring", "", false}};
    auto running = making;
    running.push_back({"--detach", "-d", false});
    return {{"create", making, false, create},
            {"run", running, false, run},
            {"start", {}, false, start},
            {"kill", {{"--all", "-a", false}, {"--signal", "-s", true}}, false, kill},
            {"delete", {{"--force", "-f", false}}, false, remove}};
}

}  // namespace hoist::runtime
