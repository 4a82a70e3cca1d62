#pragma once
// SPDX-License-Identifier: Apache-2.0
// Places where a test can make the program fail or die: HOIST_FAIL=step:n:kill or HOIST_FAIL=step:n:ENOSPC.

namespace hoist {

/// Does nothing, unless HOIST_FAIL names `step` and this is its n-th passing: then the process kills itself with
/// SIGKILL, or an Error with the named errno is thrown. Several entries are separated by commas. Costs one load when
/// the variable is not set. Compiled out (an empty inline function) unless HOIST_FAIL_POINTS is defined.
#ifdef HOIST_FAIL_POINTS
void fail_point(const char* step);
#else
inline void fail_point(const char*) {}
#endif

}  // namespace hoist
