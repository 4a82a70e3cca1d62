// SPDX-License-Identifier: Apache-2.0
#include "runtime/command_log.h"

#include <cstdio>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/units.h"

namespace hoist::runtime {
namespace {

/// One per process: an error is told from wherever it ends.
struct CommandLog {
    Fd file;  ///< empty: standard error
    bool json = false;
    bool debug = false;
};
CommandLog the_log;

/// Quoted and escaped, as both formats want it; what is not UTF-8 is replaced.
std::string quoted(const std::string& text) {
    return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string log_line(const char* level, const std::string& message) {
    const std::string when = format_time(now());
    if (the_log.json)
        return fmt::format("{{\"level\":\"{}\",\"msg\":{},\"time\":\"{}\"}}\n", level, quoted(message), when);
    return fmt::format("time=\"{}\" level={} msg={}\n", when, level, quoted(message));
}

void put(int fd, const std::string& line) {
    (void)!::write(fd, line.data(), line.size());  // where this fails there is nobody left to tell
}

void tell_person(const char* before, const std::string& message) {
    put(2, fmt::format("hoist-runtime: {}{}\n", before, message));
}

}  // namespace

void open_command_log(std::string path, const std::string& format, bool debug) {
    if (format != "text" && format != "json")
        fail(Kind::invalid, "invalid log-format: {} (there are text and json)", format);
    the_log.json = format == "json";
    the_log.debug = debug;
    if (path.rfind("file:", 0) == 0) path.erase(0, 5);
    if (!path.empty()) the_log.file = open_file(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
}

bool logs_debug() {
    return the_log.debug;
}

void log_error(const std::string& message) {
    if (the_log.file) put(the_log.file.get(), log_line("error", message));
    if (!the_log.file && the_log.json) return put(2, log_line("error", message));
    tell_person("", message);
}

void log_warning(const std::string& message) {
    if (the_log.file || the_log.json) return put(the_log.file ? the_log.file.get() : 2, log_line("warning", message));
    tell_person("warning: ", message);
}

void log_debug_line(const std::string& message) {
    put(the_log.file ? the_log.file.get() : 2, log_line("debug", message));
}

}  // namespace hoist::runtime
