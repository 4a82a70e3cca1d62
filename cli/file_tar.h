#pragma once
// SPDX-License-Identifier: Apache-2.0
// The user's files as archives, for `cp`.

#include <string>

#include "base/tar_reader.h"
#include "base/tar_writer.h"

namespace hoist::cli {

/// Writes a file or a directory with all below it; its own entry is called `name` ("." for the content of a directory
/// alone). Links are written as links. @throws Error that names the file
void write_files(const std::string& path, const std::string& name, const TarWriter::Sink& sink);

struct PlaceFiles {
    std::string directory;     ///< that they go into; it is there
    std::string name;          ///< instead of the archive's topmost name; empty: as it is there
    bool keep_owners = false;  ///< else everything belongs to the user
};
/// Unpacks an archive that came out of a container. Whatever its names and links say, nothing is written outside of
/// the directory. @throws Error that names the file
void place_files(TarReader& from, const PlaceFiles& how);

}  // namespace hoist::cli
