#pragma once
// SPDX-License-Identifier: Apache-2.0
// A layer on its way into the store: unpacked beside it, put in its place in one step.

#include <string>

#include "storage/image_config.h"
#include "storage/layout.h"

namespace hoist::storage {

class UnpackedLayer {
public:
    /// Unpacks an archive into layers/tmp and writes all of it to the disk. @throws Error; then nothing is left
    static UnpackedLayer unpack(const Layout& layout, const Fd& archive, const ImportOptions& options);
    /// Makes an overlay's upper directory a layer; with UpperUse::take also when it fails, the directory is gone.
    static UnpackedLayer of_upper(const Layout& layout, const std::string& upper, UpperUse use,
                                  const LayerTarOptions& options);
    UnpackedLayer(UnpackedLayer&& other) noexcept;
    UnpackedLayer& operator=(UnpackedLayer&&) = delete;
    ~UnpackedLayer();  ///< removes what is left in layers/tmp

    /// Renames it to its diffID, durably. If that layer is already there, this one is given up for it.
    void move_into_place();
    /// Undoes move_into_place(), if it was this one that went there.
    void take_back() noexcept;

    const NewLayer& description() const { return description_; }
    Bytes size() const { return size_; }

private:
    void take_upper(const std::string& upper, const LayerTarOptions& options);
    void copy_upper(const std::string& upper, const LayerTarOptions& options);
    void fill(const Fd& archive, const ImportOptions& options);
    void sync() const;
    UnpackedLayer(const Layout& layout, std::string at) : layout_(&layout), at_(std::move(at)) {}
    std::string place() const;

    const Layout* layout_;
    std::string at_;  ///< below layers/tmp; empty: moved away
    NewLayer description_;
    Bytes size_;
};

}  // namespace hoist::storage
