// SPDX-License-Identifier: Apache-2.0
// config.json as it comes from whoever made a bundle: read, checked, written and read again, its filter compiled, its
// mount options taken apart.
#include <cstdint>
#include <cstdlib>

#include "base/error.h"
#include "runtime/cgroup_limits.h"
#include "runtime/mount_options.h"
#include "runtime/oci.h"
#include "runtime/oci_check.h"
#include "runtime/seccomp.h"
#include "runtime/sysctl.h"
#include "runtime/users.h"

namespace hoist::runtime {
namespace {

void use(const Config& config) {
    for (const auto& mount : config.mounts) (void)mount_id_mappings(mount, config);
    for (const auto mode : {CgroupMode::v1, CgroupMode::v2}) {
        try {
            (void)limit_writes(mode, config.resources);
        } catch (const Error&) {  // one of them has not every limit
        }
    }
    for (const auto& [name, value] : config.sysctl) (void)parse_sysctl(name);
    (void)resolve_user(config.process.user, "root:x:0:0:root:/root:/bin/sh\n", "root:x:0:\n");
    if (!config.seccomp.is_null()) (void)seccomp_listener(config.seccomp, compile_seccomp(config.seccomp));
    check_config(config, false);
}

}  // namespace
}  // namespace hoist::runtime

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hoist;
    using namespace hoist::runtime;
    try {
        const Json document = parse_json({reinterpret_cast<const char*>(data), size}, "config.json");
        const Config config = config_from_json(document);
        const Json written = to_json(config);
        // What was read means the same when it has been written.
        if (to_json(config_from_json(written)) != written) std::abort();
        use(config);
    } catch (const Error&) {  // the proper answer to nonsense
    }
    return 0;
}
