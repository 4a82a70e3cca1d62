// SPDX-License-Identifier: Apache-2.0
#include "storage/container_root.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "tests/storage/store_fixture.h"

namespace hoist::storage {
namespace {

struct stat look(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(::lstat(path.c_str(), &info), 0) << path;
    return info;
}

/// Three layers on one another, topmost first.
class Layered : public StoreTest {
protected:
    Layered() {
        dir_.write("bottom/etc/passwd", "old");
        dir_.write("bottom/etc/gone", "hidden");
        dir_.write("bottom/srv/a", "a");
        dir_.write("bottom/srv/sub/deep", "deep");
        dir_.write("bottom/opaque/below", "hidden");
        dir_.write("middle/etc/passwd", "new");
        dir_.write("middle/srv/b", "b");
        dir_.write("middle/opaque/above", "shown");
        dir_.write("top/usr/etc", "a file over nothing");
        EXPECT_EQ(::mknod((dir_ / "top/etc-whiteout").c_str(), S_IFCHR, 0), 0);
        make_directories(dir_ / "top/etc");
        EXPECT_EQ(::mknod((dir_ / "top/etc/gone").c_str(), S_IFCHR, 0), 0);
        EXPECT_EQ(::setxattr((dir_ / "middle/opaque").c_str(), "trusted.overlay.opaque", "y", 1, 0), 0);
        link("top/absolute", "/etc/passwd");
        link("top/outside", "../../../../etc/passwd");
        link("middle/dir", "etc");
        link("top/loop", "loop");
    }
    void link(const std::string& name, const char* to) { EXPECT_EQ(::symlink(to, (dir_ / name).c_str()), 0); }
    std::vector<std::string> lower_ = {dir_ / "top", dir_ / "middle", dir_ / "bottom"};
};

TEST_F(Layered, FilesAreFoundAsTheOverlayShowsThem) {
    EXPECT_EQ(read_image_file(lower_, "/etc/passwd"), "new");
    EXPECT_EQ(read_image_file(lower_, "absolute"), "new");
    EXPECT_EQ(read_image_file(lower_, "/outside"), "new");
    EXPECT_EQ(read_image_file(lower_, "/dir/../etc/./passwd"), "new");
    EXPECT_EQ(read_image_file(lower_, "/dir/passwd"), "new");
    EXPECT_EQ(read_image_file(lower_, "/srv/sub/deep"), "deep");
    EXPECT_EQ(read_image_file(lower_, "/opaque/above"), "shown");
    for (const char* none :
         {"/etc/gone", "/opaque/below", "/loop", "/etc", "/", "/nowhere/x", "/etc/passwd/x", "/etc-whiteout"})
        EXPECT_EQ(read_image_file(lower_, none), std::nullopt) << none;
}

TEST_F(Layered, AnEmptyVolumeIsFilled) {
    ASSERT_EQ(::link((dir_ / "bottom/srv/a").c_str(), (dir_ / "bottom/srv/twin").c_str()), 0);
    link("bottom/srv/link", "/etc/passwd");
    ASSERT_EQ(::chown((dir_ / "bottom/srv/sub/deep").c_str(), 33, 34), 0);
    ASSERT_EQ(::chmod((dir_ / "bottom/srv/sub/deep").c_str(), 04711), 0);
    ASSERT_EQ(::setxattr((dir_ / "bottom/srv/a").c_str(), "user.x", "1", 1, 0), 0);
    ASSERT_EQ(::chown((dir_ / "middle/srv").c_str(), 999, 998), 0);
    ASSERT_EQ(::chmod((dir_ / "middle/srv").c_str(), 0750), 0);
    const timespec times[2] = {{1234, 0}, {1234, 5}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (dir_ / "middle/srv").c_str(), times, 0), 0);
    const std::string data = dir_ / "vol/_data";
    EXPECT_TRUE(copy_up_volume(lower_, "/srv", data));
    EXPECT_EQ(read_file(data + "/a"), "a");
    EXPECT_EQ(read_file(data + "/b"), "b");
    EXPECT_EQ(read_file(data + "/sub/deep"), "deep");
    EXPECT_EQ(look(data + "/a").st_ino, look(data + "/twin").st_ino);
    EXPECT_TRUE(S_ISLNK(look(data + "/link").st_mode));
    EXPECT_EQ(look(data + "/sub/deep").st_uid, 33u);
    EXPECT_EQ(look(data + "/sub/deep").st_mode & 07777, 04711u);
    EXPECT_EQ(look(data).st_uid, 999u);
    EXPECT_EQ(look(data).st_mode & 07777, 0750u);
    EXPECT_EQ(look(data).st_mtime, 1234);
    char value[2];
    EXPECT_EQ(::getxattr((data + "/a").c_str(), "user.x", value, 1), 1);
    EXPECT_FALSE(std::filesystem::exists(dir_ / "vol/ready"));
}

TEST_F(Layered, AVolumeThatHoldsAnythingIsLeftAlone) {
    dir_.write("vol/_data/mine", "1");
    EXPECT_FALSE(copy_up_volume(lower_, "/srv", dir_ / "vol/_data"));
    EXPECT_FALSE(std::filesystem::exists(dir_ / "vol/_data/a"));
    EXPECT_FALSE(copy_up_volume(lower_, "/etc/passwd", dir_ / "file/_data"));
    EXPECT_FALSE(copy_up_volume(lower_, "/nowhere", dir_ / "none/_data"));
    EXPECT_TRUE(std::filesystem::is_empty(dir_ / "none/_data"));
}

TEST_F(Layered, ACopyThatACrashEndedIsTakenUp) {
    dir_.write("half/copy/a", "only a part");
    EXPECT_TRUE(copy_up_volume(lower_, "/srv", dir_ / "half/_data"));
    EXPECT_EQ(read_file(dir_ / "half/_data/a"), "a");
    dir_.write("ready/ready/b", "moved later");
    dir_.write("ready/_data/a", "moved before");
    EXPECT_TRUE(copy_up_volume(lower_, "/srv", dir_ / "ready/_data"));
    EXPECT_EQ(read_file(dir_ / "ready/_data/a"), "moved before");
    EXPECT_EQ(read_file(dir_ / "ready/_data/b"), "moved later");
}

TEST_F(Layered, AContainersRootComesAndGoes) {
    ASSERT_EQ(::chown((dir_ / "top").c_str(), 5, 6), 0);
    ASSERT_EQ(::chmod((dir_ / "top").c_str(), 0711), 0);
    const ContainerId id = ContainerId::random();
    make_container_root(layout_, id, lower_);
    const std::string upper = layout_.container(id) + "/upper";
    EXPECT_EQ(look(upper).st_uid, 5u);
    EXPECT_EQ(look(upper).st_mode & 07777, 0711u);
    EXPECT_EQ(look(layout_.container(id)).st_mode & 07777, 0710u);
    std::string deep = upper;  // deeper than descriptors or one path reach
    for (int i = 0; i < 1500; ++i) deep += "/d";
    make_directories(deep);
    discard_container_root(layout_, id);
    EXPECT_FALSE(std::filesystem::exists(layout_.container(id)));
    discard_container_root(layout_, id);
    empty_trash(layout_);
    EXPECT_TRUE(std::filesystem::is_empty(layout_.trash()));
}

TEST_F(Layered, TheTreeIsClosedToOthers) {
    const std::string root = layout_.root();
    EXPECT_EQ(look(root).st_mode & 0777, 0711u);
    EXPECT_EQ(look(root + "/layers").st_mode & 0777, 0700u);
    EXPECT_EQ(look(layout_.containers()).st_mode & 0777, 0710u);
    EXPECT_EQ(look(layout_.volumes()).st_mode & 0777, 0701u);
    ASSERT_EQ(::chmod(root.c_str(), 0777), 0);
    layout_.make();
    EXPECT_EQ(look(root).st_mode & 0777, 0711u);
    for (const char* digest : {"sha256:../../etc", "", "md5:00"}) EXPECT_THROW(layout_.layer(digest), Error) << digest;
}

}  // namespace
}  // namespace hoist::storage
