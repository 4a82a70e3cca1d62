// SPDX-License-Identifier: Apache-2.0
#include "runtime/mount_options.h"

#include <gtest/gtest.h>
#include <sys/mount.h>

#include "base/error.h"

namespace hoist::runtime {
namespace {

MountOptions parse(std::vector<std::string> words, const std::string& type = "tmpfs") {
    return parse_mount_options({"/m", type, "/s", std::move(words)});
}

TEST(MountOptions, AreSortedByWhatTheyMean) {
    const auto options = parse({"rbind", "nosuid", "rro", "rslave", "suid", "noatime", "defaults", "silent"});
    EXPECT_TRUE(options.bind && options.bind_recursive);
    EXPECT_EQ(options.set, static_cast<std::uint64_t>(MOUNT_ATTR_NOATIME)) << "the last word counts";
    EXPECT_EQ(options.recursive_set, static_cast<std::uint64_t>(MOUNT_ATTR_RDONLY));
    EXPECT_EQ(options.propagation, static_cast<std::uint64_t>(MS_SLAVE));
    EXPECT_TRUE(options.propagation_recursive);
    EXPECT_TRUE(options.data.empty());
}

TEST(MountOptions, LeaveTheRestToTheFileSystem) {
    const auto options = parse({"size=64m", "mode=755", "sync", "nosymfollow"});
    ASSERT_EQ(options.data.size(), 3u);
    EXPECT_EQ(options.data[0], std::make_pair(std::string("size"), std::string("64m")));
    EXPECT_EQ(options.data[2].first, "sync");
    EXPECT_EQ(options.set, static_cast<std::uint64_t>(MOUNT_ATTR_NOSYMFOLLOW));
}

TEST(MountOptions, EveryKnownWordIsUnderstood) {
    for (const auto& word : known_mount_options()) {
        if (word == "async" || word == "sync" || word == "dirsync" || word.ends_with("lazytime")) continue;
        const bool copy = word == "tmpcopyup";
        EXPECT_TRUE(parse({copy ? "rw" : "bind", word}, copy ? "tmpfs" : "none").data.empty()) << word;
    }
}

TEST(MountOptions, ContradictionsAreRefused) {
    EXPECT_THROW(parse({"tmpcopyup"}, "bind"), Error);
    EXPECT_THROW(parse({"idmap"}, "tmpfs"), Error);
}

TEST(MountOptions, IdMappingsComeFromThreePlaces) {
    Config config;
    config.uid_mappings = {{0, 100000, 1000}};
    config.gid_mappings = {{0, 200000, 1000}};
    Mount mount{"/m", "bind", "/s", {}};
    EXPECT_FALSE(mount_id_mappings(mount, config));
    mount.options = {"idmap"};
    EXPECT_EQ(mount_id_mappings(mount, config)->gids[0].host_id, 200000u);
    mount.options = {"idmap=uids=0-1-10#10-100-5;gids=@0-5-3"};
    const auto written = mount_id_mappings(mount, config);
    ASSERT_EQ(written->uids.size(), 2u);
    EXPECT_EQ(written->uids[1].host_id, 100u);
    EXPECT_EQ(written->gids[0].host_id, 200005u) << "@: the container's 5";
    mount.uid_mappings = {{0, 7, 1}};
    mount.gid_mappings = {{0, 8, 1}};
    EXPECT_EQ(mount_id_mappings(mount, config)->uids[0].host_id, 7u);
    mount.uid_mappings.clear();
    for (const char* odd : {"idmap=uids=0-1;gids=0-1-1", "idmap=uids=a-1-1;gids=0-1-1", "idmap=uids=0-1-1"}) {
        mount.options = {odd};
        EXPECT_THROW((void)mount_id_mappings(mount, config), Error) << odd;
    }
    mount.options = {"idmap"};
    EXPECT_THROW((void)mount_id_mappings(mount, {}), Error) << "there is nothing to map by";
}

}  // namespace
}  // namespace hoist::runtime
