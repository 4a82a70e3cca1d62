// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup_events.h"

#include <array>
#include <charconv>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "runtime/monitor/oom_watch.h"

namespace hoist::runtime {
namespace {

std::uint64_t number_of(std::string_view text) {
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

/// The directory of a v1 controller, or of v2's only tree; "" if it is not used.
std::string directory_of(const Cgroup& cgroup, const std::string& controller) {
    for (const auto& place : cgroup.places()) {
        const auto names = split(place.controllers, ',');
        const bool found = std::find(names.begin(), names.end(), controller) != names.end();
        if (found || (cgroup.mode() == CgroupMode::v2 && place.controllers.empty())) return place.directory;
    }
    return "";
}

/// One controller's files.
class Files {
public:
    Files(const Cgroup& cgroup, const std::string& controller) : directory_(directory_of(cgroup, controller)) {}

    std::optional<std::string> text(const char* file) const {
        if (directory_.empty()) return std::nullopt;
        const auto found = read_file_if_exists(directory_ + "/" + file);
        return found ? std::optional(std::string(trim(*found))) : std::nullopt;
    }
    std::uint64_t number(const char* file) const { return number_of(text(file).value_or("")); }
    /// Lines of "word number".
    std::map<std::string, std::uint64_t> table(const char* file) const {
        std::map<std::string, std::uint64_t> made;
        for (const auto& line : split(text(file).value_or(""), '\n')) {
            const auto words = split(line, ' ');
            if (words.size() == 2) made[words[0]] = number_of(words[1]);
        }
        return made;
    }
    std::vector<std::uint64_t> list(const char* file) const {
        std::vector<std::uint64_t> made;
        for (const auto& word : split(text(file).value_or(""), ' ')) {
            if (!word.empty()) made.push_back(number_of(word));
        }
        return made;
    }

private:
    std::string directory_;
};

Json cpu_v1(const Cgroup& cgroup) {
    const Files usage(cgroup, "cpuacct"), limits(cgroup, "cpu");
    const auto throttled = limits.table("cpu.stat");
    const auto count = [&](const char* name) { return throttled.count(name) ? throttled.at(name) : 0; };
    return {{"usage",
             {{"total", usage.number("cpuacct.usage")},
              {"percpu", usage.list("cpuacct.usage_percpu")},
              {"user", usage.number("cpuacct.usage_user")},
              {"kernel", usage.number("cpuacct.usage_sys")}}},
            {"throttling",
             {{"periods", count("nr_periods")},
              {"throttledPeriods", count("nr_throttled")},
              {"throttledTime", count("throttled_time")}}}};
}

Json cpu_v2(const Cgroup& cgroup) {
    const auto table = Files(cgroup, "cpu").table("cpu.stat");
    const auto count = [&](const char* name) { return table.count(name) ? table.at(name) : 0; };
    return {{"usage",
             {{"total", count("usage_usec") * 1000},
              {"user", count("user_usec") * 1000},
              {"kernel", count("system_usec") * 1000}}},
            {"throttling",
             {{"periods", count("nr_periods")},
              {"throttledPeriods", count("nr_throttled")},
              {"throttledTime", count("throttled_usec") * 1000}}}};
}

/// memory.usage_in_bytes and its kin; `prefix` is "memory", "memory.memsw", ...
Json memory_entry(const Files& memory, const std::string& prefix) {
    const auto number = [&](const char* file) { return memory.number((prefix + file).c_str()); };
    return {{"limit", number(".limit_in_bytes")},
            {"usage", number(".usage_in_bytes")},
            {"max", number(".max_usage_in_bytes")},
            {"failcnt", number(".failcnt")}};
}

Json memory_v1(const Cgroup& cgroup) {
    const Files memory(cgroup, "memory");
    const auto raw = memory.table("memory.stat");
    return {{"usage", memory_entry(memory, "memory")},           {"swap", memory_entry(memory, "memory.memsw")},
            {"kernel", memory_entry(memory, "memory.kmem")},     {"kernelTCP", memory_entry(memory, "memory.kmem.tcp")},
            {"cache", raw.count("cache") ? raw.at("cache") : 0}, {"raw", raw}};
}

Json memory_v2(const Cgroup& cgroup) {
    const Files memory(cgroup, "memory");
    const auto raw = memory.table("memory.stat");
    const auto entry = [&](const char* limit, const char* usage, const char* peak) {
        // "max" reads as 0 here, where runc says the largest number.
        const auto text = memory.text(limit);
        const std::uint64_t most = text == "max" ? ~std::uint64_t{0} : number_of(text.value_or(""));
        return Json{{"limit", most}, {"usage", memory.number(usage)}, {"max", memory.number(peak)}, {"failcnt", 0}};
    };
    return {{"usage", entry("memory.max", "memory.current", "memory.peak")},
            {"swap", entry("memory.swap.max", "memory.swap.current", "memory.swap.peak")},
            {"cache", raw.count("file") ? raw.at("file") : 0},
            {"raw", raw}};
}

/// "8:0 Read 4096"
Json block_entry(const std::string& device, const std::string& operation, const std::string& value) {
    const auto numbers = split(device, ':');
    if (numbers.size() != 2) return nullptr;
    return {{"major", number_of(numbers[0])},
            {"minor", number_of(numbers[1])},
            {"op", operation},
            {"value", number_of(value)}};
}

Json block_v1(const Files& block, const char* file) {
    Json list = Json::array();
    for (const auto& line : split(block.text(file).value_or(""), '\n')) {
        const auto words = split(line, ' ');
        if (words.size() == 3) list.push_back(block_entry(words[0], words[1], words[2]));
    }
    return list;
}

/// "8:0 rbytes=1 wbytes=2 rios=3 wios=4 ..."
Json block_v2(const Cgroup& cgroup) {
    Json bytes = Json::array(), counts = Json::array();
    for (const auto& line : split(Files(cgroup, "io").text("io.stat").value_or(""), '\n')) {
        const auto words = split(line, ' ');
        for (std::size_t n = 1; n < words.size(); ++n) {
            const auto pair = split(words[n], '=');
            if (pair.size() != 2) continue;
            if (pair[0] == "rbytes" || pair[0] == "wbytes")
                bytes.push_back(block_entry(words[0], pair[0] == "rbytes" ? "Read" : "Write", pair[1]));
            if (pair[0] == "rios" || pair[0] == "wios")
                counts.push_back(block_entry(words[0], pair[0] == "rios" ? "Read" : "Write", pair[1]));
        }
    }
    return {{"ioServiceBytesRecursive", bytes}, {"ioServicedRecursive", counts}};
}

Json block_document(const Cgroup& cgroup) {
    if (cgroup.mode() == CgroupMode::v2) return block_v2(cgroup);
    const Files block(cgroup, "blkio");
    return {{"ioServiceBytesRecursive", block_v1(block, "blkio.throttle.io_service_bytes_recursive")},
            {"ioServicedRecursive", block_v1(block, "blkio.throttle.io_serviced_recursive")}};
}

}  // namespace

Json stats_document(const Cgroup& cgroup) {
    const bool v2 = cgroup.mode() == CgroupMode::v2;
    const Files pids(cgroup, "pids");
    return {{"cpu", v2 ? cpu_v2(cgroup) : cpu_v1(cgroup)},
            {"memory", v2 ? memory_v2(cgroup) : memory_v1(cgroup)},
            {"pids", {{"current", pids.number("pids.current")}, {"limit", pids.number("pids.max")}}},
            {"blkio", block_document(cgroup)},
            {"hugetlb", Json::object()},
            {"intel_rdt", Json::object()},
            {"network_interfaces", nullptr}};
}

OomEvents::OomEvents(const Cgroup& cgroup)
    : cgroup_(cgroup), events_(open_oom_watch(cgroup)), seen_(cgroup.oom_kills()) {}

bool OomEvents::happened() const {
    std::array<char, 4096> notes;
    (void)!::read(events_.get(), notes.data(), notes.size());
    const std::uint64_t before = std::exchange(seen_, cgroup_.oom_kills());
    return seen_ > before || cgroup_.mode() != CgroupMode::v2;
}

}  // namespace hoist::runtime
