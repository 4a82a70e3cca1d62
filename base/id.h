#pragma once
// SPDX-License-Identifier: Apache-2.0
// Identifiers that cannot be mixed up.

#include <fmt/format.h>

#include <compare>
#include <functional>
#include <string>
#include <utility>

namespace hoist {

/// A random 64-digit hexadecimal name (256 bits from getrandom(2)), as Docker's ids.
std::string random_hex_id();

/// An identifier of one kind of object.
template <class Tag>
class Id {
public:
    Id() = default;
    explicit Id(std::string text) : text_(std::move(text)) {}
    static Id random() { return Id(random_hex_id()); }

    const std::string& str() const noexcept { return text_; }
    /// The first twelve digits, which people see.
    std::string shortened() const { return text_.substr(0, 12); }
    bool empty() const noexcept { return text_.empty(); }
    auto operator<=>(const Id&) const = default;

private:
    std::string text_;
};

using ContainerId = Id<struct ContainerTag>;
using NetworkId = Id<struct NetworkTag>;
using ExecId = Id<struct ExecTag>;

}  // namespace hoist

template <class Tag>
struct std::hash<hoist::Id<Tag>> {
    std::size_t operator()(const hoist::Id<Tag>& id) const noexcept { return std::hash<std::string>()(id.str()); }
};
template <class Tag>
struct fmt::formatter<hoist::Id<Tag>> : fmt::formatter<std::string> {
    template <class Context>
    auto format(const hoist::Id<Tag>& id, Context& context) const {
        return fmt::formatter<std::string>::format(id.str(), context);
    }
};
