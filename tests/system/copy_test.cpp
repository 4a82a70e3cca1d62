// SPDX-License-Identifier: Apache-2.0
// hoist cp: files in and out of containers that run and that do not. SEC-21, SEC-22, SEC-23
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "tests/support/hoist_host.h"

namespace hoist::test {
namespace {

const std::string program = PROGRAM_DIR "/hoist";

/// The same for a running container and for one that was made and never started.
class Copy : public testing::TestWithParam<bool> {
protected:
    void SetUp() override {
        import_busybox();
        sh("rm -rf /tmp/cp && mkdir -p /tmp/cp");
        make({"-v", "files:/data", "busybox", "sleep", "1000"});
    }
    void TearDown() override {
        sh(program + " ps -a -q | xargs -r " + program + " rm -f");
        hoist_ok({"volume", "rm", "files"});
        EXPECT_EQ(hoist_ok({"system", "audit"}), "database and kernel agree\n");
        EXPECT_EQ(leftovers(), "");
    }
    static void make(std::vector<std::string> more) {
        std::vector<std::string> command = {"create", "--name", "cc", "--network", "none"};
        command.insert(command.end(), more.begin(), more.end());
        hoist_ok(command);
        if (GetParam()) hoist_ok({"start", "cc"});
    }
    static void copy(const std::string& from, const std::string& to, std::vector<std::string> options = {}) {
        options.insert(options.begin(), "cp");
        options.insert(options.end(), {from, to});
        hoist_ok(options, "/tmp/cp");
    }
    static std::string refusal(const std::string& from, const std::string& to) {
        const auto done = hoist({"cp", from, to}, "/tmp/cp");
        EXPECT_NE(done.status, 0);
        return done.err;
    }
    /// A command in the container, which is started for it.
    static std::string inside(const std::string& command) {
        if (!GetParam()) hoist_ok({"start", "cc"});
        return hoist_ok({"exec", "-T", "cc", "sh", "-c", command});
    }
};

TEST_P(Copy, FileAndDirectoryGoThereAndBack) {
    sh("cd /tmp/cp && mkdir -p tree/empty tree/deep/er && echo one > tree/one && ln -s one tree/link && "
       "ln tree/one tree/same && chmod 4751 tree/one && head -c 3000000 /dev/urandom > tree/deep/er/big && "
       "mkfifo tree/fifo && chown 33:44 tree/deep && touch -hd '2020-02-03 04:05:06' tree/deep/er/big tree/link tree/fifo");
    copy("tree", "cc:/data");
    copy("cc:/data/tree", "back", {"-a"});
    const auto listing = [](const std::string& tree) {
        return sh("cd /tmp/cp/" + tree +
                  " && find . -printf '%P %y %m %U:%G %T+ %l\\n' | sed 's/\\.[0-9]* / /' | sort; "
                  "find . -type f | sort | xargs sha256sum");
    };
    EXPECT_EQ(listing("back"), listing("tree"));
    EXPECT_EQ(sh("stat -c %h /tmp/cp/back/same"), "2\n");
    EXPECT_EQ(inside("stat -c '%u:%g' /data/tree/deep; cat /data/tree/link"), "33:44\none\n");
}

TEST_P(Copy, LandsWhereCpWouldPutIt) {
    sh("cd /tmp/cp && echo text > file && mkdir -p dir there && echo inner > dir/inner");
    copy("file", "cc:/root/new");
    copy("file", "cc:/root");
    copy("dir", "cc:/root/made");
    copy("dir/.", "cc:/root");
    copy("cc:/root/new", "there");
    copy("cc:/root/new", "named");
    copy("cc:/root/made", "there");
    copy("cc:/root/made/.", "content");
    EXPECT_EQ(sh("cd /tmp/cp && cat there/new named there/made/inner content/inner"), "text\ntext\ninner\ninner\n");
    EXPECT_EQ(inside("cd /root && cat new file made/inner inner"), "text\ntext\ninner\ninner\n");
}

TEST_P(Copy, SaysWhatCannotBe) {
    sh("cd /tmp/cp && echo text > file && mkdir dir");
    copy("file", "cc:/root/file");
    EXPECT_NE(refusal("cc:/nowhere", "x").find("could not find the file /nowhere in container cc"), std::string::npos);
    EXPECT_NE(refusal("file", "cc:/nowhere/").find("no such directory"), std::string::npos);
    EXPECT_NE(refusal("dir", "cc:/root/file").find("not a directory"), std::string::npos);
    EXPECT_NE(refusal("cc:/root", "file").find("not a directory"), std::string::npos);
    EXPECT_NE(refusal("missing", "cc:/root").find("No such file"), std::string::npos);
    EXPECT_NE(refusal("file", "no-such-container:/root").find("o such container"), std::string::npos);
    EXPECT_NE(refusal("file", "other").find("CONTAINER:PATH"), std::string::npos);
}

TEST_P(Copy, PassesArchivesOn) {
    sh("cd /tmp/cp && mkdir tree && echo one > tree/one && for how in gzip bzip2 xz zstd; do "
       "tar -c tree | $how > tree.$how; done");
    for (const std::string how : {"gzip", "bzip2", "xz", "zstd"}) {
        sh("cd /tmp/cp && " + program + " cp - cc:/root < tree." + how);
        EXPECT_EQ(sh(program + " cp cc:/root/tree - | tar -xO tree/one"), "one\n") << how;
    }
}

TEST_P(Copy, FollowsLinksInsideOnly) {  // SEC-05's kin: a link of the container's means the container's file
    inside(
        "echo secret > /root/target; ln -s /root/target /root/link; ln -s / /root/top; ln -s ../../../../etc /root/up");
    if (!GetParam()) hoist_ok({"stop", "-t", "0", "cc"});
    sh("echo mine > /tmp/cp/passwd");
    copy("cc:/root/link", "followed", {"-L"});
    copy("cc:/root/link", "kept");
    copy("cc:/root/up/passwd", "theirs");
    copy("passwd", "cc:/root/up/passwd");
    EXPECT_EQ(sh("cat /tmp/cp/followed; readlink /tmp/cp/kept; head -1 /tmp/cp/theirs"),
              "secret\n/root/target\nroot:x:0:0:root:/root:/bin/sh\n");
    copy("cc:/etc/passwd", "again");
    EXPECT_EQ(sh("cat /tmp/cp/again"), "mine\n");
}

TEST_P(Copy, ReadOnlyRootIsNotWrittenTo) {
    hoist_ok({"rm", "-f", "cc"});
    make({"--read-only", "-v", "files:/data", "busybox", "sleep", "1000"});
    sh("echo text > /tmp/cp/file");
    EXPECT_NE(refusal("file", "cc:/root/file").find("Read-only file system"), std::string::npos);
    copy("file", "cc:/data/file");
    EXPECT_EQ(inside("cat /data/file"), "text\n");
}

TEST_P(Copy, HostileNamesStayInside) {
    sh("cd /tmp/cp && mkdir in && echo x > in/f && tar -cP --transform 's,in/f,../../../../tmp/cp/escaped,' in/f > "
       "up.tar && "
       "ln -s /tmp/cp link && tar -cf through.tar link && rm link && mkdir link && echo x > link/escaped && "
       "tar -rf through.tar link/escaped && rm -r link");
    EXPECT_NE(sh(program + " cp - cc:/root < /tmp/cp/up.tar 2>&1; true").find("\"..\""), std::string::npos);
    sh(program + " cp - cc:/root < /tmp/cp/through.tar 2>&1; true");
    EXPECT_NE(::access("/tmp/cp/escaped", F_OK), 0);
}

INSTANTIATE_TEST_SUITE_P(Container, Copy, testing::Bool(), [](const auto& info) {
    return info.param ? std::string("Running") : std::string("NotRunning");
});

/// A container that swaps a directory and a link to a host's path as fast as it can.
class CopyRace : public testing::Test {
protected:
    void SetUp() override {
        import_busybox();
        sh("rm -rf /tmp/cp /canary && mkdir -p /tmp/cp/out /canary && echo untouched > /canary/f && echo new > "
           "/tmp/cp/f");
    }
    void TearDown() override {
        sh(program + " ps -a -q | xargs -r " + program + " rm -f; " + program + " volume rm shared 2>/dev/null; true");
        sh("rm -rf /canary");
    }
};

TEST_F(CopyRace, NothingOfTheHostIsReadOrWritten) {  // SEC-21
    hoist_ok({"run", "-d", "--name", "cc", "--network", "none", "busybox", "sh", "-c",
              "mkdir -p /canary /x && echo inner > /canary/f && echo inner > /x/f && "
              "while :; do mv /x /y && ln -s /canary /x; rm /x; mv /y /x; done 2>/dev/null"});
    ASSERT_TRUE(eventually([] { return hoist({"cp", "cc:/canary/f", "/tmp/cp/seen"}).status == 0; }));
    for (int i = 0; i < 40; ++i) {
        hoist({"cp", "cc:/x", "/tmp/cp/out"});
        hoist({"cp", "/tmp/cp/f", "cc:/x"});
        hoist({"cp", "/tmp/cp/f", "cc:/x/f"});
    }
    EXPECT_EQ(read_file("/canary/f"), "untouched\n");
    EXPECT_EQ(trim(sh("grep -rl untouched /tmp/cp/out; true")), "");
    EXPECT_EQ(sh("ls /canary"), "f\n");
}

TEST_F(CopyRace, VolumesAreNotMountedElsewhere) {  // SEC-23
    // The mount point of one container's inner volume lies in a volume that the other swaps.
    hoist_ok(
        {"run", "-d", "--name", "swapper", "--network", "none", "-v", "shared:/v", "busybox", "sh", "-c",
         "mkdir -p /v/a/b; while :; do mv /v/a /v/c && ln -s /canary /v/a; rm /v/a; mv /v/c /v/a; done 2>/dev/null"});
    hoist_ok({"create", "--name", "cc", "--network", "none", "-v", "shared:/v", "-v", "/v/a/b", "busybox", "true"});
    const auto mounts = read_file("/proc/self/mountinfo");
    for (int i = 0; i < 25; ++i) {
        hoist({"cp", "/tmp/cp/f", "cc:/v/a/b"});
        hoist({"cp", "cc:/v/a/b", "/tmp/cp/out"});
    }
    EXPECT_EQ(read_file("/proc/self/mountinfo"), mounts);
    EXPECT_EQ(sh("ls /canary"), "f\n");
}

}  // namespace
}  // namespace hoist::test
