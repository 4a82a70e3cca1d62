// SPDX-License-Identifier: Apache-2.0
#include "runtime/help.h"

#include <fmt/format.h>

namespace hoist::runtime {
namespace {

std::string option_lines(const std::vector<OptionSpec>& options) {
    std::string lines;
    for (const auto& option : options) {
        std::string left(option.name);
        if (!option.letter.empty()) left += fmt::format(", {}", option.letter);
        if (!option.value.empty()) left += fmt::format(" {}", option.value);
        lines += fmt::format("   {:<28}  {}\n", left, option.about);
    }
    return lines;
}

}  // namespace

std::string program_help(const std::string& program, const std::vector<Command>& commands,
                         const std::vector<OptionSpec>& options) {
    std::string text = fmt::format(
        "NAME:\n   {0} - Open Container Initiative runtime\n\n"
        "USAGE:\n   {0} [OPTION...] COMMAND [OPTION...] [ARGUMENT...]\n\nVERSION:\n   {1}\n\nCOMMANDS:\n",
        program, HOIST_VERSION);
    for (const auto& command : commands) text += fmt::format("   {:<12}  {}\n", command.name, command.about);
    return text + "\nOPTIONS:\n" + option_lines(options);
}

std::string command_help(const std::string& program, const Command& command) {
    std::string text = fmt::format("NAME:\n   {0} {1} - {2}\n\nUSAGE:\n   {0} {1} {3}\n", program, command.name,
                                   command.about, command.usage);
    if (!command.options.empty()) text += "\nOPTIONS:\n" + option_lines(command.options);
    return text;
}

}  // namespace hoist::runtime
