// SPDX-License-Identifier: Apache-2.0
// Paths in a root, by the kernel's own walk and by ours: both must answer alike.
#include "base/path.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/kernel_features.h"
#include "tests/support/temp_dir.h"

namespace hoist {
namespace {

class RootDirOn : public testing::TestWithParam<const char*> {
protected:
    RootDirOn() {
        use_kernel_without(GetParam());
        dir_.write("root/etc/passwd", "inside");
        dir_.write("root/a/b/file", "deep");
        dir_.write("outside", "outside");
        link("/etc", "root/absolute");
        link("../../../../outside", "root/a/up");
        link("/../../outside", "root/top");
        link("b/", "root/a/slash");
        link("loop2", "root/loop1");
        link("loop1", "root/loop2");
        link("/new/file", "root/dangling");
        link("/proc", "root/process");
        ::mkdir((dir_ / "root/new").c_str(), 0755);
    }
    ~RootDirOn() override { use_kernel_without(""); }
    void link(const char* target, const char* name) { ASSERT_EQ(::symlink(target, (dir_ / name).c_str()), 0) << name; }

    test::TempDir dir_;
};

TEST_P(RootDirOn, FindsWhatIsInside) {
    const RootDir root = RootDir::open(dir_ / "root");
    const struct {
        const char *path, *content;
    } cases[] = {{"etc/passwd", "inside"},       {"/etc/passwd", "inside"},
                 {"absolute/passwd", "inside"},  {"a/../etc/./passwd", "inside"},
                 {"../../etc/passwd", "inside"}, {"a//b/file", "deep"},
                 {"a/slash/file", "deep"},       {"a/slash/../../etc/passwd", "inside"}};
    for (const auto& [path, content] : cases) EXPECT_EQ(read_all(root.open_in(path, O_RDONLY)), content) << path;
    for (const char* path : {".", "/", "", "a/b", "a/b/", "a/slash", "a/slash/", "absolute/", "a/..", "../.."}) {
        if (!*path) continue;
        EXPECT_NO_THROW(root.open_in(path, O_PATH | O_DIRECTORY)) << path;
    }
}

TEST_P(RootDirOn, RefusesWhatIsNotThereAndWhatLeadsOutside) {
    const RootDir root = RootDir::open(dir_ / "root");
    const struct {
        const char* path;
        int code;
    } cases[] = {{"outside", ENOENT}, {"../outside", ENOENT},       {"a/up", ENOENT},         {"top", ENOENT},
                 {"loop1", ELOOP},    {"etc/passwd/more", ENOTDIR}, {"etc/passwd/", ENOTDIR}, {"", ENOENT}};
    for (const auto& [path, code] : cases) {
        try {
            root.open_in(path, O_RDONLY);
            ADD_FAILURE() << path << " was opened";
        } catch (const Error& error) {
            EXPECT_NE(error.message().find(std::strerror(code)), std::string::npos) << path << ": " << error.message();
        }
    }
}

TEST_P(RootDirOn, LinksThatAreMoreThanTextAreNotFollowed) {
    const RootDir root = RootDir::open("/");
    EXPECT_THROW(root.open_in("/proc/self/exe", O_RDONLY), Error);
    EXPECT_THROW(root.open_in("/proc/self/cwd/.", O_RDONLY), Error);
    EXPECT_NO_THROW(root.open_in("/proc/self/status", O_RDONLY));
    EXPECT_NO_THROW(root.open_entry("/proc/self/exe"));
}

TEST_P(RootDirOn, MakesWhatIsMissingInside) {
    const RootDir root = RootDir::open(dir_ / "root");
    root.make_directories_in("absolute/x/y");
    EXPECT_EQ(::access((dir_ / "root/etc/x/y").c_str(), F_OK), 0);
    root.mount_target_file("dangling");
    EXPECT_EQ(::access((dir_ / "root/new/file").c_str(), F_OK), 0);
    write_all(root.open_in("etc/made", O_WRONLY | O_CREAT, 0640), "text", "made");
    EXPECT_EQ(read_file(dir_ / "root/etc/made"), "text");
    EXPECT_THROW(root.make_directories_in("etc/passwd/x"), Error);
    EXPECT_THROW(root.mount_target_file("etc"), Error);
    struct stat info {};
    ASSERT_EQ(::fstat(root.open_entry("absolute").get(), &info), 0);
    EXPECT_TRUE(S_ISLNK(info.st_mode));
}

// An image's owner who swaps a directory for a link while we walk wins nothing. (SEC-05)
TEST_P(RootDirOn, ASwapMeanwhileNeverLeadsOutside) {
    dir_.write("root/swap/file", "inside");
    link("../..", "root/spare");
    const RootDir root = RootDir::open(dir_ / "root");
    std::atomic<bool> over = false;
    std::thread attacker([&] {
        const Fd folder = open_file(dir_ / "root", O_PATH | O_DIRECTORY);
        while (!over) ::renameat2(folder.get(), "swap", folder.get(), "spare", RENAME_EXCHANGE);
    });
    dir_.write("file", "outside");
    for (int i = 0; i < 2000; ++i) {
        const Fd found(root.find("swap/file", O_RDONLY));
        if (found) {
            EXPECT_EQ(read_all(found), "inside");
        }
    }
    over = true;
    attacker.join();
}

INSTANTIATE_TEST_SUITE_P(Kernel, RootDirOn, testing::Values("", "openat2"),
                         [](const auto& info) { return info.param[0] ? "WithoutOpenat2" : "Here"; });

}  // namespace
}  // namespace hoist
