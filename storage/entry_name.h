#pragma once
// SPDX-License-Identifier: Apache-2.0
// The name of an archive's entry, taken apart.

#include <cstdint>
#include <string>
#include <string_view>

namespace hoist::storage {

/// Relative to the archive's root, without "." and empty parts; both empty: the root itself.
struct EntryName {
    std::string parent;  ///< "usr/bin"; empty: the root
    std::string last;    ///< "sh"
    std::string path() const { return parent.empty() ? last : parent + "/" + last; }
};

/// A leading slash means the archive's root. @throws Error(invalid) for "..", an empty name, one too long or too deep
EntryName parse_entry_name(std::string_view name, int depth, std::int64_t bytes);

}  // namespace hoist::storage
