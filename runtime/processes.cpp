// SPDX-License-Identifier: Apache-2.0
#include "runtime/processes.h"

#include <time.h>
#include <unistd.h>

#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace hoist::runtime {
namespace {

constexpr std::size_t longest_command = 4096;

Nanoseconds ticks(std::uint64_t count) {
    static const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    return Nanoseconds(static_cast<std::int64_t>(count * (1'000'000'000 / per_second)));
}

TimePoint boot_time() {
    timespec up{};
    ::clock_gettime(CLOCK_BOOTTIME, &up);
    return now() - std::chrono::seconds(up.tv_sec) - Nanoseconds(up.tv_nsec);
}

/// Arguments, which are separated by zeros, in one line.
std::string command_of(const std::string& directory, const std::string& name) {
    std::string text;
    try {
        text = read_file_if_exists(directory + "/cmdline", 1 << 20).value_or("");
    } catch (const Error&) {  // longer than anybody would read
    }
    text.resize(std::min(text.size(), longest_command));
    while (!text.empty() && text.back() == '\0') text.pop_back();
    std::replace(text.begin(), text.end(), '\0', ' ');
    return text.empty() ? "[" + name + "]" : text;
}

}  // namespace

std::optional<ProcessFacts> parse_process(const std::string& stat, TimePoint booted) {
    // The name is in parentheses and may hold any character, parentheses included.
    const auto open = stat.find('('), close = stat.rfind(')');
    if (open == std::string::npos || close == std::string::npos || close < open) return std::nullopt;
    const auto fields = split(trim(std::string_view(stat).substr(close + 1)), ' ');
    if (fields.size() < 22) return std::nullopt;
    const auto number = [&](std::size_t field) { return std::strtoll(fields[field - 3].c_str(), nullptr, 10); };
    ProcessFacts facts;
    facts.pid = static_cast<pid_t>(std::strtol(stat.c_str(), nullptr, 10));
    facts.name = stat.substr(open + 1, close - open - 1);
    facts.state = fields[0].empty() ? '?' : fields[0][0];
    facts.parent = static_cast<pid_t>(number(4));
    facts.group = static_cast<pid_t>(number(5));
    facts.session = static_cast<pid_t>(number(6));
    facts.terminal = static_cast<int>(number(7));
    facts.cpu = ticks(static_cast<std::uint64_t>(number(14) + number(15)));
    facts.nice = static_cast<int>(number(19));
    facts.threads = static_cast<int>(number(20));
    facts.started = booted + ticks(static_cast<std::uint64_t>(number(22)));
    facts.virtual_memory = static_cast<std::uint64_t>(number(23));
    facts.memory = static_cast<std::uint64_t>(number(24)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return facts;
}

namespace {

/// "Uid:  real effective saved fs", and "Gid:" likewise: the folder's owner is root for what may not be dumped.
void read_owner(const std::string& status, ProcessFacts& facts) {
    for (const auto& line : split(status, '\n')) {
        const auto words = split(line, '\t');
        if (words.size() < 3) continue;
        if (words[0] == "Uid:") facts.uid = static_cast<uid_t>(std::strtoul(words[2].c_str(), nullptr, 10));
        if (words[0] == "Gid:") facts.gid = static_cast<gid_t>(std::strtoul(words[2].c_str(), nullptr, 10));
    }
}

std::optional<ProcessFacts> look_at(pid_t pid, TimePoint booted) {
    const std::string directory = fmt::format("/proc/{}", pid);
    try {
        auto facts = parse_process(read_file(directory + "/stat"), booted);
        if (!facts) return std::nullopt;
        read_owner(read_file(directory + "/status"), *facts);
        facts->command = command_of(directory, facts->name);
        return facts;
    } catch (const Error&) {  // it has ended
        return std::nullopt;
    }
}

}  // namespace

std::vector<ProcessFacts> list_processes(const Cgroup& cgroup) {
    std::vector<ProcessFacts> found;
    const TimePoint booted = boot_time();
    for (const pid_t pid : cgroup.processes())
        if (auto facts = look_at(pid, booted)) found.push_back(std::move(*facts));
    return found;
}

}  // namespace hoist::runtime
