// SPDX-License-Identifier: Apache-2.0
#include "daemon/memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>

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

namespace {

/// Lets go of an object's code and constants, which nothing ever writes to. They stay in the page cache.
int forget_code(dl_phdr_info* object, std::size_t, void*) {
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    for (int i = 0; i < object->dlpi_phnum; ++i) {
        const auto& segment = object->dlpi_phdr[i];
        if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W)) continue;
        const std::uintptr_t begin = (object->dlpi_addr + segment.p_vaddr) & ~(page - 1);
        const std::uintptr_t end = (object->dlpi_addr + segment.p_vaddr + segment.p_memsz + page - 1) & ~(page - 1);
        ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
    }
    return 0;
}

/// What a start or a burst has touched of a program of several megabytes is not what an idle daemon runs. Mapping the
/// rest again costs a fault for every sixteen pages, some tenths of a millisecond for a whole burst.
void give_back() {
    ::malloc_trim(0);
    ::dl_iterate_phdr(forget_code, nullptr);
}

}  // namespace

void run_and_give_back(boost::asio::io_context& context) {
    constexpr std::chrono::seconds quiet{2}, longest{30};
    while (context.run_one() > 0) {
        const auto next = Clock::now() + longest;
        while (Clock::now() < next && context.run_one_for(quiet) > 0) {
        }
        give_back();
    }
}

}  // namespace hoist::daemon
