// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/seccomp_files.h"

#include "base/file.h"
#include "runtime/seccomp.h"
#include "storage/image.h"

namespace hoist::orchestrator {

std::string SeccompFiles::for_capabilities(std::uint64_t capabilities) {
    const std::lock_guard lock(mutex_);
    auto& file = by_capabilities_[capabilities];
    if (file.empty()) file = write(runtime::default_seccomp_profile(capabilities));
    return file;
}

std::string SeccompFiles::for_profile(const std::string& text) {
    const std::lock_guard lock(mutex_);
    return write(parse_json(text, "security_opt seccomp"));
}

std::string SeccompFiles::write(const Json& profile) {
    const auto program = runtime::cached_seccomp(profile, directory_);
    const auto path = directory_ + "/" + storage::sha256_digest(program.filter).substr(7) + ".bpf";
    // Written anew once per daemon: a file that a crash left half written must not live on.
    write_file_atomic(path, program.filter, 0600, Durable::no);
    return path;
}

}  // namespace hoist::orchestrator
