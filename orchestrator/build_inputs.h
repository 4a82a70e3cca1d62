#pragma once
// SPDX-License-Identifier: Apache-2.0
// What a client sends along with a build, on the disk for as long as the build goes on.

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "base/fd.h"
#include "storage/layout.h"

namespace hoist::orchestrator {

/// A directory that goes away with its owner.
class ScratchDirectory {
public:
    explicit ScratchDirectory(const std::string& parent);
    ~ScratchDirectory();
    ScratchDirectory(const ScratchDirectory&) = delete;
    const std::string& path() const { return path_; }

private:
    const std::string path_;
};

/// Writes secrets to files of a tmpfs. @return their ids and paths (SEC-37)
std::map<std::string, std::string> write_secrets(const std::map<std::string, std::string>& secrets,
                                                 const ScratchDirectory& directory);

/// Unpacks an uploaded build context, confined to `directory`. @throws Error(invalid)
void unpack_context(const Fd& archive, const ScratchDirectory& directory,
                    const std::function<void(std::uint64_t)>& progress);

}  // namespace hoist::orchestrator
