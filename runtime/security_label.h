#pragma once
// SPDX-License-Identifier: Apache-2.0
// AppArmor profiles and SELinux labels of programs. Where the kernel runs without the one that is asked for, the
// container is refused: it would run without a protection that somebody counts on.

#include <string>

#include "base/fd.h"
#include "runtime/oci.h"

namespace hoist::runtime {

bool has_apparmor();
bool has_selinux();

/// @throws Error(invalid) that names the key, if this kernel cannot confine the process as asked
void check_labels(const Process& process);

/// The confinement of the program that this process becomes.
class ExecLabel {
public:
    /// Opens what takes it, while the host's /proc is in sight. Empty if nothing is asked.
    static ExecLabel open(const Process& process);
    /// From the next execve(2) on. @throws Error that names the key if the profile or label is not there
    void apply() const;

    /// Renumbers its descriptors to `lowest` or above.
    void move_above(int lowest);

private:
    Fd apparmor_, selinux_;
    std::string profile_, label_;
};

}  // namespace hoist::runtime
