#pragma once
// SPDX-License-Identifier: Apache-2.0
// Seccomp programs: compiled once per profile and kept, never at a container's start.

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"

namespace hoist::runtime {

/// Classic BPF, ready for seccomp(2): an array of struct sock_filter as bytes. Empty: unconfined.
struct SeccompProgram {
    std::string filter;
    unsigned flags = 0;  ///< SECCOMP_FILTER_FLAG_*; with NEW_LISTENER some calls are answered by a SeccompListener
};

bool needs_listener(const SeccompProgram& program);

/// Who answers the calls of SCMP_ACT_NOTIFY: listenerPath and listenerMetadata.
struct SeccompListener {
    std::string path, metadata;
};
/// @throws Error(invalid) if the program needs one and the profile does not name it
SeccompListener seccomp_listener(const Json& linux_seccomp, const SeccompProgram& program);

/// Compiles an OCI linux.seccomp object with libseccomp. @throws Error(invalid) that names the rule
SeccompProgram compile_seccomp(const Json& linux_seccomp);

/// Docker's default profile resolved for these capabilities on this machine's architecture, as linux.seccomp.
/// (Ours is written in runtime/seccomp_profile.cpp; a test holds it against moby's default.json.)
Json default_seccomp_profile(std::uint64_t capabilities);

/// As compile_seccomp, but kept in `directory` under the profile's hash and read back from there afterwards.
SeccompProgram cached_seccomp(const Json& linux_seccomp, const std::string& directory);

}  // namespace hoist::runtime
