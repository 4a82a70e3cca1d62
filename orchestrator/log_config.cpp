// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/log_config.h"

#include <charconv>
#include <cmath>
#include <regex>

#include "base/error.h"
#include "base/text.h"
#include "orchestrator/log_tag.h"
#include "runtime/journal_message.h"
#include "runtime/json_log_writer.h"

namespace hoist::orchestrator {
namespace {

using Driver = runtime::LogSettings::Driver;
using Options = std::map<std::string, std::string>;

constexpr std::int64_t least_size = 4000;  // a line's worth of records, with an index

std::vector<std::string> options_of(Driver driver) {
    std::vector<std::string> names = {"mode", "max-buffer-size"};
    const auto add = [&](std::initializer_list<const char*> more) {
        names.insert(names.end(), more.begin(), more.end());
    };
    if (driver == Driver::none) return {};
    if (driver != Driver::journald) add({"max-size", "max-file", "compress"});
    if (driver != Driver::local) add({"tag", "labels", "labels-regex", "env", "env-regex"});
    return names;
}

std::string get(const Options& options, const char* name, const char* fallback = "") {
    const auto found = options.find(name);
    return found == options.end() ? fallback : found->second;
}

/// "10m": log sizes count in thousands, unlike all others, since Docker's do.
std::int64_t parse_size(const std::string& text) {
    double count = 0;
    const char* end = text.data() + text.size();
    const auto [rest, problem] = std::from_chars(text.data(), end, count);
    std::string unit(rest, end);
    for (char& letter : unit) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    if (unit.ends_with('b')) unit.pop_back();
    if (unit.size() == 2 && unit[1] == 'i') unit.pop_back();
    const auto power = unit.empty() ? 0 : std::string_view("kmgt").find(unit) + 1;
    const double size = count * std::pow(1000, static_cast<double>(power));
    if (problem != std::errc() || unit.size() > 1 || power > 4 || !(size >= least_size) || size > 1e15)
        fail(Kind::invalid, "log option max-size '{}': use a size of 4k or more, such as 10m", text);
    return static_cast<std::int64_t>(size);
}

int parse_files(const std::string& text) {
    int count = 0;
    const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (problem != std::errc() || rest != text.data() + text.size() || count < 1 || count > 999)
        fail(Kind::invalid, "log option max-file '{}': use 1 to 999", text);
    return count;
}

void read_limits(const Options& options, runtime::LogSettings& settings) {
    if (options.contains("max-size")) settings.limits.segment_size.count = parse_size(options.at("max-size"));
    if (options.contains("max-file")) settings.limits.segments = parse_files(options.at("max-file"));
    const auto compress = get(options, "compress", "false");
    if (compress != "false")
        fail(Kind::invalid, "log option compress '{}': logs are not compressed here, and kept within their limits",
             compress);
}

void read_mode(const Options& options, runtime::LogSettings& settings) {
    const auto mode = get(options, "mode", "blocking");
    if (mode != "blocking" && mode != "non-blocking")
        fail(Kind::invalid, "log option mode '{}': use blocking or non-blocking", mode);
    settings.non_blocking = mode == "non-blocking";
    if (!options.contains("max-buffer-size")) return;
    const auto& text = options.at("max-buffer-size");
    const auto size = parse_bytes(text);
    if (!settings.non_blocking) fail(Kind::invalid, "log option max-buffer-size goes with mode=non-blocking only");
    if (!size || size->count < 1) fail(Kind::invalid, "log option max-buffer-size '{}' is no size", text);
    settings.most_waiting = *size;
}

bool matches(const std::string& name, const std::string& list, const std::string& expression) {
    const auto names = split(list, ',');
    if (std::any_of(names.begin(), names.end(), [&](const auto& one) { return trim(one) == name; })) return true;
    if (expression.empty()) return false;
    try {
        return std::regex_search(name, std::regex(expression));
    } catch (const std::regex_error&) {
        fail(Kind::invalid, "log options: '{}' is no regular expression", expression);
    }
}

/// Labels and variables that the options ask for, under names that the driver takes.
Options extra_fields(const ContainerView& view, const std::vector<std::string>& environment, bool journal) {
    const auto& options = view.spec.log_options;
    Options fields;
    const auto take = [&](const std::string& name, const std::string& value) {
        const auto key = journal ? runtime::journal_field(name) : name;
        if (!key.empty()) fields[key] = value;
    };
    for (const auto& [name, value] : view.spec.labels)
        if (matches(name, get(options, "labels"), get(options, "labels-regex"))) take(name, value);
    for (const auto& assignment : environment) {
        const auto equals = assignment.find('=');
        const auto name = assignment.substr(0, equals);
        if (equals != std::string::npos && matches(name, get(options, "env"), get(options, "env-regex")))
            take(name, assignment.substr(equals + 1));
    }
    return fields;
}

Options json_file_fields(const ContainerView& view, const std::vector<std::string>& environment) {
    auto fields = extra_fields(view, environment, false);
    if (const auto tag = expand_log_tag(get(view.spec.log_options, "tag"), view); !tag.empty()) fields["tag"] = tag;
    return fields;
}

Options journal_fields(const ContainerView& view, const std::vector<std::string>& environment) {
    auto fields = extra_fields(view, environment, true);
    const auto tag = expand_log_tag(get(view.spec.log_options, "tag", "{{.ID}}"), view);
    fields["CONTAINER_ID"] = view.id.shortened();
    fields["CONTAINER_ID_FULL"] = view.id.str();
    fields["CONTAINER_NAME"] = view.name;
    fields["CONTAINER_TAG"] = fields["SYSLOG_IDENTIFIER"] = tag;
    fields["IMAGE_NAME"] = view.spec.image;
    return fields;
}

Driver driver_of(const ContainerSpec& spec) {
    const auto driver = runtime::log_driver_from(spec.log_driver);
    if (!driver)
        fail(Kind::invalid, "log driver '{}' is not available; use one of {}", spec.log_driver,
             join(log_drivers(), ", "));
    return *driver;
}

}  // namespace

std::vector<std::string> log_drivers() {
    return {"local", "json-file", "journald", "none"};
}

void check_log(const ContainerSpec& spec) {
    ContainerView view;
    view.spec = spec;
    log_settings(view, spec.environment);
}

runtime::LogSettings log_settings(const ContainerView& view, const std::vector<std::string>& environment) {
    const auto& options = view.spec.log_options;
    runtime::LogSettings settings;
    settings.driver = driver_of(view.spec);
    const auto known = options_of(settings.driver);
    for (const auto& [name, value] : options)
        if (std::find(known.begin(), known.end(), name) == known.end())
            fail(Kind::invalid, "unknown log opt '{}' for {} log driver{}{}", name, view.spec.log_driver,
                 known.empty() ? ": it takes none" : ": use ", join(known, ", "));
    read_limits(options, settings);
    read_mode(options, settings);
    if (settings.driver == Driver::json_file) {
        settings.file = log_path(view);
        settings.fields = json_file_fields(view, environment);
    }
    if (settings.driver == Driver::journald) settings.fields = journal_fields(view, environment);
    return settings;
}

std::string log_path(const ContainerView& view) {
    switch (driver_of(view.spec)) {
        case Driver::local:
            return view.log_directory;
        case Driver::json_file:
            return runtime::json_log_file(view.log_directory, view.id.str());
        case Driver::journald:
        case Driver::none:
            break;
    }
    return "";
}

runtime::LogReader open_log(const ContainerView& view, const runtime::LogQuery& query) {
    switch (driver_of(view.spec)) {
        case Driver::local:
            return runtime::LogReader(view.log_directory, query);
        case Driver::json_file:
            return runtime::LogReader::of_json_file(log_path(view), query);
        case Driver::journald:
            fail(Kind::conflict,
                 "the log of {} is in the journal (log driver journald): journalctl CONTAINER_ID_FULL={}", view.name,
                 view.id);
        case Driver::none:
            break;
    }
    fail(Kind::conflict, "configured logging driver does not support reading: {} keeps no log (log driver none)",
         view.name);
}

}  // namespace hoist::orchestrator
