#pragma once
// SPDX-License-Identifier: Apache-2.0
// A layer on its way into the store: unpacked beside it, put in its place in one step.

#include <functional>
#include <memory>
#include <string>

#include "storage/byte_source.h"
#include "storage/image_config.h"
#include "storage/layout.h"

namespace hoist::storage {

/// A layer's archive to be unpacked.
struct LayerInput {
    std::unique_ptr<RawSource> source;
    UnpackLimits limits;
    std::function<void(std::uint64_t)> progress;  ///< as ArchiveStreamOptions
    /// Whether an archive that comes compressed is kept beside the layer, so that its digest stays known.
    bool keep_compressed = false;
    /// A file that already gets the compressed bytes, to be moved there instead of a copy (a download).
    std::string downloaded;
    std::string digest;   ///< expected of the archive as it comes; empty: any
    std::string diff_id;  ///< expected of the uncompressed tar; empty: any
};

class UnpackedLayer {
public:
    /// Unpacks an archive into layers/tmp; not yet durable. @throws Error; then nothing is left, but `downloaded`
    static UnpackedLayer unpack(const Layout& layout, LayerInput input);
    /// Makes an overlay's upper directory a layer; with UpperUse::take also when it fails, the directory is gone.
    static UnpackedLayer of_upper(const Layout& layout, const std::string& upper, UpperUse use,
                                  const LayerTarOptions& options);
    UnpackedLayer(UnpackedLayer&& other) noexcept;
    UnpackedLayer& operator=(UnpackedLayer&&) = delete;
    ~UnpackedLayer();  ///< removes what is left in layers/tmp

    /// Writes all of the file system to the disk: once before a layer, or several, are moved.
    void sync() const;
    /// Renames it to its diffID, durably. If that layer is already there, this one is given up for it.
    void move_into_place();
    /// Undoes move_into_place(), if it was this one that went there.
    void take_back() noexcept;

    const NewLayer& description() const { return description_; }
    /// The digest of the archive as it came, compressed or not.
    const std::string& digest() const { return digest_; }
    Bytes size() const { return size_; }

private:
    void take_upper(const std::string& upper, const LayerTarOptions& options);
    void copy_upper(const std::string& upper, const LayerTarOptions& options);
    void fill(LayerInput input);
    void keep_blob(const std::string& downloaded) const;
    UnpackedLayer(const Layout& layout, std::string at) : layout_(&layout), at_(std::move(at)) {}
    std::string place() const;

    const Layout* layout_;
    std::string at_;  ///< below layers/tmp; empty: moved away
    NewLayer description_;
    std::string digest_;
    Bytes size_;
};

}  // namespace hoist::storage
