// SPDX-License-Identifier: Apache-2.0
// Whole stacks.
#include <thread>

#include "base/error.h"
#include "bench/ground.h"
#include "bench/sections.h"
#include "bench/subjects.h"
#include "tests/support/hoist_host.h"

namespace hoist::bench {

using test::hoist_ok;

namespace {

/// N floor containers, two at a time, as the stack below would need at the least.
void floor_of(int count) {
    std::thread half([&] {
        for (int i = 0; i < count / 2; ++i) spawn_and_wait(floor_command(true));
    });
    for (int i = 0; i < count - count / 2; ++i) spawn_and_wait(floor_command(true));
    half.join();
}

}  // namespace

void measure_stack() {
    for (const int count : {1, 10, 100}) {
        const std::string folder = stack_of(count);
        Samples samples;
        for (int round = 0; round < (count == 100 ? 3 : 5); ++round) {
            const double floor = time_ms([&] { floor_of(count); });
            const double up = time_ms([&] { hoist_ok({"up", "-d"}, folder, 300); });
            const double down = time_ms([&] { hoist_ok({"down"}, folder, 300); });
            if (round == 0) continue;
            samples.add("floor, start and end", floor);
            samples.add("hoist up -d", up);
            samples.add("hoist down", down);
            samples.add("up + down", up + down);
        }
        samples.print(fmt::format("{} busybox services", count), "floor, start and end");
    }
}

}  // namespace hoist::bench
