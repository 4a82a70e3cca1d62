#pragma once
// SPDX-License-Identifier: Apache-2.0
// How the daemon keeps small: what a burst of work took goes back to the kernel when the burst is over.

#include <boost/asio/io_context.hpp>

namespace hoist::daemon {

/// Makes all threads allocate from one heap. Before the first thread: each arena that was made stays.
void share_one_heap();

/// Runs the loop as `context.run()` does. Whenever it has been quiet for two seconds, or busy for half a minute, the
/// heap's free pages are given back, and the program's own that are not in use. Nothing wakes up for this but once after each burst.
void run_and_give_back(boost::asio::io_context& context);

}  // namespace hoist::daemon
