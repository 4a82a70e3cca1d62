#pragma once
// SPDX-License-Identifier: Apache-2.0
// The writable part of one container, and what lies in its image.

#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "storage/layout.h"

namespace hoist::storage {

/// Makes containers/<id> with upper and work (owner and mode of the image's root directory). @throws Error
void make_container_root(const Layout& layout, const ContainerId& id, const std::vector<std::string>& lower);
/// Renames the container's directory into the trash. Absent is fine. Fast; empty_trash() deletes.
void discard_container_root(const Layout& layout, const ContainerId& id);
/// Gives a container that does not run the root of these layers, without what it had changed.
void reset_container_root(const Layout& layout, const ContainerId& id, const std::vector<std::string>& lower);
/// Deletes what lies in the trash. Blocking: for a worker thread.
void empty_trash(const Layout& layout);

/// The bytes of a file in an image, found through the layers as the overlay would (whiteouts, opaque directories and
/// links inside the root respected). nullopt if there is none. For reading /etc/passwd and the like before a start.
std::optional<std::string> read_image_file(const std::vector<std::string>& lower, const std::string& path);

/// Copies what an image holds at `path` (through its layers) into an empty volume, with owner, mode, times, xattrs and
/// links; a volume that holds anything is left alone. @return whether anything was copied
bool copy_up_volume(const std::vector<std::string>& lower, const std::string& path, const std::string& volume_data);

}  // namespace hoist::storage
