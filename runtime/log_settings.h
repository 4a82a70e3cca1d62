#pragma once
// SPDX-License-Identifier: Apache-2.0
// Where a container's output goes, as the monitor is told.

#include <map>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/units.h"

namespace hoist::runtime {

struct LogLimits {
    Bytes segment_size{10'000'000};  ///< bytes of one file, its index included; 0 or below: no limit
    int segments = 3;
};

struct LogSettings {
    /// local: raw segments with an index (log_store.h); json_file: Docker's records; journald: systemd's socket
    enum class Driver { local, json_file, journald, none } driver = Driver::local;
    LogLimits limits;
    std::string file;                           ///< json_file: path of the newest file
    std::map<std::string, std::string> fields;  ///< json_file: "attrs" of each record; journald: fields of each message
    /// A log that cannot keep up loses output instead of holding the container up.
    bool non_blocking = false;
    Bytes most_waiting{1 << 20};  ///< output that may wait for it then
};

const char* to_string(LogSettings::Driver driver);
/// "local", "json-file", "journald" or "none".
std::optional<LogSettings::Driver> log_driver_from(const std::string& name);

Json to_json(const LogSettings& settings);
/// @throws Error(invalid)
LogSettings log_settings_from_json(const Json& object);

}  // namespace hoist::runtime
