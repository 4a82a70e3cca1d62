// SPDX-License-Identifier: Apache-2.0
#include "runtime/usage.h"

#include <unistd.h>

#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace hoist::runtime {
namespace {

constexpr std::uint64_t no_limit = 1ull << 62;  // v1 says "none" as the largest number of whole pages

std::uint64_t ticks_to_nanoseconds(std::uint64_t ticks) {
    static const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    return ticks * (1'000'000'000 / per_second);
}

/// The files of one cgroup directory.
class UsageFiles {
public:
    explicit UsageFiles(std::string directory) : directory_(std::move(directory)) {}

    /// Empty for no file, and for one whose cgroup goes away while it is read.
    std::string text(const char* file) const {
        try {
            return read_file_if_exists(directory_ + "/" + file).value_or("");
        } catch (const Error&) {
            return "";
        }
    }
    /// 0 for "max" and for no file.
    std::uint64_t number(const char* file) const { return std::strtoull(text(file).c_str(), nullptr, 10); }
    /// Lines "word number".
    std::map<std::string, std::uint64_t> table(const char* file) const {
        std::map<std::string, std::uint64_t> values;
        for (const auto& line : split(text(file), '\n'))
            if (const auto blank = line.find(' '); blank != std::string::npos)
                values[line.substr(0, blank)] = std::strtoull(line.c_str() + blank, nullptr, 10);
        return values;
    }

private:
    std::string directory_;
};

std::uint64_t get(const std::map<std::string, std::uint64_t>& values, const char* key) {
    const auto found = values.find(key);
    return found == values.end() ? 0 : found->second;
}

/// "8:0" in front of a line.
BlockUsage device_of(const std::string& line) {
    BlockUsage usage;
    char* rest = nullptr;
    usage.major = static_cast<unsigned>(std::strtoul(line.c_str(), &rest, 10));
    if (*rest == ':') usage.minor = static_cast<unsigned>(std::strtoul(rest + 1, nullptr, 10));
    return usage;
}

std::string lower_case(std::string word) {
    for (char& letter : word)
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    return word;
}

/// "8:0 Read 4096"
std::vector<BlockUsage> blocks_v1(const UsageFiles& files) {
    std::vector<BlockUsage> blocks;
    for (const auto& line : split(files.text("blkio.throttle.io_service_bytes_recursive"), '\n')) {
        const auto words = split(line, ' ');
        if (words.size() != 3) continue;  // the total of all
        BlockUsage usage = device_of(line);
        usage.operation = lower_case(words[1]);
        usage.bytes = std::strtoull(words[2].c_str(), nullptr, 10);
        blocks.push_back(std::move(usage));
    }
    return blocks;
}

/// "8:0 rbytes=4096 wbytes=0 ..."
std::vector<BlockUsage> blocks_v2(const UsageFiles& files) {
    std::vector<BlockUsage> blocks;
    const std::pair<const char*, const char*> kinds[] = {{"rbytes=", "read"}, {"wbytes=", "write"}};
    for (const auto& line : split(files.text("io.stat"), '\n')) {
        for (const auto& [key, operation] : kinds) {
            const auto at = line.find(key);
            if (at == std::string::npos) continue;
            BlockUsage usage = device_of(line);
            usage.operation = operation;
            usage.bytes = std::strtoull(line.c_str() + at + std::string_view(key).size(), nullptr, 10);
            blocks.push_back(std::move(usage));
        }
    }
    return blocks;
}

void measure_v2(const UsageFiles& files, CgroupUsage& usage) {
    const auto cpu = files.table("cpu.stat");
    usage.cpu = get(cpu, "usage_usec") * 1000;
    usage.cpu_user = get(cpu, "user_usec") * 1000;
    usage.cpu_kernel = get(cpu, "system_usec") * 1000;
    usage.periods = get(cpu, "nr_periods");
    usage.throttled_periods = get(cpu, "nr_throttled");
    usage.throttled_nanoseconds = get(cpu, "throttled_usec") * 1000;
    usage.memory = files.number("memory.current");
    usage.memory_limit = files.number("memory.max");
    usage.memory_details = files.table("memory.stat");
    usage.pids = files.number("pids.current");
    usage.pids_limit = files.number("pids.max");
    usage.blocks = blocks_v2(files);
}

void measure_v1(const UsageFiles& files, const std::string& controller, CgroupUsage& usage) {
    if (controller == "cpuacct") {
        usage.cpu = files.number("cpuacct.usage");
        const auto both = files.table("cpuacct.stat");
        usage.cpu_user = ticks_to_nanoseconds(get(both, "user"));
        usage.cpu_kernel = ticks_to_nanoseconds(get(both, "system"));
        for (const auto& word : split(trim(files.text("cpuacct.usage_percpu")), ' '))
            if (!word.empty()) usage.cpu_each.push_back(std::strtoull(word.c_str(), nullptr, 10));
    } else if (controller == "cpu") {
        const auto throttling = files.table("cpu.stat");
        usage.periods = get(throttling, "nr_periods");
        usage.throttled_periods = get(throttling, "nr_throttled");
        usage.throttled_nanoseconds = get(throttling, "throttled_time");
    } else if (controller == "memory") {
        usage.memory = files.number("memory.usage_in_bytes");
        const std::uint64_t limit = files.number("memory.limit_in_bytes");
        usage.memory_limit = limit >= no_limit ? 0 : limit;
        usage.memory_max_used = files.number("memory.max_usage_in_bytes");
        usage.memory_failures = files.number("memory.failcnt");
        usage.memory_details = files.table("memory.stat");
    } else if (controller == "pids") {
        usage.pids = files.number("pids.current");
        usage.pids_limit = files.number("pids.max");
    } else if (controller == "blkio") {
        usage.blocks = blocks_v1(files);
    }
}

}  // namespace

CgroupUsage measure(const Cgroup& cgroup) {
    CgroupUsage usage;
    for (const auto& place : cgroup.places()) {
        const UsageFiles files(place.directory);
        if (cgroup.mode() == CgroupMode::v2) {
            measure_v2(files, usage);
            continue;
        }
        for (const auto& controller : split(place.controllers, ',')) measure_v1(files, controller, usage);
    }
    return usage;
}

std::map<std::string, NetworkUsage> parse_network_usage(const std::string& text) {
    std::map<std::string, NetworkUsage> found;
    for (const auto& line : split(text, '\n')) {
        const auto colon = line.find(':');
        if (colon == std::string::npos) continue;  // the two lines of titles
        const std::string name(trim(std::string_view(line).substr(0, colon)));
        if (name == "lo") continue;
        std::uint64_t numbers[16] = {};
        const char* at = line.c_str() + colon + 1;
        for (auto& number : numbers) {
            char* end = nullptr;
            number = std::strtoull(at, &end, 10);
            at = end;
        }
        found[name] = {.rx_bytes = numbers[0],
                       .rx_packets = numbers[1],
                       .rx_errors = numbers[2],
                       .rx_dropped = numbers[3],
                       .tx_bytes = numbers[8],
                       .tx_packets = numbers[9],
                       .tx_errors = numbers[10],
                       .tx_dropped = numbers[11]};
    }
    return found;
}

std::map<std::string, NetworkUsage> measure_network(pid_t pid) {
    try {
        return parse_network_usage(read_file_if_exists("/proc/" + std::to_string(pid) + "/net/dev").value_or(""));
    } catch (const Error&) {  // it ends just now
        return {};
    }
}

std::uint64_t machine_cpu_nanoseconds() {
    // "cpu  user nice system idle iowait irq softirq steal ...": as Docker, the first seven.
    const auto text = read_file_if_exists("/proc/stat").value_or("");
    const char* at = text.c_str() + 3;
    std::uint64_t ticks = 0;
    for (int field = 0; field < 7 && text.starts_with("cpu"); ++field) {
        char* end = nullptr;
        ticks += std::strtoull(at, &end, 10);
        at = end;
    }
    return ticks_to_nanoseconds(ticks);
}

}  // namespace hoist::runtime
