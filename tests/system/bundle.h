#pragma once
// SPDX-License-Identifier: Apache-2.0
// A bundle with a busybox root, hostile programs in it, and a host that is watched: when a test ends, nothing outside
// of the bundle may have changed. Through the runtime's command line (HOIST_TEST_RUNTIME puts another one in place).

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "base/file.h"
#include "base/text.h"
#include "runtime/oci.h"
#include "runtime/seccomp.h"
#include "tests/support/canary.h"
#include "tests/support/test_host.h"

namespace hoist::test {

inline std::string runtime_program() {
    const char* other = std::getenv("HOIST_TEST_RUNTIME");
    return other ? other : PROGRAM_DIR "/hoist-runtime";
}

class Bundle : public testing::Test {
protected:
    Bundle() {
        config_.root_path = "rootfs";
        use_profile();
        sh("mkdir -p /tmp/b/rootfs/bin /tmp/b/rootfs/etc /tmp/b/rootfs/tmp && cp /bin/busybox " PROGRAM_DIR
           "/hoist-inside /tmp/b/rootfs/bin/ && chroot /tmp/b/rootfs /bin/busybox --install -s /bin");
        write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nalice:x:500:501::/home/alice:/bin/sh\n");
        write("etc/group", "root:x:0:\nalice:x:501:\nadm:x:4:alice\n");
    }
    ~Bundle() override {
        remove("c");
        remove("d");
        sh("rm -rf /tmp/b");
        canary_.expect_untouched();
    }

    /// Docker's profile for the capabilities of the configuration as it is now.
    void use_profile() { config_.seccomp = runtime::default_seccomp_profile(config_.process.capabilities->bounding); }
    void allow(int capability) {
        auto& all = *config_.process.capabilities;
        all.bounding |= std::uint64_t{1} << capability;
        all.permitted = all.effective = all.bounding;
        use_profile();
    }
    /// Writes a file of the root.
    void write(const std::string& name, const std::string& content) {
        write_file_atomic("/tmp/b/rootfs/" + name, content, 0644, Durable::no);
    }
    Outcome command(const std::vector<std::string>& words) {
        std::vector<std::string> line = {runtime_program(), "--root", "/run/rt"};
        line.insert(line.end(), words.begin(), words.end());
        return test::run(line, 60);
    }
    void save() { write_file_atomic("/tmp/b/config.json", to_json(config_).dump(), 0644, Durable::no); }
    /// Runs a program in a fresh container.
    Outcome run(const std::vector<std::string>& args, const std::string& id = "c") {
        config_.process.args = args;
        save();
        return command({"run", "-b", "/tmp/b", id});
    }
    Outcome shell(const std::string& line) { return run({"/bin/sh", "-c", line}); }
    void start(const std::vector<std::string>& args, const std::string& id = "c") {
        config_.process.args = args;
        save();
        const auto made = command({"run", "-d", "-b", "/tmp/b", id});
        ASSERT_EQ(made.status, 0) << made.err;
    }
    void start_sleeper() { start({"/bin/sleep", "1000"}); }
    Outcome exec(const std::string& line) { return command({"exec", "c", "/bin/sh", "-c", line}); }

    /// Process 1 of the test host is this program: it inherits detached processes, and the kernel ends a pid namespace
    /// only when all that were in it have been reaped.
    void remove(const std::string& id) {
        if (command({"state", id}).status != 0) return;
        command({"kill", "--all", id, "KILL"});
        for (int tries = 0; tries < 20; ++tries) {
            while (::waitpid(-1, nullptr, WNOHANG) > 0) {
            }
            ::usleep(5'000);
        }
        EXPECT_EQ(command({"delete", "-f", id}).status, 0);
    }

    runtime::Config config_ = runtime::default_config();
    Canary canary_;
};

}  // namespace hoist::test
