// SPDX-License-Identifier: Apache-2.0
#include "cli/daemon_start.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"

extern char** environ;

namespace hoist::cli {
namespace {

constexpr auto patience = std::chrono::seconds(5);

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

std::string run_directory() {
    const std::string run = variable("HOIST_RUN");
    return run.empty() ? "/run/hoist" : run;
}

std::string find_hoistd() {
    std::array<char, PATH_MAX> path{};
    const auto size = ::readlink("/proc/self/exe", path.data(), path.size() - 1);
    std::vector<std::string> places;
    if (size > 0) {
        const auto here = split_path(std::string(path.data(), static_cast<std::size_t>(size))).parent;
        places = {here, here + "/../sbin", here + "/../libexec/hoist"};
    }
    for (const auto& directory : split(variable("PATH"), ':'))
        if (!directory.empty() && directory.front() == '/') places.push_back(directory);
    for (const auto& place : places)
        if (::access((place + "/hoistd").c_str(), X_OK) == 0) return clean_path(place + "/hoistd");
    fail(Kind::unavailable, "no daemon answers, and hoistd is not in {}: install it beside hoist", join(places, ", "));
}

/// posix_spawn's attributes and file actions, freed with their owner.
struct SpawnSettings {
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t files;
    SpawnSettings() {
        ::posix_spawnattr_init(&attributes);
        ::posix_spawn_file_actions_init(&files);
    }
    ~SpawnSettings() {
        ::posix_spawnattr_destroy(&attributes);
        ::posix_spawn_file_actions_destroy(&files);
    }
};

/// Starts hoistd in a session of its own, so that neither Ctrl-C nor the end of the terminal reaches it.
pid_t spawn_daemon(const std::string& program, const std::string& socket, const std::string& log) {
    SpawnSettings settings;
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&settings.attributes, &none);
    ::posix_spawnattr_setsigdefault(&settings.attributes, &all);
    ::posix_spawnattr_setflags(&settings.attributes,
                               POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    ::posix_spawn_file_actions_addopen(&settings.files, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&settings.files, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0640);
    ::posix_spawn_file_actions_adddup2(&settings.files, 1, 2);
    ::posix_spawn_file_actions_addclosefrom_np(&settings.files, 3);
    ::posix_spawn_file_actions_addchdir_np(&settings.files, "/");
    std::vector<std::string> words = {program, "--host", socket};
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_t pid = -1;
    const int problem =
        ::posix_spawn(&pid, program.c_str(), &settings.files, &settings.attributes, argv.data(), environ);
    if (problem != 0) fail_errno(problem, "start {}", program);
    return pid;
}

/// The last words of a daemon that did not come up.
std::string last_lines(const std::string& log) {
    const auto lines = split(std::string(trim(read_file_if_exists(log).value_or(""))), '\n');
    std::vector<std::string> last(lines.end() - static_cast<std::ptrdiff_t>(std::min<std::size_t>(lines.size(), 5)),
                                  lines.end());
    return join(last, "\n  ");
}

void start_daemon(const Client& client) {
    const std::string run = run_directory();
    make_directories(run, 0711);
    const std::string log = run + "/hoistd.log";
    const pid_t pid = spawn_daemon(find_hoistd(), client.path(), log);
    const auto limit = std::chrono::steady_clock::now() + patience;
    // It listens within milliseconds and queues us until it is ready; a first try comes as early.
    for (auto pause = std::chrono::milliseconds(2);; pause = std::min(pause * 2, std::chrono::milliseconds(50))) {
        if (client.try_connect() == 0) return;
        int status = 0;
        if (::waitpid(pid, &status, WNOHANG) == pid && client.try_connect() != 0)
            fail(Kind::unavailable, "hoistd did not start:\n  {}\n(the whole log: {})", last_lines(log), log);
        if (std::chrono::steady_clock::now() >= limit)
            fail(Kind::unavailable, "hoistd (pid {}) does not listen at {} after {} s; see {}", pid, client.path(),
                 patience.count(), log);
        std::this_thread::sleep_for(pause);
    }
}

}  // namespace

std::string daemon_socket(const std::string& host) {
    const std::string wanted = host.empty() ? variable("HOIST_HOST") : host;
    if (wanted.rfind("unix://", 0) == 0) return wanted.substr(7);
    if (!wanted.empty() && wanted.front() == '/') return wanted;
    if (!wanted.empty()) fail(Kind::invalid, "host '{}': write unix:///path or a path", wanted);
    return run_directory() + "/hoist.sock";
}

Client connect_to_daemon(const std::string& host) {
    Client client(daemon_socket(host));
    const int problem = client.try_connect();
    if (problem == 0 || problem == EAGAIN) return client;
    if (problem == EACCES)
        fail(Kind::denied, "no permission to use {}: be root, or join the group hoist (usermod -aG hoist USER)",
             client.path());
    if (problem != ENOENT && problem != ECONNREFUSED) fail_errno(problem, "connect to the daemon at {}", client.path());
    if (!host.empty())
        fail(Kind::unavailable, "no daemon answers at {}: start hoistd --host {}", client.path(), client.path());
    if (::geteuid() != 0)
        fail(Kind::unavailable,
             "no daemon answers at {}: start hoistd as root (systemctl start hoist), or run sudo hoist", client.path());
    start_daemon(client);
    return client;
}

}  // namespace hoist::cli
