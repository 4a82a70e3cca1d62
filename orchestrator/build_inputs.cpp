// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/build_inputs.h"

#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/id.h"
#include "base/log.h"
#include "storage/archive_stream.h"
#include "storage/unpack.h"

namespace hoist::orchestrator {

ScratchDirectory::ScratchDirectory(const std::string& parent) : path_(parent + "/" + random_hex_id()) {
    check(::mkdir(path_.c_str(), 0700), "make {}", path_);
}

ScratchDirectory::~ScratchDirectory() {
    try {
        remove_tree(path_);
    } catch (const Error& error) {
        spdlog::warn("build: leftovers are removed at the next start: {}", error.what());
    }
}

std::map<std::string, std::string> write_secrets(const std::map<std::string, std::string>& secrets,
                                                 const ScratchDirectory& directory) {
    std::map<std::string, std::string> files;
    for (const auto& [id, bytes] : secrets) {
        const auto path = fmt::format("{}/{}", directory.path(), files.size());
        write_file_atomic(path, bytes, 0400, Durable::no);
        files[id] = path;
    }
    return files;
}

void unpack_context(const Fd& archive, const ScratchDirectory& directory,
                    const std::function<void(std::uint64_t)>& progress) {
    const storage::CopyIn how;
    storage::ArchiveStream stream(archive, {.limit = how.limits.archive_bytes, .progress = progress, .hash = false});
    storage::copy_in(stream, open_file(directory.path(), O_RDONLY | O_DIRECTORY), how);
    stream.finish();
}

}  // namespace hoist::orchestrator
