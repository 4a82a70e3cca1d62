// SPDX-License-Identifier: Apache-2.0
#include "runtime/log_settings.h"

#include "base/error.h"

namespace hoist::runtime {
namespace {

using Driver = LogSettings::Driver;

}  // namespace

const char* to_string(Driver driver) {
    constexpr const char* names[] = {"local", "json-file", "journald", "none"};
    return names[static_cast<int>(driver)];
}

std::optional<Driver> log_driver_from(const std::string& name) {
    for (const Driver driver : {Driver::local, Driver::json_file, Driver::journald, Driver::none})
        if (name == to_string(driver)) return driver;
    return std::nullopt;
}

Json to_json(const LogSettings& settings) {
    return {{"driver", to_string(settings.driver)},
            {"segment_size", settings.limits.segment_size.count},
            {"segments", settings.limits.segments},
            {"file", settings.file},
            {"fields", settings.fields},
            {"non_blocking", settings.non_blocking},
            {"most_waiting", settings.most_waiting.count}};
}

LogSettings log_settings_from_json(const Json& object) {
    LogSettings settings;
    const auto name = json_value(object, "driver", std::string("local"));
    const auto driver = log_driver_from(name);
    if (!driver) fail(Kind::invalid, "log driver \"{}\" is unknown to the monitor", name);
    settings.driver = *driver;
    settings.limits.segment_size.count = json_value(object, "segment_size", settings.limits.segment_size.count);
    settings.limits.segments = json_value(object, "segments", settings.limits.segments);
    settings.file = json_value(object, "file", std::string());
    settings.fields = json_value(object, "fields", settings.fields);
    settings.non_blocking = json_value(object, "non_blocking", false);
    settings.most_waiting.count = json_value(object, "most_waiting", settings.most_waiting.count);
    if (settings.driver == Driver::json_file && settings.file.empty())
        fail(Kind::invalid, "log driver json-file without a file");
    return settings;
}

}  // namespace hoist::runtime
