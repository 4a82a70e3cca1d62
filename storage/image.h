#pragma once
// SPDX-License-Identifier: Apache-2.0
// Images: references, configurations, and the store that holds them.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/json.h"
#include "base/units.h"
#include "storage/database.h"
#include "storage/layer_pin.h"
#include "storage/layer_tar.h"
#include "storage/unpack.h"

namespace hoist::storage {

/// Where everything on disk lies; the tree is drawn in storage/layout.h.
class Layout;

/// "sha256:<64 hex>" of some bytes.
std::string sha256_digest(std::string_view bytes);

/// A parsed image reference. @see distribution reference grammar
struct Reference {
    std::string domain = "docker.io";
    std::string path;               ///< "library/nginx"
    std::string tag;                ///< "latest" if neither tag nor digest was given
    std::string digest;             ///< "sha256:..." or empty
    std::string canonical() const;  ///< "docker.io/library/nginx:latest"
    std::string familiar() const;   ///< "nginx:latest"
};
/// @throws Error(invalid) that says what is wrong with it ("uppercase letters in ...")
Reference parse_reference(const std::string& text);

struct ImageHealthcheck {
    std::vector<std::string> test;
    std::optional<Nanoseconds> interval, timeout, start_period, start_interval;
    std::optional<int> retries;
};
/// What an image says of the process to run. @see image-spec config.md
struct ImageConfig {
    std::vector<std::string> entrypoint, cmd, env;
    std::string user, working_dir, stop_signal;
    std::map<std::string, std::string> labels;
    std::vector<std::string> volumes;        ///< paths
    std::vector<std::string> exposed_ports;  ///< "80/tcp"
    std::optional<ImageHealthcheck> healthcheck;
};

struct Image {
    std::string id;                       ///< "sha256:..."
    std::vector<std::string> references;  ///< familiar names with a tag, sorted
    std::vector<std::string> digests;     ///< familiar names with a manifest's digest, sorted: where it was pulled from
    std::vector<std::string> diff_ids;    ///< bottom layer first
    ImageConfig config;
    std::string architecture, os;
    TimePoint created;
    Bytes size;  ///< of the unpacked layers
    Json raw_config;
    std::string config_bytes, manifest;  ///< exact
};

/// A layer that add_layer made or found, kept until the pin goes.
struct AddedLayer {
    std::string diff_id;
    Bytes size;          ///< of its files
    Bytes archive_size;  ///< of its tar
    LayerPin pin;
};
enum class UpperUse {
    copy,  ///< the directory stays as it is
    take,  ///< the directory becomes the layer: nothing is copied, and afterwards it is gone
};

struct ImportOptions {
    std::string reference;             ///< tag to give; empty: none
    std::vector<std::string> changes;  ///< Dockerfile instructions: CMD ENTRYPOINT ENV EXPOSE LABEL USER VOLUME
                                       ///< WORKDIR STOPSIGNAL HEALTHCHECK
    std::string message;
    UnpackLimits limits;
    /// Called now and then with the bytes read so far; throwing stops the import and leaves nothing.
    std::function<void(std::uint64_t)> progress;
};

struct LoadOptions {
    UnpackLimits limits;                          ///< of each layer
    std::function<void(std::uint64_t)> progress;  ///< as in ImportOptions
};
struct LoadedImage {
    std::string id;
    std::vector<std::string> references;  ///< the names that the archive gave it
};

/// A layer whose files or archive are not what its digest says.
struct LayerFault {
    std::string diff_id, problem;
    std::vector<std::string> images;  ///< that use it
};

/// An image that came from somewhere else, with its layers on their way into the store.
struct ReceivedImage {
    std::string config, manifest;         ///< exact bytes
    std::vector<std::string> references;  ///< with a tag, or with a manifest's digest
};
struct LayerInput;
class UnpackedLayer;

/// All images and layers. Look-ups come from memory and are thread-safe; what changes the store blocks and belongs on
/// a worker thread.
class ImageStore {
public:
    ImageStore(const Layout& layout, Database& database);
    ~ImageStore();

