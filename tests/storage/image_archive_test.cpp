// SPDX-License-Identifier: Apache-2.0
#include <zlib.h>

#include "storage/image_archive.h"
#include "storage/image_config.h"
#include "tests/storage/store_fixture.h"

namespace hoist::storage {
namespace {

using test::TarBuilder;
using test::TarEntry;

std::string gzip(const std::string& bytes) {
    std::string out(compressBound(bytes.size()) + 64, '\0');
    z_stream stream{};
    EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.erase(stream.total_out);
    deflateEnd(&stream);
    return out;
}

std::string hex(const std::string& digest) {
    return digest.substr(7);
}

std::string config_of(const std::vector<std::string>& diff_ids) {
    const Json config = {{"architecture", machine_architecture()},
                         {"os", "linux"},
                         {"created", "2024-05-06T07:08:09Z"},
                         {"config", {{"Cmd", {"/bin/x"}}}},
                         {"rootfs", {{"type", "layers"}, {"diff_ids", diff_ids}}}};
    return config.dump();
}

class ImageArchive : public StoreTest {
protected:
    std::vector<LoadedImage> load(const std::string& archive) {
        dir_.write("images.tar", archive);
        return store_->load(open_file(dir_ / "images.tar", O_RDONLY), {});
    }
    std::string save(const std::vector<std::string>& names) {
        std::string bytes;
        store_->save(names, [&](std::string_view part) { bytes += part; });
        return bytes;
    }
    /// Forgets everything, as another host would know nothing.
    void start_anew() {
        store_.reset();
        database_.reset();
        std::filesystem::remove_all(layout_.root());
        layout_.make();
        open();
    }
    void expect_refused(const std::string& archive, const std::string& why) {
        try {
            load(archive);
            ADD_FAILURE() << "accepted, though " << why;
        } catch (const Error& error) {
            EXPECT_NE(error.message().find(why), std::string::npos) << error.message();
        }
        EXPECT_TRUE(store_->list().empty());
        expect_nothing_left();
    }
};

TEST_F(ImageArchive, ComesBackAsItWasSaved) {
    const std::string base =
        import(TarBuilder().directory("d").file("d/f", std::string(5000, 'f')).bytes(), {.reference = "base:1"});
    dir_.write("upper/new", "new");
    const AddedLayer added = store_->add_layer_from_upper(dir_ / "upper", UpperUse::take);
    const auto below = store_->find("base:1")->diff_ids.front();
    const std::string top = store_->create_image(config_of({below, added.diff_id}), {"top:1", "top:2"});
    const std::string archive = save({"base:1", "top:1", "top:2"});

    start_anew();
    const auto loaded = load(archive);
    ASSERT_EQ(loaded.size(), 2u);
    EXPECT_EQ(loaded[0].id, base);
    EXPECT_EQ(loaded[1].id, top);
    EXPECT_EQ(loaded[1].references, (std::vector<std::string>{"top:1", "top:2"}));
    EXPECT_EQ(store_->find("top:2")->id, top);
    EXPECT_EQ(save({"base:1", "top:1", "top:2"}), archive);
    expect_nothing_left();
}

/// What other tools write into layers: each must be given back byte for byte, though only its files are kept.
TEST_F(ImageArchive, GivesForeignLayersBackByteForByte) {
    TarBuilder tar;
    tar.directory("./usr/").file("./usr/a", std::string(1000, 'a')).hard_link("./usr/b", "./usr/a");
    tar.add({.name = "usr/xattr", .content = std::string(3000, 'x'), .pax = {{"SCHILY.xattr.user.k", "v"}}});
    tar.add({.name = "short",
             .content = std::string(2000, 'l'),
             .pax = {{"path", std::string(200, 'n') + "/" + std::string(100, 'm')}}});
    tar.add({.name = "././@LongLink", .type = 'L', .content = std::string(150, 'L') + '\0'});
    tar.add({.name = "cut", .content = std::string(1024, 'c')});
    tar.file("usr/.wh.gone", "").file("tiny", "t").file("empty", "");
    tar.add({.name = "zeros", .content = std::string(4096, '\0')});
    const std::string padded = tar.bytes() + std::string(8192, '\0');
    import(padded, {.reference = "foreign"});
    dir_.write("saved.tar", save({"foreign"}));
    const std::string diff_id = store_->find("foreign")->diff_ids.front();
    EXPECT_EQ(diff_id, sha256_digest(padded));
    const std::string command =
        fmt::format("tar -xOf {} blobs/sha256/{} > {}", dir_ / "saved.tar", hex(diff_id), dir_ / "layer.tar");
    ASSERT_EQ(::system(command.c_str()), 0);
    EXPECT_EQ(read_file(dir_ / "layer.tar"), padded);
}

TEST_F(ImageArchive, ReadsTheOldDockerForm) {
    const std::string one = TarBuilder().file("one", "1").bytes(), two = TarBuilder().file("two", "2").bytes();
    const std::string config = config_of({sha256_digest(one), sha256_digest(two), sha256_digest(one)});
    const Json manifest = {{{"Config", "abc.json"},
                            {"RepoTags", {"old/name:9"}},
                            {"Layers", {"1/layer.tar", "2/layer.tar", "3/layer.tar"}}}};
    const auto loaded = load(TarBuilder()
                                 .directory("1")
                                 .file("1/VERSION", "1.0")
                                 .file("1/json", R"({"id":"1"})")
                                 .file("1/layer.tar", one)
                                 .file("2/layer.tar", two)
                                 .link("3/layer.tar", "../1/layer.tar")
                                 .file("abc.json", config)
                                 .file("manifest.json", manifest.dump())
                                 .file("repositories", "{}")
                                 .bytes());
    ASSERT_EQ(loaded.size(), 1u);
    EXPECT_EQ(loaded[0].id, sha256_digest(config));
    EXPECT_EQ(loaded[0].references, std::vector<std::string>{"old/name:9"});
    const auto image = *store_->find("old/name:9");
    EXPECT_EQ(format_time(image.created), "2024-05-06T07:08:09.000000000Z");
    EXPECT_EQ(store_->layer_directories(image).size(), 3u);
    expect_nothing_left();
}

/// An OCI layout with one compressed layer, and its parts to be changed.
struct OciLayout {
    explicit OciLayout(const std::string& tar) : layer(gzip(tar)), config(config_of({sha256_digest(tar)})) {
        const Json layers = {{{"mediaType", "application/vnd.oci.image.layer.v1.tar+gzip"},
                              {"digest", sha256_digest(layer)},
                              {"size", layer.size()}}};
        manifest = make_manifest(config, layers);
    }
    std::string bytes() const {
        const Json index = {{"schemaVersion", 2},
                            {"manifests",
                             {{{"mediaType", oci_manifest_type},
                               {"digest", sha256_digest(manifest)},
                               {"size", manifest.size()},
                               {"annotations", {{"org.opencontainers.image.ref.name", "example.org/oci:1"}}}}}}};
        TarBuilder tar;
        tar.file("blobs/sha256/" + hex(sha256_digest(layer)), damaged_layer.empty() ? layer : damaged_layer);
        tar.file("blobs/sha256/" + hex(sha256_digest(config)), damaged_config.empty() ? config : damaged_config);
        tar.file("blobs/sha256/" + hex(sha256_digest(manifest)), manifest);
        tar.file("index.json", index.dump()).file("oci-layout", R"({"imageLayoutVersion": "1.0.0"})");
        return tar.bytes();
    }
    std::string layer, config, manifest, damaged_layer, damaged_config;
};

TEST_F(ImageArchive, KeepsTheDigestsOfAnOciLayout) {
    const OciLayout layout(TarBuilder().file("f", std::string(100'000, 'f')).bytes());
    load(layout.bytes());
    const auto image = store_->find("example.org/oci:1");
    ASSERT_TRUE(image);
    EXPECT_EQ(image->manifest, layout.manifest);
    const std::string archive = save({"example.org/oci:1"});
    start_anew();
    load(archive);
    EXPECT_EQ(store_->find("example.org/oci:1")->manifest, layout.manifest);
}

TEST_F(ImageArchive, ReadsACompressedArchive) {
    const OciLayout layout(TarBuilder().file("f", "x").bytes());
    EXPECT_EQ(load(gzip(layout.bytes())).front().references, std::vector<std::string>{"example.org/oci:1"});
}

TEST_F(ImageArchive, DoesNotUnpackAKnownLayerAgain) {
    const OciLayout layout(TarBuilder().file("f", "x").bytes());
    load(layout.bytes());
    OciLayout again = layout;
    again.damaged_layer = std::string(layout.layer.size(), 'x');  // nobody looks at it
    EXPECT_EQ(load(again.bytes()).front().id, sha256_digest(layout.config));
}

TEST_F(ImageArchive, RefusesWhatDoesNotFitTogether) {
    const std::string tar = TarBuilder().file("f", std::string(600, 'f')).bytes();
    OciLayout other_bytes(tar);
    other_bytes.damaged_layer = gzip(TarBuilder().file("g", std::string(600, 'f')).bytes());
    expect_refused(other_bytes.bytes(), "is missing");
    OciLayout broken(tar);
    broken.damaged_layer = broken.layer.substr(0, broken.layer.size() / 2) + std::string(600, 'x');
    expect_refused(broken.bytes(), "blobs/sha256/");
    OciLayout config(tar);
    config.damaged_config = config.config + " ";
    expect_refused(config.bytes(), "do not have this digest");
    expect_refused(TarBuilder().file("etc/passwd", "root").bytes(), "hoist import");
    expect_refused(TarBuilder().file("manifest.json", R"([{"Config":"c.json"}])").bytes(), "no file c.json");
    const Json manifest = {{{"Config", "c.json"}, {"Layers", {"l.tar"}}}};
    expect_refused(TarBuilder()
                       .file("l.tar", tar)
                       .file("c.json", config_of({"sha256:" + std::string(64, '1')}))
                       .file("manifest.json", manifest.dump())
                       .bytes(),
                   "as the image's configuration says");
    expect_refused(TarBuilder()
                       .file("l.tar", TarBuilder().file("../../etc/x", std::string(600, 'f')).bytes())
                       .file("manifest.json", manifest.dump())
                       .bytes(),
                   "\"..\"");
}

TEST(ChoosePlatform, TakesTheMachinesOrTheAskedOne) {
    const auto entry = [](const char* architecture, const char* variant) {
        return Json{{"digest", std::string(architecture) + variant},
                    {"platform", {{"os", "linux"}, {"architecture", architecture}, {"variant", variant}}}};
    };
    const Json index = {{"manifests", {entry("arm", "v6"), entry("arm", "v7"), entry("s390x", "")}}};
    EXPECT_EQ(choose_platform(index, "linux/s390x")["digest"], "s390x");
    EXPECT_EQ(choose_platform(index, "linux/arm/v7")["digest"], "armv7");
    EXPECT_EQ(choose_platform(index, "linux/arm")["digest"], "armv6");
    try {
        choose_platform(index, "linux/riscv64");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.message(),
                  "the image is not there for linux/riscv64, only for linux/arm/v6, linux/arm/v7, linux/s390x");
    }
}

}  // namespace
}  // namespace hoist::storage
