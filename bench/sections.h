#pragma once
// SPDX-License-Identifier: Apache-2.0
// What hoist-bench can measure; each prints its tables.

namespace hoist::bench {

void measure_runtime();
void measure_engine();
void measure_exec();
void measure_stack();
void measure_reactions();
void measure_memory();
void measure_daemon();

}  // namespace hoist::bench
