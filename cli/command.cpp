// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"

#include "base/error.h"
#include "base/text.h"
#include "cli/daemon_start.h"
#include "wire/errors.h"

namespace hoist::cli {

const Client& Context::client() {
    if (!client_) client_ = connect_to_daemon(globals.host);
    return *client_;
}

ProgressMode Context::progress_mode() const {
    const auto& kind = globals.progress;
    if (kind == "tty") return ProgressMode::tty;
    if (kind == "plain") return ProgressMode::plain;
    if (kind == "json") return ProgressMode::json;
    if (kind == "quiet") return ProgressMode::quiet;
    if (kind != "auto")
        throw UsageError(
            fmt::format("--progress: '{}' is none of auto, tty, plain, json, quiet", escape_for_terminal(kind)));
    return is_terminal(2) && globals.ansi != Ansi::never ? ProgressMode::tty : ProgressMode::plain;
}

bool wants_json(const Arguments& arguments) {
    const auto format = arguments.get("format", "table");
    if (format == "json") return true;
    if (format == "table" || format.find("{{") != std::string::npos) return false;
    throw UsageError(fmt::format("--format: '{}' is neither table, json nor a template", escape_for_terminal(format)));
}

void print_json(const Json& value) {
    print(value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace hoist::cli
