// SPDX-License-Identifier: Apache-2.0
#include "bench/ground.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "runtime/oci.h"
#include "runtime/seccomp.h"
#include "tests/support/hoist_host.h"

extern char** environ;

namespace hoist::bench {

using test::sh;

int spawn(const std::vector<std::string>& command) {
    std::vector<char*> words;
    for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    pid_t pid = -1;
    if (const int code = ::posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environ))
        fail_errno(code, "run {}", command[0]);
    ::posix_spawn_file_actions_destroy(&actions);
    return pid;
}

void wait_for(int pid, const std::vector<std::string>& command) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (status != 0) fail(Kind::internal, "{} ended with status {}", join(command, " "), status);
}

void spawn_and_wait(const std::vector<std::string>& command) {
    wait_for(spawn(command), command);
}

bool installed(const std::string& program) {
    return test::run({"sh", "-c", "command -v " + program}).status == 0;
}

void prepare() {
    test::busybox_tar();
    sh("mkdir -p " + area + "/bundle/rootfs " + area + "/work && tar -xf /tmp/busybox.tar -C " + area +
       "/bundle/rootfs && mkdir -p " + area + "/bundle/rootfs/proc " + area + "/bundle/rootfs/sys " + area +
       "/bundle/rootfs/dev");
    runtime::Config config = runtime::default_config();
    config.process.args = {"/bin/busybox", "true"};
    config.process.env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
    config.root_path = "rootfs";
    config.resources.memory_limit = 256 << 20;
    config.resources.pids_limit = 1000;
    config.resources.cpu_shares = 1024;
    config.seccomp = runtime::default_seccomp_profile(runtime::default_capabilities());
    config.oci_version = "1.0.2";  // older runtimes refuse what they do not know
    write_file_atomic(area + "/bundle/config.json", runtime::to_json(config).dump(), 0644, Durable::no);
    write_file_atomic(area + "/filter", runtime::compile_seccomp(config.seccomp).filter, 0644, Durable::no);
    sh("ip link add flbr type bridge && ip addr add 10.9.0.1/16 dev flbr && ip link set flbr up");
}

std::vector<std::string> floor_command(bool bridge) {
    return {programs + "/floor",       area + "/bundle/rootfs", area + "/work",
            area + "/filter",          bridge ? "flbr" : "-",   bridge ? "10.9.0.2" : "-",
            bridge ? "10.9.0.1" : "-", "/bin/busybox",          "true"};
}

double host_cpu_ms() {
    for (const char* file : {"/sys/fs/cgroup/cpuacct/cpuacct.usage", "/sys/fs/cgroup/cpu,cpuacct/cpuacct.usage"}) {
        if (const auto text = read_file_if_exists(file)) return std::stod(*text) / 1e6;
    }
    const auto text = read_file("/sys/fs/cgroup/cpu.stat");
    return std::stod(text.substr(text.find("usage_usec") + 10)) / 1e3;
}

std::string stack_of(int count) {
    const std::string folder = fmt::format("{}/stack{}", area, count);
    std::string text = "services:\n";
    for (int i = 0; i < count; ++i)
        text += fmt::format("  s{}:\n    image: busybox\n    command: sleep 100000\n    stop_signal: SIGKILL\n", i);
    make_directories(folder);
    write_file_atomic(folder + "/compose.yaml", text, 0644, Durable::no);
    return folder;
}

}  // namespace hoist::bench
