// SPDX-License-Identifier: Apache-2.0
#include "tests/support/hoist_host.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace hoist::test {

Outcome hoist(const std::vector<std::string>& arguments, const std::string& directory, int seconds) {
    std::vector<std::string> command = {"env", "-C", directory, PROGRAM_DIR "/hoist"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run(command, seconds);
}

std::string hoist_ok(const std::vector<std::string>& arguments, const std::string& directory, int seconds) {
    const auto done = hoist(arguments, directory, seconds);
    EXPECT_EQ(done.status, 0) << "hoist " << join(arguments, " ") << "\n" << done.out << done.err;
    return done.out;
}

Json inspect(const std::string& name) {
    const auto done = hoist({"inspect", name});
    if (done.status != 0) return Json::object();
    return parse_json(done.out, "inspect").at(0);
}

int pid_of(const std::string& name) {
    const Json object = inspect(name);
    return object.contains("State") ? object["State"].value("Pid", 0) : 0;
}

std::string status_of(const std::string& name) {
    const Json object = inspect(name);
    return object.contains("State") ? object["State"].value("Status", "") : "";
}

std::string health_of(const std::string& name) {
    const Json object = inspect(name);
    if (!object.contains("State") || !object["State"].contains("Health") || object["State"]["Health"].is_null())
        return "";
    return object["State"]["Health"].value("Status", "");
}

bool eventually(const std::function<bool()>& question, int seconds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (std::chrono::steady_clock::now() < end) {
        if (question()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return question();
}

int daemon_pid() {
    const auto text = read_file_if_exists("/run/hoist/hoistd.pid");
    return text ? std::atoi(text->c_str()) : 0;
}

namespace {

void end_daemon(int number) {
    const int pid = daemon_pid();
    ASSERT_GT(pid, 1) << "no daemon runs";
    const Fd pidfd = open_pidfd(pid);
    ::kill(pid, number);
    // Ended altogether: before, its socket may still take connections that nobody will answer.
    pollfd ended{pidfd.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&ended, 1, 60'000), 1);
}

}  // namespace

void kill_daemon() {
    end_daemon(SIGKILL);
}
void stop_daemon() {
    end_daemon(SIGTERM);
}

std::string busybox_tar() {
    const std::string path = "/tmp/busybox.tar";
    if (::access(path.c_str(), R_OK) == 0) return path;
    sh("mkdir -p /tmp/busybox-root && cd /tmp/busybox-root && mkdir -p bin etc tmp root var && chmod 1777 tmp && "
       "cp /bin/busybox bin/ && for c in $(bin/busybox --list); do [ $c = busybox ] || ln -sf busybox bin/$c; done && "
       "printf 'root:x:0:0:root:/root:/bin/sh\\nwww-data:x:33:33::/var:/bin/sh\\n' > etc/passwd && "
       "printf 'root:x:0:\\nwww-data:x:33:\\nextra:x:44:www-data\\n' > etc/group && tar -cf " +
       path + ".part . && mv " + path + ".part " + path);
    return path;
}

void import_busybox() {
    if (hoist({"inspect", "busybox"}).status == 0) return;
    hoist_ok({"import", "-c", "CMD [\"sh\"]", busybox_tar(), "busybox"});
}

namespace {

std::string what_is_left() {
    return sh(
        "ip -br link | grep -E '^h[bv]-' ; nft list tables 2>/dev/null | grep hoist; "
        "find /sys/fs/cgroup -mindepth 3 -path '*/hoist/*' -type d; "
        "grep -l moni[t]or /proc/[0-9]*/cmdline 2>/dev/null | while read f; do tr '\\0' ' ' < $f; done; "
        "grep -E 'overlay|/var/lib/hoist/' /proc/self/mountinfo; ls /run/hoist/containers /var/lib/hoist/containers "
        "2>/dev/null "
        "| grep -E '^[0-9a-f]{64}'; true");
}

}  // namespace

std::string leftovers() {
    std::string left;
    eventually([&] { return (left = what_is_left()).empty(); }, 10);
    return left;
}

}  // namespace hoist::test
