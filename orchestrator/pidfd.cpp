// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/pidfd.h"

#include <poll.h>

namespace hoist::orchestrator {

bool has_ended(const Fd& pidfd) {
    pollfd ended{pidfd.get(), POLLIN, 0};
    return ::poll(&ended, 1, 0) != 0;
}

}  // namespace hoist::orchestrator
