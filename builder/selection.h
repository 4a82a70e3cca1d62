#pragma once
// SPDX-License-Identifier: Apache-2.0
// The files that one COPY takes, listed with all that its key depends on. (SEC-35)

#include <memory>
#include <string>
#include <vector>

#include "builder/file_digests.h"
#include "builder/ignore.h"
#include "storage/merged_dir.h"

namespace hoist::builder {

/// A tree to copy from: a build context, or what the layers of a stage show.
struct Tree {
    std::vector<std::string> layers;  ///< directories, topmost first
    IgnoreRules ignored;              ///< of a context
    bool own_owners = true;           ///< false: everything belongs to 0:0, as in a context
    std::string name;                 ///< for errors: "the build context", "stage build"
};

/// One file, directory, link, ... below a source.
struct Selected {
    std::string path;  ///< below the source's directory; "" is the source itself
    struct stat info {};
    std::string digest;  ///< of a file's bytes; a link's target
};

/// One source of a COPY, found.
struct Source {
    std::string written;  ///< as in the Dockerfile
    std::string base;     ///< the last name of its path
    std::string path;     ///< in the tree, links resolved
    bool is_directory = false;
    std::vector<Selected> files;  ///< a directory before what is in it, sorted
};

/// Finds `pattern` (wildcards match names of the tree) and all below it that neither the tree's rules nor `excluded`
/// leave out. @throws Error(not_found) if there is nothing of the kind, with what lies near
std::vector<Source> select(const Tree& tree, const std::string& pattern, const IgnoreRules& excluded,
                           FileDigests& digests);

/// A key of everything in it but times: names, kinds, modes, owners (if they are kept), contents.
std::string digest_of(const std::vector<Source>& sources, bool with_owners);

/// The size a file was listed with is the one it has: else it was changed meanwhile, and its digest is not its own.
bool is_unchanged(const struct stat& then, const struct stat& now);

}  // namespace hoist::builder
