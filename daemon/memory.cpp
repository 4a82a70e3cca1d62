// SPDX-License-Identifier: Apache-2.0
#include "daemon/memory.h"

#include <malloc.h>

#include <chrono>

namespace hoist::daemon {

using Clock = std::chrono::steady_clock;

void share_one_heap() {
    // What one thread frees, another can then use; with an arena each, a hundred containers' start leaves as many holes
    // as there are workers. They allocate little: one lock costs them nothing that can be measured.
    ::mallopt(M_ARENA_MAX, 1);
    // Large blocks come from mmap and go back when freed. Set, since otherwise the first large one that is freed raises
    // the limit, and the next ones leave holes in the heap.
    ::mallopt(M_MMAP_THRESHOLD, 128 << 10);
}

void run_and_give_back(boost::asio::io_context& context) {
    constexpr std::chrono::seconds quiet{2}, longest{30};
    while (context.run_one() > 0) {
        const auto next = Clock::now() + longest;
        while (Clock::now() < next && context.run_one_for(quiet) > 0) {
        }
        ::malloc_trim(0);
    }
}

}  // namespace hoist::daemon
