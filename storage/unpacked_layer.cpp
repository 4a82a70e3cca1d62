// SPDX-License-Identifier: Apache-2.0
#include "storage/unpacked_layer.h"

#include <sys/stat.h>

#include <thread>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "storage/archive_stream.h"
#include "storage/digest.h"
#include "storage/layer_archive.h"
#include "storage/layer_recipe.h"

namespace hoist::storage {
namespace {

/// Sees the bytes of an archive as they come: their digest, and a copy of them if they are compressed.
class RawTap {
public:
    /// @param copy  the copy's path; empty: none
    RawTap(std::string copy, bool hash) : path_(std::move(copy)), hashed_(hash) {}

    void take(std::string_view bytes) {
        if (compression_ && !compressed()) return;  // what is not compressed is hashed as the tar that it is
        start_ += compression_ ? "" : std::string(bytes);
        if (!compression_) {
            if (start_.size() < magic_size) return;
            compression_ = compression_of(start_);
            bytes = start_;
            if (!compressed()) return;
            if (!path_.empty()) file_ = open_file(path_, O_WRONLY | O_CREAT | O_EXCL, 0600);
        }
        if (hashed_) hash_.update(bytes);
        if (file_) write_all(file_, bytes, path_);
        start_.clear();
    }
    bool compressed() const { return compression_ && *compression_ != Compression::none; }
    /// The digest of compressed bytes; nullopt for others.
    std::optional<std::string> finish() {
        if (!compressed() || !hashed_) return std::nullopt;
        return hash_.finish();
    }

private:
    std::string path_;
    bool hashed_;
    std::string start_;
    std::optional<Compression> compression_;
    Sha256 hash_;
    Fd file_;
};

class TappedSource : public RawSource {
public:
    TappedSource(std::unique_ptr<RawSource> source, std::shared_ptr<RawTap> tap)
        : source_(std::move(source)), tap_(std::move(tap)) {}
    std::size_t read(char* to, std::size_t size) override {
        const std::size_t got = source_->read(to, size);
        tap_->take({to, got});
        count(got);
        return got;
    }
    void stop() override { source_->stop(); }

private:
    std::unique_ptr<RawSource> source_;
    std::shared_ptr<RawTap> tap_;
};

void make_empty_root(const std::string& dir) {
    check(::mkdir(dir.c_str(), 0700), "make {}", dir);  // programs in it are not for the host's other users
    const std::string root = dir + "/fs";
    check(::mkdir(root.c_str(), 0755), "make {}", root);
    check(::chmod(root.c_str(), 0755), "set the mode of {}", root);
}

}  // namespace

UnpackedLayer::UnpackedLayer(UnpackedLayer&& other) noexcept
    : layout_(other.layout_),
      at_(std::exchange(other.at_, {})),
      description_(std::move(other.description_)),
      digest_(std::move(other.digest_)),
      size_(other.size_) {}

UnpackedLayer::~UnpackedLayer() {
    if (at_.empty()) return;
    try {
        remove_tree(at_);
    } catch (const Error& error) {
        spdlog::warn("image import: leftovers are removed at the next start: {}", error.what());
    }
}

UnpackedLayer UnpackedLayer::unpack(const Layout& layout, LayerInput input) {
    UnpackedLayer layer(layout, layout.layers_tmp() + "/" + random_hex_id());
    layer.fill(std::move(input));
    fail_point("layer_unpacked");
    return layer;
}

void UnpackedLayer::fill(LayerInput input) {
    make_empty_root(at_);
    const bool copy = input.keep_compressed && input.downloaded.empty();
    const auto tap = std::make_shared<RawTap>(copy ? at_ + "/blob" : "", !input.digest.empty() || copy);
    const auto recipe = std::make_shared<RecipeWriter>(open_file(at_ + "/recipe", O_WRONLY | O_CREAT | O_EXCL, 0600));
    ArchiveStreamOptions options;
    options.limit = input.limits.archive_bytes;
    options.progress = std::move(input.progress);
    options.tap = [tap, recipe, keeps = input.keep_compressed](std::string_view bytes) {
        if (!keeps || !tap->compressed()) recipe->take(bytes);
    };
    std::string diff_id;
    {
        ArchiveStream stream(std::make_unique<TappedSource>(std::move(input.source), tap), std::move(options));
        size_ = Bytes{unpack_layer(stream, at_ + "/fs", input.limits).content_bytes};
        diff_id = stream.finish();
        description_ = {diff_id, stream.size()};
    }
    recipe->finish();
    digest_ = tap->finish().value_or(diff_id);
    if (!input.digest.empty() && digest_ != input.digest)
        fail(Kind::invalid, "the bytes have the digest {}, not {}: they are damaged", digest_, input.digest);
    if (!input.diff_id.empty() && diff_id != input.diff_id)
        fail(Kind::invalid, "the unpacked layer has the digest {}, but the image's configuration says {}", diff_id,
             input.diff_id);
    if (input.keep_compressed && tap->compressed()) keep_blob(input.downloaded);
}

/// The compressed archive lies beside the layer, named by its digest, and makes the recipe superfluous.
void UnpackedLayer::keep_blob(const std::string& downloaded) const {
    const std::string from = downloaded.empty() ? at_ + "/blob" : downloaded;
    const std::string to = blob_path(at_, digest_);
    check(::rename(from.c_str(), to.c_str()), "move {} to {}", from, to);
    check(::unlink((at_ + "/recipe").c_str()), "remove {}/recipe", at_);
}

void UnpackedLayer::sync() const {
    const Fd root = open_file(at_, O_RDONLY | O_DIRECTORY);
    check(::syncfs(root.get()), "write the layer to the disk");
}

UnpackedLayer UnpackedLayer::of_upper(const Layout& layout, const std::string& upper, UpperUse use,
                                      const LayerTarOptions& options) {
    UnpackedLayer layer(layout, layout.layers_tmp() + "/" + random_hex_id());
    try {
        if (use == UpperUse::take)
            layer.take_upper(upper, options);
        else
            layer.copy_upper(upper, options);
        fail_point("layer_unpacked");
    } catch (Error& error) {
        throw error.during("make a layer of what has changed");
    }
    return layer;
}

void UnpackedLayer::take_upper(const std::string& upper, const LayerTarOptions& options) {
    check(::mkdir(at_.c_str(), 0700), "make {}", at_);
    const std::string tree = at_ + "/fs";
    check(::rename(upper.c_str(), tree.c_str()), "move {} to {}", upper, tree);
    Sha256 hash;
    std::int64_t size = 0;
    const auto measure = [&](std::string_view bytes) {
        hash.update(bytes);
        size += static_cast<std::int64_t>(bytes.size());
    };
    const LayerTarred tarred = write_layer_tar(tree, measure, options);
    if (options.newest_time) set_back_times(tree, *options.newest_time);
    description_ = {hash.finish(), size};
    size_ = Bytes{tarred.content_bytes};
}

/// Through its own tar: what is unpacked is then what the digest says, whatever changes in the directory meanwhile.
void UnpackedLayer::copy_upper(const std::string& upper, const LayerTarOptions& options) {
    Pipe pipe = make_pipe();
    std::exception_ptr problem;
    std::thread writer([&, to = std::move(pipe.write_end)]() mutable {
        try {
            write_layer_tar(
                upper, [&](std::string_view bytes) { write_all(to, bytes, "the layer"); }, options);
        } catch (...) {
            problem = std::current_exception();
        }
        to.reset();  // the reader's end of the archive
    });
    try {
        LayerInput input;
        input.source = std::make_unique<StoppableReader>(pipe.read_end);
        fill(std::move(input));
        check(::unlink((at_ + "/recipe").c_str()), "remove {}/recipe", at_);  // the tree gives the same tar
    } catch (...) {
        if (!problem) problem = std::current_exception();
    }
    pipe.read_end.reset();  // lets a writer go that still writes
    writer.join();
    if (problem) std::rethrow_exception(problem);
}

std::string UnpackedLayer::place() const {
    return split_path(layout_->layer(description_.diff_id)).parent;
}

void UnpackedLayer::move_into_place() {
    const std::string to = place();
    if (::rename(at_.c_str(), to.c_str()) != 0) {
        // A directory that is there and not empty is the same layer: only finished ones have that name.
        if (errno == ENOTEMPTY || errno == EEXIST) return;
        fail_errno(errno, "put layer {} in its place", description_.diff_id);
    }
    const std::string from = std::exchange(at_, {});
    const std::string parent = split_path(to).parent;
    const Fd dir = open_file(parent, O_RDONLY | O_DIRECTORY);
    if (::fsync(dir.get()) == 0) return;
    const int code = errno;
    if (::rename(to.c_str(), from.c_str()) == 0) at_ = from;
    fail_errno(code, "sync {}", parent);
}

void UnpackedLayer::take_back() noexcept {
    if (!at_.empty()) return;
    at_ = layout_->layers_tmp() + "/" + random_hex_id();
    if (::rename(place().c_str(), at_.c_str()) != 0)
        spdlog::warn("layer {} is recorded nowhere; it is removed at the next start", description_.diff_id);
}

}  // namespace hoist::storage
