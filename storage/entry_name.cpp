// SPDX-License-Identifier: Apache-2.0
#include "storage/entry_name.h"

#include "base/error.h"

namespace hoist::storage {

EntryName parse_entry_name(std::string_view name, int depth, std::int64_t bytes) {
    if (name.empty()) fail(Kind::invalid, "the name is empty");
    if (static_cast<std::int64_t>(name.size()) > bytes) fail(Kind::invalid, "the name is longer than {} bytes", bytes);
    EntryName parsed;
    int parts = 0;
    while (!name.empty()) {
        const auto slash = name.find('/');
        const auto part = name.substr(0, slash);
        name.remove_prefix(slash == std::string_view::npos ? name.size() : slash + 1);
        if (part.empty() || part == ".") continue;
        if (part == "..") fail(Kind::invalid, "\"..\" in the name");
        if (part.size() > 255) fail(Kind::invalid, "a part of the name is longer than 255 bytes");
        if (++parts > depth) fail(Kind::invalid, "directories nested deeper than {} levels", depth);
        if (!parsed.last.empty()) parsed.parent = parsed.path();
        parsed.last = part;
    }
    return parsed;
}

}  // namespace hoist::storage
