// SPDX-License-Identifier: Apache-2.0
#include "tests/support/canary.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/support/test_host.h"

namespace hoist::test {
namespace {

/// Everything that something might have reached, as text; access times aside. Not /etc and the like, which are the
/// machine's and may change by others' hands.
std::string look() {
    return sh(
        "find /tmp/canary /dev -xdev -printf '%p %y %m %U %G %n %l %T@\\n' 2>/dev/null | "
        "grep -v '^/dev/pts/' | sort; sha256sum /tmp/canary/secret /tmp/canary/plain; "
        "for name in kernel/core_pattern kernel/modprobe kernel/hotplug kernel/sysrq vm/overcommit_memory; do "
        "cat /proc/sys/$name 2>/dev/null; done; cat /proc/self/mountinfo");
}

}  // namespace

Canary::Canary() {
    sh("rm -rf /tmp/canary && mkdir -p /tmp/canary/dir && cd /tmp/canary && echo secret > secret && chmod 600 secret "
       "&& "
       "echo plain > plain && echo deep > dir/file && ln -s plain link");
    before_ = look();
}

Canary::~Canary() {
    sh("rm -rf /tmp/canary");
}

void Canary::expect_untouched() const {
    const std::string now = look();
    if (now == before_) return;
    write_file_atomic("/tmp/look-before", before_, 0600, Durable::no);
    write_file_atomic("/tmp/look-now", now, 0600, Durable::no);
    const auto difference = run({"diff", "/tmp/look-before", "/tmp/look-now"});
    ADD_FAILURE() << "the host is not what it was:\n" << difference.out;
}

}  // namespace hoist::test
