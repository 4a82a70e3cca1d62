#pragma once
// SPDX-License-Identifier: Apache-2.0
// Laying one tree over another: several -f, documents of one file, extends, include.

#include "compose/report.h"
#include "compose/shape.h"

namespace hoist::compose {

/// Brings a tree into its long form and collapses duplicates. What has the wrong type stays, for decoding to report.
void prepare(Node& tree, const Shape* shape);

/// Lays `over` onto `base`, both prepared: maps merge, scalars replace, lists append, null keeps the base; `!reset`
/// removes and `!override` replaces. Two kinds of value at one place are reported.
void merge(Node& base, Node over, const Shape* shape, Report& report);

/// Removes what `!reset` marks and nothing was there to be reset.
void drop_resets(Node& tree);

}  // namespace hoist::compose
