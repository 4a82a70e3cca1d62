#pragma once
// SPDX-License-Identifier: Apache-2.0
// The floor: the kernel calls of one default container start, wait and removal, and nothing else. What everything here
// is compared with.

#include <string>

namespace hoist::bench {

struct FloorOptions {
    std::string lower;      ///< directory with a root file system
    std::string work_area;  ///< directory on a disk for the writable layer
    std::string seccomp;    ///< file with ready BPF; empty: none
    std::string bridge;     ///< plug into this bridge; empty: loopback only
    std::string address;    ///< "10.9.0.2" for eth0
    std::string gateway;
    const char* const* argv = nullptr;
};

/// Starts argv in a container made of bare kernel calls, waits for it and removes what was made. @return exit status
int run_floor(const FloorOptions& options);

}  // namespace hoist::bench
