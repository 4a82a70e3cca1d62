#pragma once
// SPDX-License-Identifier: Apache-2.0
// A bundle with a busybox root and the runtime's command line, for tests of that. HOIST_TEST_RUNTIME puts another OCI
// runtime in its place.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "base/file.h"
#include "base/text.h"
#include "runtime/oci.h"
#include "tests/support/test_host.h"

namespace hoist::runtime::test {

using hoist::test::Outcome;
using hoist::test::sh;

class RuntimeBundle : public testing::Test {
protected:
    RuntimeBundle() {
        config_.root_path = "rootfs";
        sh("mkdir -p /tmp/b/rootfs/bin /tmp/b/rootfs/etc /tmp/b/rootfs/tmp && cp /bin/busybox /tmp/b/rootfs/bin/ && "
           "chroot /tmp/b/rootfs /bin/busybox --install -s /bin");
        write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nalice:x:500:501::/home/alice:/bin/sh\n");
        write("etc/group", "root:x:0:\nalice:x:501:\nadm:x:4:alice\n");
    }
    ~RuntimeBundle() override {
        // Process 1 of the test host is this program: it inherits detached processes, and the kernel ends a pid
        // namespace only when all that were in it have been reaped.
        for (const auto& id : split(command({"list", "-q"}).out, '\n')) {
            if (id.empty()) continue;
            command({"kill", "--all", id, "KILL"});
            for (int tries = 0; tries < 20; ++tries) {
                while (::waitpid(-1, nullptr, WNOHANG) > 0) {
                }
                ::usleep(5'000);
            }
            EXPECT_EQ(command({"delete", "-f", id}).status, 0);
        }
        sh("rm -rf /tmp/b /tmp/out /tmp/log /tmp/pid");
    }

    static std::string program() {
        const char* other = std::getenv("HOIST_TEST_RUNTIME");
        return other ? other : PROGRAM_DIR "/hoist-runtime";
    }
    void write(const std::string& name, const std::string& content) {
        write_file_atomic("/tmp/b/rootfs/" + name, content, 0644, Durable::no);
    }
    /// The program with these words alone.
    static Outcome bare(std::vector<std::string> words, const std::string& input = "") {
        words.insert(words.begin(), program());
        return hoist::test::run(words, 60, input);
    }
    static Outcome command(std::vector<std::string> words, const std::string& input = "") {
        words.insert(words.begin(), {"--root", "/run/rt"});
        return bare(std::move(words), input);
    }
    void save(const std::string& name = "config.json") {
        write_file_atomic("/tmp/b/" + name, to_json(config_).dump(), 0644, Durable::no);
    }
    void save_program(const std::vector<std::string>& args) {
        config_.process.args = args;
        save();
    }
    /// Runs a shell line in a fresh container, with further options of `run`.
    Outcome shell(const std::string& line, const std::vector<std::string>& options = {}) {
        save_program({"/bin/sh", "-c", line});
        std::vector<std::string> words = {"run", "-b", "/tmp/b"};
        words.insert(words.end(), options.begin(), options.end());
        words.push_back("c");
        return command(std::move(words));
    }
    void start_sleeper(const std::string& id = "c") {
        save_program({"/bin/sleep", "1000"});
        const auto made = command({"run", "-d", "-b", "/tmp/b", id});
        ASSERT_EQ(made.status, 0) << made.err;
    }
    /// Runs a shell line in the container "c", with further options of `exec`.
    static Outcome exec(const std::string& line, const std::vector<std::string>& options = {}) {
        std::vector<std::string> words = {"exec"};
        words.insert(words.end(), options.begin(), options.end());
        words.insert(words.end(), {"c", "/bin/sh", "-c", line});
        return command(std::move(words));
    }
    static Json state_of(const std::string& id = "c") { return Json::parse(command({"state", id}).out); }
    static std::string status_of(const std::string& id = "c") { return state_of(id)["status"]; }
    /// Waits until the container has this status. @return whether it came to that
    static bool becomes(const std::string& status, const std::string& id = "c") {
        for (int tries = 0; tries < 500; ++tries) {
            if (status_of(id) == status) return true;
            ::usleep(10'000);
        }
        return false;
    }

    Config config_ = default_config();
};

}  // namespace hoist::runtime::test
