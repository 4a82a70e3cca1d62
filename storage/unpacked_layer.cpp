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

namespace hoist::storage {
namespace {

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
      size_(other.size_) {}

UnpackedLayer::~UnpackedLayer() {
    if (at_.empty()) return;
    try {
        remove_tree(at_);
    } catch (const Error& error) {
        spdlog::warn("image import: leftovers are removed at the next start: {}", error.what());
    }
}

UnpackedLayer UnpackedLayer::unpack(const Layout& layout, const Fd& archive, const ImportOptions& options) {
    UnpackedLayer layer(layout, layout.layers_tmp() + "/" + random_hex_id());
    try {
        layer.fill(archive, options);
        fail_point("layer_unpacked");
        layer.sync();
    } catch (Error& error) {
        throw error.during("import an image");
    }
    return layer;
}

void UnpackedLayer::fill(const Fd& archive, const ImportOptions& options) {
    make_empty_root(at_);
    ArchiveStream stream(archive, options.limits.archive_bytes, options.progress);
    const Unpacked unpacked = unpack_layer(stream, at_ + "/fs", options.limits);
    description_ = {stream.finish(), stream.size()};
    size_ = Bytes{unpacked.content_bytes};
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
        layer.sync();
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
        fill(pipe.read_end, {});
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
