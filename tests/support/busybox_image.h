#pragma once
// SPDX-License-Identifier: Apache-2.0
// A root file system of busybox alone, as a tar: for tests that need some image.

#include <string>

namespace hoist::test {

/// Writes the tar into `directory` (inside the test host) and returns its path. /etc/passwd has root, www-data (33) and
/// their groups; /data holds a file to be copied up.
std::string make_busybox_tar(const std::string& directory);

}  // namespace hoist::test
