#pragma once
// SPDX-License-Identifier: Apache-2.0
// The parts of reading config.json. (Inside of runtime/oci*.cpp only.)

#include <map>
#include <string>
#include <vector>

#include "runtime/json_reader.h"
#include "runtime/oci.h"

namespace hoist::runtime {

Process read_process(const JsonReader& in);
Resources read_resources(const JsonReader& in);

/// The one letter under "type". @param fallback  0: there has to be one
char read_type_letter(const JsonReader& in, const char* allowed, char fallback);
void read_string_map(const JsonReader& in, const char* key, std::map<std::string, std::string>& into);
/// Refuses the value unless `known` has it.
template <class Lookup>
void require_known(const JsonReader& in, const char* key, const std::string& value, Lookup known) {
    if (!known(value)) in.refuse(fmt::format("{} \"{}\" is unknown", key, escape_for_terminal(value)).c_str());
}

}  // namespace hoist::runtime
