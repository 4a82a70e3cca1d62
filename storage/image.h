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
    std::vector<std::string> references;  ///< familiar names, sorted
    std::vector<std::string> diff_ids;    ///< bottom layer first
    ImageConfig config;
    std::string architecture, os;
    TimePoint created;
    Bytes size;  ///< of the unpacked layers
    Json raw_config;
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
