#pragma once
// SPDX-License-Identifier: Apache-2.0
// How each part of a Compose file is brought into its long form, merged and freed of duplicates.
// @see compose-spec 13-merge.md

#include <string>
#include <string_view>
#include <unordered_map>

#include "compose/node.h"

namespace hoist::compose {

struct Shape {
    enum class How { merge, replace, logging };
    How how = How::merge;
    void (*long_form)(Node&) = nullptr;              ///< short notation to long, where several exist
    std::string (*identity)(const Node&) = nullptr;  ///< of a list's entry: a later equal one takes the earlier's place
    std::unordered_map<std::string_view, const Shape*> children;
    const Shape* each = nullptr;  ///< for all children that have none of their own, and for the entries of a list

    const Shape* child(std::string_view key) const {
        const auto found = children.find(key);
        return found == children.end() ? each : found->second;
    }
};

/// The shape of a whole file, and of one service.
const Shape& file_shape();
const Shape& service_shape();

}  // namespace hoist::compose
