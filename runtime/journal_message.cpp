// SPDX-License-Identifier: Apache-2.0
#include "runtime/journal_message.h"

#include <cctype>
#include <cstdint>

namespace hoist::runtime {

void append_field(std::string& to, std::string_view field, std::string_view value) {
    to += field;
    if (value.find('\n') == std::string_view::npos) {
        ((to += '=') += value) += '\n';
        return;
    }
    to += '\n';
    for (std::uint64_t size = value.size(), i = 0; i < 8; ++i, size >>= 8) to += static_cast<char>(size & 0xff);
    (to += value) += '\n';
}

std::string journal_field(std::string_view name) {
    std::string field;
    for (const char c : name) {
        const bool usable = std::isalnum(static_cast<unsigned char>(c));
        const char made = usable ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : '_';
        if (!field.empty() || (made >= 'A' && made <= 'Z')) field += made;
    }
    return field;
}

}  // namespace hoist::runtime
