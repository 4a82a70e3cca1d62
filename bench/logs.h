#pragma once
// SPDX-License-Identifier: Apache-2.0
// What a container's output costs on its way into the log, and back out.

namespace hoist::bench {

void measure_logs();

}  // namespace hoist::bench