    /// Makes a one-layer image of a root file system's tar (plain, gzip, zstd, xz, bzip2), read from `tar` as a stream
    /// in a single pass. Nothing is recorded unless everything is on the disk. @return the image's id
    /// @throws Error(invalid) for a hostile or broken archive (SEC-24..29)
    std::string import(const Fd& tar, const ImportOptions& options);

    /// Reads images from an archive as `docker save`, podman, skopeo and others write them (docker-archive and OCI
    /// layout, plain or compressed), as a stream in one pass. Layers that are there already are not unpacked again.
    /// All or nothing. @throws Error(invalid) that says what is wrong with the archive
    std::vector<LoadedImage> load(const Fd& archive, const LoadOptions& options);
    /// Writes images as an archive that is an OCI layout and a docker-archive at once; manifests that are known by
    /// their digest keep it. @param names  as for find() @throws Error(not_found)
    void save(const std::vector<std::string>& names, const TarWriter::Sink& sink) const;

    /// The layer that an image's manifest names by this digest of its archive. nullopt: not in the store
    std::optional<std::string> find_layer_of(const std::string& archive_digest) const;
    /// Unpacks a layer for add_images(). Any number at once.
    UnpackedLayer receive_layer(LayerInput input) const;
    /// Puts one layer in its place, durably, before there is an image that uses it.
    AddedLayer add_layer(UnpackedLayer layer);
    /// Records images, with the layers that came for them, or nothing. The caller holds pins on the layers that were
    /// there before. @throws Error(invalid) if configuration, manifest and layers do not belong together
    std::vector<LoadedImage> add_images(const std::vector<ReceivedImage>& images, std::vector<UnpackedLayer> layers);

    /// Makes a layer of an overlay's upper directory (whiteouts and opaque directories included), durably. With
    /// options.newest_time, later times of its files are set back to it. A layer that is there already is used.
    /// `take` needs a directory on the store's file system that no mount uses any more.
    AddedLayer add_layer_from_upper(const std::string& upper, UpperUse use, const LayerTarOptions& options = {});
    /// Records an image of layers that are there. The caller holds pins on them.
    /// @param config  OCI image configuration, kept byte for byte; its rootfs.diff_ids name the layers
    /// @return the image's id @throws Error(not_found) that names a missing layer, Error(invalid)
    std::string create_image(const std::string& config, const std::vector<std::string>& references);
    /// Keeps layers while an operation uses them. @throws Error(not_found) that names a missing one
    LayerPin pin(const std::vector<std::string>& diff_ids);
    bool has_layer(const std::string& diff_id) const;
    /// Of the layer's uncompressed tar. @throws Error(not_found)
    Bytes archive_size(const std::string& diff_id) const;
    /// A layer's directory, for an overlay.
    std::string layer_directory(const std::string& diff_id) const;
    /// Adds a user of layers beside images and pins, such as a build cache: each collection asks it for their diffIDs.
    /// `keeper` is called on any thread.
    void add_keeper(std::function<std::vector<std::string>()> keeper);
    /// Removes the layers that nothing uses (what crashed builds left, say). @return their size
    Bytes collect();

    /// Reads all files of an image's layers (of all images: empty name) and compares digests. Slow.
    std::vector<LayerFault> verify(const std::string& name) const;
    /// Of all layers together, and of one; 0 if it is not there.
    Bytes layers_size() const;
    Bytes layer_size(const std::string& diff_id) const;

    /// By reference, id, or unique prefix of an id. nullopt if there is none.
    std::optional<Image> find(const std::string& name) const;
    std::vector<Image> list() const;
    /// Gives an image another name. @throws Error(not_found)
    void tag(const std::string& name, const std::string& reference);
    /// Removes a name, and with the last one the image and the layers that no other image uses.
    /// @return what happened, in order: {"Untagged", name} and {"Deleted", id}
    std::vector<std::pair<std::string, std::string>> remove(const std::string& name, bool force);

    /// The directories of an image's layers for an overlay, topmost first. @throws Error(not_found)
    std::vector<std::string> layer_directories(const Image& image) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hoist::storage
