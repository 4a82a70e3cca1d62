// SPDX-License-Identifier: Apache-2.0
#include "tests/support/busybox_image.h"

#include "tests/support/test_host.h"

namespace hoist::test {

std::string make_busybox_tar(const std::string& directory) {
    const auto root = directory + "/busybox";
    sh("mkdir -p " + root + "/bin " + root + "/etc " + root + "/tmp " + root + "/data " + root +
       "/root && chmod 1777 " + root + "/tmp && cp /bin/busybox " + root + "/bin/busybox && " +
       "for a in $(/bin/busybox --list); do [ $a = busybox ] || ln -s busybox " + root + "/bin/$a; done");
    sh("printf 'root:x:0:0:root:/root:/bin/sh\\nwww-data:x:33:33::/data:/bin/sh\\n' > " + root + "/etc/passwd && " +
       "printf 'root:x:0:\\nwww-data:x:33:\\n' > " + root + "/etc/group && echo hello > " + root + "/data/file && " +
       "tar -C " + root + " -cf " + directory + "/busybox.tar . && rm -r " + root);
    return directory + "/busybox.tar";
}

}  // namespace hoist::test
