// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>

#include "base/error.h"

namespace hoist {

void open_log(const std::string& level) {
    const auto parsed = spdlog::level::from_str(level);
    if (parsed == spdlog::level::off && level != "off")
        fail(Kind::invalid, "log level '{}': use trace, debug, info, warn or error", level);
    auto logger = std::make_shared<spdlog::logger>("hoistd", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_level(parsed);
    logger->set_pattern(std::getenv("JOURNAL_STREAM") ? "%l %v" : "%Y-%m-%dT%H:%M:%S.%e %l %v");
    spdlog::set_default_logger(std::move(logger));
}

}  // namespace hoist
