// SPDX-License-Identifier: Apache-2.0
// Archives that try to reach outside, beside the honest ones that look much the same.
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "tests/storage/store_fixture.h"

namespace hoist::storage {
namespace {

using test::TarBuilder;
using test::TarEntry;

struct stat look_at(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(::lstat(path.c_str(), &info), 0) << path;
    return info;
}

class HostileArchive : public StoreTest {
protected:
    HostileArchive() { dir_.write("victim", "untouched"); }
    ~HostileArchive() override {
        EXPECT_EQ(read_file(dir_ / "victim"), "untouched");
        const auto info = look_at(dir_ / "victim");
        EXPECT_EQ(info.st_nlink, 1u);
        EXPECT_EQ(info.st_mode & 07777, 0644u);
        EXPECT_EQ(info.st_uid, 0u);
    }
};

TEST_F(HostileArchive, NamesThatLeaveTheRoot) {
    for (const char* name : {"../x", "a/../../x", "/../x", "a/..", ".."})
        EXPECT_NE(refusal(TarBuilder().file(name, "x")).find("\"..\" in the name"), std::string::npos) << name;
    EXPECT_NE(refusal(TarBuilder().file("", "x")), "");
    EXPECT_NE(refusal(TarBuilder().file(".", "x")).find("root is not a directory"), std::string::npos);
    EXPECT_NE(refusal(TarBuilder().file(std::string(5000, 'a'), "x")).find("longer than"), std::string::npos);
    std::string deep, deepest_honest;
    for (int i = 0; i < 1900; ++i) deep += "a/";
    for (int i = 0; i < 200; ++i) deepest_honest += "a/";
    EXPECT_NE(refusal(TarBuilder().file(deep + "x", "x")).find("nested deeper"), std::string::npos);
    const std::string root = unpack(TarBuilder()
                                        .directory("./")
                                        .file("/abs", "1")
                                        .file("./a//b", "2")
                                        .file("..a/b..", "3")
                                        .file(deepest_honest + "x", "4"));
    EXPECT_EQ(read_file(root + "/abs"), "1");
    EXPECT_EQ(read_file(root + "/a/b"), "2");
    EXPECT_EQ(read_file(root + "/..a/b.."), "3");
    EXPECT_EQ(read_file(root + "/" + deepest_honest + "x"), "4");
}

TEST_F(HostileArchive, NamesAreBytes) {
    const std::string latin = "caf\xe9";
    const std::string root =
        unpack(TarBuilder()
                   .file("h\u00e4user", "1")
                   .file(latin, "2")
                   .add({"x", '0', "3", "", 0644, 0, 0, 0, 0, 0, {{"path", "\u00fcber/" + std::string(120, 'n')}}}));
    EXPECT_EQ(read_file(root + "/h\u00e4user"), "1");
    EXPECT_EQ(read_file(root + "/" + latin), "2");
    EXPECT_EQ(read_file(root + "/\u00fcber/" + std::string(120, 'n')), "3");
}

TEST_F(HostileArchive, LinksOnTheWay) {
    const std::string outside = dir_ / "outside";
    make_directories(outside);
    const std::string root = unpack(TarBuilder()
                                        .link("absolute", outside)
                                        .link("relative", "../../../../../../../../.." + outside)
                                        .directory(outside)  // of the layer's own
                                        .directory("run")
                                        .directory("var")
                                        .link("var/run", "/run")
                                        .file("absolute/x", "1")
                                        .file("relative/y", "2")
                                        .file("var/run/z", "3"));
    EXPECT_TRUE(std::filesystem::is_empty(outside));
    EXPECT_EQ(read_file(root + outside + "/x"), "1");  // inside, where the link leads there
    EXPECT_EQ(read_file(root + outside + "/y"), "2");
    EXPECT_EQ(read_file(root + "/run/z"), "3");
    EXPECT_NE(refusal(TarBuilder().link("l", outside).file("l/x", "1")), "");  // leads to nothing inside
    EXPECT_TRUE(std::filesystem::is_empty(outside));
}

TEST_F(HostileArchive, LinksInTheLastPlaceAreReplaced) {
    const std::string victim = dir_ / "victim";
    const std::string root = unpack(TarBuilder()
                                        .link("a", victim)
                                        .add({"a", '0', "mine", "", 04777, 7, 7})
                                        .link("b", dir_.path())
                                        .directory("b", 0700));
    EXPECT_EQ(read_file(root + "/a"), "mine");
    EXPECT_TRUE(S_ISDIR(look_at(root + "/b").st_mode));
    const std::string other = unpack(TarBuilder().link("c", victim).add({"c", '2', "", victim, 0777, 7, 7}));
    EXPECT_EQ(look_at(other + "/c").st_uid, 7u);
}

TEST_F(HostileArchive, HardLinks) {
    const std::string victim = dir_ / "victim";
    EXPECT_NE(refusal(TarBuilder().hard_link("a", "../victim")).find("\"..\""), std::string::npos);
    EXPECT_NE(refusal(TarBuilder().hard_link("a", victim)).find("not in the archive"), std::string::npos);
    EXPECT_NE(refusal(TarBuilder().hard_link("a", "a")).find("not in the archive"), std::string::npos);
    EXPECT_NE(refusal(TarBuilder().link("l", dir_.path()).hard_link("a", "l/victim")).find("not in the archive"),
              std::string::npos);
    EXPECT_NE(refusal(TarBuilder().directory("d").hard_link("a", "d")).find("directory"), std::string::npos);
    const std::string root = unpack(TarBuilder()
                                        .file("etc/x", "1")
                                        .hard_link("relative", "etc/x")
                                        .hard_link("absolute", "/etc/x")
                                        .hard_link("etc/x", "etc/x")
                                        .link("s", victim)
                                        .hard_link("s2", "s"));
    EXPECT_EQ(look_at(root + "/etc/x").st_nlink, 3u);
    EXPECT_EQ(look_at(root + "/absolute").st_ino, look_at(root + "/etc/x").st_ino);
    EXPECT_TRUE(S_ISLNK(look_at(root + "/s2").st_mode));  // the link itself, not what it names
}

TEST_F(HostileArchive, Whiteouts) {
    for (const char* name : {"a/.wh.", "a/.wh..", "a/.wh..."})
        EXPECT_NE(refusal(TarBuilder().directory("a").file(name, "")).find("hides no name"), std::string::npos) << name;
    const std::string root = unpack(TarBuilder()
                                        .directory("a")
                                        .file("a/.wh.gone", "")
                                        .file("a/.wh..wh..opq", "")
                                        .file("a/.wh..wh.plnk", "")
                                        .file("a/kept", "1")
                                        .file("a/.wh.kept", "")
                                        .file(".wh.dir", "")
                                        .directory("dir"));
    const auto gone = look_at(root + "/a/gone");
    EXPECT_TRUE(S_ISCHR(gone.st_mode));
    EXPECT_EQ(gone.st_rdev, 0u);
    EXPECT_EQ(read_file(root + "/a/kept"), "1");
    EXPECT_FALSE(std::filesystem::exists(root + "/a/.wh..wh.plnk"));
    for (const char* opaque : {"/a", "/dir"}) {
        char value[4] = {};
        EXPECT_EQ(::lgetxattr((root + opaque).c_str(), "trusted.overlay.opaque", value, sizeof value), 1) << opaque;
        EXPECT_EQ(value[0], 'y');
    }
}

TEST_F(HostileArchive, ForgedOverlayMetadata) {
    EXPECT_NE(refusal(TarBuilder().add({"x", '3'})).find("0:0"), std::string::npos);
    const std::string capability("\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
                                 20);
    TarEntry file{"x", '0', "1"};
    file.pax = {{"SCHILY.xattr.trusted.overlay.opaque", "y"},
                {"SCHILY.xattr.trusted.overlay.redirect", "/etc"},
                {"SCHILY.xattr.user.overlay.opaque", "y"},
                {"SCHILY.xattr.user.mine", "1"},
                {"SCHILY.xattr.security.capability", capability}};
    const std::string path = unpack(TarBuilder().add(file)) + "/x";
    char names[1000] = {}, value[100] = {};
    const ssize_t size = ::llistxattr(path.c_str(), names, sizeof names);
    EXPECT_EQ(std::string(names, static_cast<std::size_t>(size)).find("overlay"), std::string::npos);
    EXPECT_EQ(::lgetxattr(path.c_str(), "user.mine", value, sizeof value), 1);
    EXPECT_EQ(::lgetxattr(path.c_str(), "security.capability", value, sizeof value), 20);
}

TEST_F(HostileArchive, Bombs) {
    ImportOptions small;
    small.limits.content_bytes = 1 << 20;
    small.limits.entries = 100;
    TarEntry sparse{"s"};
    sparse.pax = {{"GNU.sparse.major", "0"},
                  {"GNU.sparse.minor", "1"},
                  {"GNU.sparse.name", "s"},
                  {"GNU.sparse.map", "0,0"},
                  {"GNU.sparse.size", "10737418240"}};
    EXPECT_NE(refusal(TarBuilder().add(sparse), small).find("limit of"), std::string::npos);
    TarEntry lying{"x"};
    lying.claimed_size = INT64_MAX;
    EXPECT_NE(refusal(TarBuilder().add(lying)), "");
    lying.claimed_size = 4096;
    EXPECT_NE(refusal(TarBuilder().add(lying)), "");
    TarBuilder many;
    for (int i = 0; i < 101; ++i) many.file("f" + std::to_string(i), "");
    EXPECT_NE(refusal(many, small).find("more than 100 entries"), std::string::npos);
    small.limits.archive_bytes = 64 << 10;
    EXPECT_NE(refusal(TarBuilder().file("x", std::string(600 << 10, 'x')), small).find("limit of"), std::string::npos);
    TarEntry wordy{"w"};
    wordy.pax = {{"comment", std::string(8 << 20, 'c')}};
    EXPECT_NE(refusal(TarBuilder().add(wordy)), "");
    EXPECT_EQ(refusal(TarBuilder().file("x", "1").bytes().substr(0, 300)).substr(0, 15), "import an image");
    EXPECT_NE(refusal("this is no archive").find("not a sound tar archive"), std::string::npos);
    EXPECT_NE(refusal(std::string("\x1f\x8b\x08\x00 rubbish after a gzip magic")), "");
}

TEST_F(HostileArchive, NumbersOutOfRange) {
    TarEntry owner{"x"};
    owner.pax = {{"uid", "4294967295"}};
    EXPECT_NE(refusal(TarBuilder().add(owner)).find("out of range"), std::string::npos);
    owner.pax = {{"uid", "4294967294"}};
    EXPECT_EQ(look_at(unpack(TarBuilder().add(owner)) + "/x").st_uid, 4294967294u);
}

}  // namespace
}  // namespace hoist::storage
