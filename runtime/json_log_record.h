#pragma once
// SPDX-License-Identifier: Apache-2.0
// One record of a json-file log, byte for byte as Docker writes it, so that its tools read our files.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"
#include "runtime/log_store.h"

namespace hoist::runtime {

/// The longest text of a record; a longer line goes on in the next one. A record whose text has no "\n" is a part.
inline constexpr std::size_t longest_record_text = 16 << 10;

/// {"tag":"x"} as records carry it; empty without fields.
std::string record_attributes(const std::map<std::string, std::string>& fields);
/// RFC 3339 with as many digits of the second as are not zero.
std::string record_time(TimePoint time);
/// Appends {"log":"...","stream":"stdout","attrs":{...},"time":"..."} and the end of its line. Bytes that are no UTF-8
/// become U+FFFD: JSON holds nothing else.
void append_record(std::string& to, Stream stream, std::string_view text, std::string_view attributes,
                   std::string_view time);

struct JsonRecord {
    TimePoint time;
    Stream stream = Stream::stdout_;
    std::string text;

    // The second that was read last, and how it is written: most records are of the same one, and to read a date is
    // most of what reading a record costs.
    std::string second_text;
    TimePoint second;
};
/// Reads a line of a json-file log, without its end. @return false if it is damaged
bool parse_record(std::string_view line, JsonRecord& record);

}  // namespace hoist::runtime
