#pragma once
// SPDX-License-Identifier: Apache-2.0
// COPY: what was selected is written into a layer.

#include <optional>
#include <string>
#include <vector>

#include "builder/file_mode.h"
#include "builder/selection.h"
#include "builder/upper.h"

namespace hoist::builder {

struct CopyHow {
    std::optional<Owner> owner;  ///< of everything; absent: what each file has (0:0 from a context)
    std::optional<ModeChange> mode;
    std::string destination;  ///< absolute; a "/" at its end means a directory
    bool several = false;     ///< more than one source: the destination must be a directory
};

/// Copies the sources as COPY does: a directory's content into the destination, a file to it or into it.
/// @throws Error(invalid) if the destination does not suit, Error(conflict) if a source was changed meanwhile
void copy_sources(const Tree& tree, const std::vector<Source>& sources, const CopyHow& how, Upper& upper);

/// Writes one file of a here-document or a download.
void write_document(const std::string& content, const std::string& name, const CopyHow& how, Upper& upper,
                    mode_t mode = 0644, std::optional<std::int64_t> mtime = std::nullopt);

}  // namespace hoist::builder
