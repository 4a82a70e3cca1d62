// SPDX-License-Identifier: Apache-2.0
#include "runtime/update_options.h"

#include <charconv>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "base/units.h"
#include "runtime/command_log.h"

namespace hoist::runtime {
namespace {

[[noreturn]] void refuse(const Arguments& arguments, const char* option, const char* why) {
    fail(Kind::invalid, "invalid value for {}: \"{}\" {}", option, escape_for_terminal(arguments.value(option)), why);
}

template <class T>
void read_number(const Arguments& arguments, const char* option, std::optional<T>& into) {
    if (!arguments.has(option)) return;
    const std::string text = arguments.value(option);
    T number{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc() || end != text.data() + text.size()) refuse(arguments, option, "is not a number");
    into = number;
}

/// Bytes, "64m", or -1 for no limit.
void read_bytes(const Arguments& arguments, const char* option, std::optional<std::int64_t>& into) {
    if (!arguments.has(option)) return;
    const std::string text = arguments.value(option);
    const auto bytes = text == "-1" ? Bytes{-1} : parse_bytes(text);
    if (!bytes) refuse(arguments, option, "is not a size");
    into = bytes->count;
}

Resources resources_from_file(const std::string& path) {
    const std::string text = path == "-" ? read_all(Fd(check(::dup(0), "read standard input"))) : read_file(path);
    Resources made = resources_from_json(parse_json(text, path == "-" ? "standard input" : path));
    made.devices.clear();  // others may have given it devices meanwhile: they are not what is to change here
    return made;
}

void refuse_cache_allocation(const Arguments& arguments) {
    for (const char* option : {"--l3-cache-schema", "--mem-bw-schema"}) {
        if (arguments.has(option)) refuse(arguments, option, "cannot be set: Intel RDT is not enabled here");
    }
}

void read_cpu(const Arguments& arguments, Resources& into) {
    read_number(arguments, "--cpu-period", into.cpu_period);
    read_number(arguments, "--cpu-quota", into.cpu_quota);
    read_number(arguments, "--cpu-share", into.cpu_shares);
    read_number(arguments, "--cpu-rt-period", into.cpu_realtime_period);
    read_number(arguments, "--cpu-rt-runtime", into.cpu_realtime_runtime);
    into.cpuset_cpus = arguments.value("--cpuset-cpus");
    into.cpuset_mems = arguments.value("--cpuset-mems");
}

void read_memory(const Arguments& arguments, Resources& into) {
    read_bytes(arguments, "--memory", into.memory_limit);
    read_bytes(arguments, "--memory-reservation", into.memory_reservation);
    read_bytes(arguments, "--memory-swap", into.memory_swap);
    for (const char* option : {"--kernel-memory", "--kernel-memory-tcp"}) {
        if (arguments.has(option)) log_warning(fmt::format("{} is ignored: the kernel counts it as memory", option));
    }
}

/// The words of a cgroup v2 file; none if it cannot be read.
std::vector<std::string> words_in(const Cgroup& cgroup, const char* file) {
    if (cgroup.places().empty()) return {};
    const auto text = read_file_if_exists(cgroup.places()[0].directory + "/" + file);
    return text ? split(trim(*text), ' ') : std::vector<std::string>{};
}

std::int64_t number_or_unlimited(const std::string& word) {
    return word == "max" ? -1 : std::stoll(word);
}

}  // namespace

std::vector<OptionSpec> update_options() {
    return {{"--resources", "-r", "FILE",
             "a file with the limits as in config.json's linux.resources, - for standard input"},
            {"--blkio-weight", "", "N", "share of the block devices' time, 10 to 1000"},
            {"--cpu-period", "", "MICROSECONDS", "the time that --cpu-quota is a part of"},
            {"--cpu-quota", "", "MICROSECONDS", "processor time in each period, -1 for no limit"},
            {"--cpu-share", "", "N", "share of the processors, where 1024 is usual"},
            {"--cpu-rt-period", "", "MICROSECONDS", "the same two for realtime processes"},
            {"--cpu-rt-runtime", "", "MICROSECONDS", ""},
            {"--cpuset-cpus", "", "LIST", "the processors to use, as 0-2,4"},
            {"--cpuset-mems", "", "LIST", "the memory nodes to use"},
            {"--memory", "", "BYTES", "how much memory, -1 for no limit"},
            {"--memory-reservation", "", "BYTES", "how much is left to it when memory is short"},
            {"--memory-swap", "", "BYTES", "memory and swap together, -1 for no limit"},
            {"--pids-limit", "", "N", "how many processes, -1 for no limit"},
            {"--kernel-memory", "", "BYTES", ""},
            {"--kernel-memory-tcp", "", "BYTES", ""},
            {"--l3-cache-schema", "", "SCHEMA", ""},
            {"--mem-bw-schema", "", "SCHEMA", ""}};
}

Resources resources_from_options(const Arguments& arguments) {
    refuse_cache_allocation(arguments);
    if (arguments.has("--resources")) return resources_from_file(arguments.value("--resources"));
    Resources made;
    read_cpu(arguments, made);
    read_memory(arguments, made);
    read_number(arguments, "--pids-limit", made.pids_limit);
    read_number(arguments, "--blkio-weight", made.blkio_weight);
    if (made.blkio_weight && (*made.blkio_weight < 10 || *made.blkio_weight > 1000))
        refuse(arguments, "--blkio-weight", "is not between 10 and 1000");
    return made;
}

Resources complete_update(Resources wanted, const Cgroup& cgroup) {
    // Without a limit on memory there is none on memory and swap together either.
    if (wanted.memory_limit == -1 && !wanted.memory_swap) wanted.memory_swap = -1;
    if (cgroup.mode() != CgroupMode::v2) return wanted;
    const bool quota = wanted.cpu_quota.value_or(0) != 0, period = wanted.cpu_period.value_or(0) != 0;
    const auto now = quota != period ? words_in(cgroup, "cpu.max") : std::vector<std::string>{};
    if (now.size() == 2) {
        if (!quota) wanted.cpu_quota = number_or_unlimited(now[0]);
        if (!period) wanted.cpu_period = static_cast<std::uint64_t>(number_or_unlimited(now[1]));
    }
    const bool swap_alone = wanted.memory_swap.value_or(0) > 0 && wanted.memory_limit.value_or(0) == 0;
    const auto limit = swap_alone ? words_in(cgroup, "memory.max") : std::vector<std::string>{};
    if (!limit.empty()) wanted.memory_limit = number_or_unlimited(limit[0]);
    return wanted;
}

}  // namespace hoist::runtime
