// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "storage/image_config.h"
#include "tests/storage/store_fixture.h"

namespace hoist::storage {
namespace {

using test::TarBuilder;

std::string layer_tar(const std::string& tree, const LayerTarOptions& options = {}) {
    std::string bytes;
    write_layer_tar(
        tree, [&](std::string_view part) { bytes += part; }, options);
    return bytes;
}

class LayerTar : public StoreTest {
protected:
    /// An upper directory with one of everything.
    std::string make_upper() {
        const std::string upper = dir_ / "upper";
        const std::string long_name(180, 'n');
        std::filesystem::create_directories(upper + "/dir/opaque");
        std::filesystem::create_directories(upper + "/" + long_name);
        dir_.write("upper/dir/file", "content");
        dir_.write("upper/dir/big", std::string(700'000, 'b'));
        dir_.write("upper/" + long_name + "/\xc3\xa4\xff", "strange name");
        std::filesystem::create_hard_link(upper + "/dir/file", upper + "/dir/hard");
        std::filesystem::create_symlink("/etc/" + std::string(150, 't'), upper + "/link");
        EXPECT_EQ(::mknod((upper + "/gone").c_str(), S_IFCHR, 0), 0);
        EXPECT_EQ(::mknod((upper + "/null").c_str(), S_IFCHR | 0666, makedev(1, 3)), 0);
        EXPECT_EQ(::mkfifo((upper + "/fifo").c_str(), 0640), 0);
        EXPECT_EQ(::setxattr((upper + "/dir/opaque").c_str(), "trusted.overlay.opaque", "y", 1, 0), 0);
        EXPECT_EQ(::setxattr((upper + "/dir/file").c_str(), "user.note", "a=b\n", 4, 0), 0);
        EXPECT_EQ(::chown((upper + "/dir/big").c_str(), 3'000'000, 7), 0);
        EXPECT_EQ(::chmod((upper + "/dir/big").c_str(), 04755), 0);
        return upper;
    }
};

TEST_F(LayerTar, OfWhatWasUnpackedFromItIsTheSameAgain) {
    const std::string tar = layer_tar(make_upper());
    const auto image = *store_->find(import(tar));
    EXPECT_EQ(image.diff_ids.front(), sha256_digest(tar));
    const std::string tree = store_->layer_directories(image).front();
    EXPECT_EQ(layer_tar(tree), tar);
    struct stat info {};
    ASSERT_EQ(::lstat((tree + "/gone").c_str(), &info), 0);
    EXPECT_TRUE(S_ISCHR(info.st_mode) && info.st_rdev == 0);
    ASSERT_EQ(::lstat((tree + "/dir/hard").c_str(), &info), 0);
    EXPECT_EQ(info.st_nlink, 2u);
    ASSERT_EQ(::lstat((tree + "/dir/big").c_str(), &info), 0);
    EXPECT_EQ(info.st_uid, 3'000'000u);
}

TEST_F(LayerTar, IsWhatTarReads) {
    dir_.write("layer.tar", layer_tar(make_upper()));
    const std::string command = fmt::format("tar -tf {} > {} 2>&1", dir_ / "layer.tar", dir_ / "listing");
    ASSERT_EQ(::system(command.c_str()), 0) << read_file(dir_ / "listing");
    const std::string listing = read_file(dir_ / "listing");
    for (const char* name : {".wh.gone\n", "dir/opaque/.wh..wh..opq\n", "dir/big\n", "fifo\n"})
        EXPECT_NE(listing.find(name), std::string::npos) << name;
}

TEST_F(LayerTar, SetsLaterTimesBack) {
    const std::string upper = make_upper();
    const std::string first = layer_tar(upper, {.newest_time = 1'000'000'000});
    std::filesystem::last_write_time(upper + "/dir/file", std::filesystem::file_time_type::clock::now());
    EXPECT_EQ(layer_tar(upper, {.newest_time = 1'000'000'000}), first);
}

TEST_F(LayerTar, AddsAnUpperDirectoryAsALayer) {
    for (const auto use : {UpperUse::copy, UpperUse::take}) {
        const std::string upper = make_upper();
        const std::string tar = layer_tar(upper, {.newest_time = 1'000'000'000});
        const AddedLayer added = store_->add_layer_from_upper(upper, use, {.newest_time = 1'000'000'000});
        EXPECT_EQ(added.diff_id, sha256_digest(tar));
        EXPECT_EQ(added.archive_size.count, std::ssize(tar));
        EXPECT_EQ(layer_tar(store_->layer_directory(added.diff_id)), tar);
        EXPECT_EQ(std::filesystem::exists(upper), use == UpperUse::copy);
        std::filesystem::remove_all(upper);
        expect_nothing_left();
    }
}

TEST_F(LayerTar, KeepsALayerThatIsPinned) {
    std::optional<AddedLayer> added = store_->add_layer_from_upper(make_upper(), UpperUse::take);
    const std::string diff_id = added->diff_id;
    EXPECT_EQ(store_->collect().count, 0);
    EXPECT_TRUE(store_->has_layer(diff_id));
    bool wanted = true;
    store_->add_keeper([&] { return wanted ? std::vector{diff_id} : std::vector<std::string>{}; });
    added.reset();
    EXPECT_EQ(store_->collect().count, 0);
    wanted = false;
    EXPECT_GT(store_->collect().count, 700'000);
    EXPECT_FALSE(store_->has_layer(diff_id));
    expect_nothing_left();
}

TEST_F(LayerTar, MakesAnImageOfLayers) {
    const std::string base = import(TarBuilder().file("base", "1"));
    const std::string base_layer = store_->find(base)->diff_ids.front();
    const AddedLayer added = store_->add_layer_from_upper(make_upper(), UpperUse::take);
    const Json config = {{"architecture", "amd64"},
                         {"os", "linux"},
                         {"rootfs", {{"type", "layers"}, {"diff_ids", {base_layer, added.diff_id}}}}};
    const std::string id = store_->create_image(config.dump(), {"made:1", "made:2"});
    EXPECT_EQ(id, sha256_digest(config.dump()));
    open();
    const auto image = store_->find("made:2");
    ASSERT_TRUE(image);
    EXPECT_EQ(image->references, (std::vector<std::string>{"made:1", "made:2"}));
    EXPECT_EQ(image->size.count, 1 + added.size.count);
    const Json manifest = Json::parse(image->manifest);
    EXPECT_EQ(manifest["layers"][1]["digest"], added.diff_id);
    EXPECT_EQ(manifest["layers"][1]["size"], added.archive_size.count);

    const Json missing = {{"rootfs", {{"type", "layers"}, {"diff_ids", {"sha256:" + std::string(64, '0')}}}}};
    EXPECT_THROW(store_->create_image(missing.dump(), {}), Error);
    store_->remove(base, false);
    EXPECT_TRUE(store_->has_layer(base_layer));
}

}  // namespace
}  // namespace hoist::storage
