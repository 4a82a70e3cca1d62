#pragma once
// SPDX-License-Identifier: Apache-2.0
// Names of capabilities; the other direction is in runtime/oci.h.

#include <string>

namespace hoist::runtime {

/// "CAP_CHOWN" for 0. @throws std::out_of_range for a number that has no name
std::string capability_name(int number);

}  // namespace hoist::runtime
