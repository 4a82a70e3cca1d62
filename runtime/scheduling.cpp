// SPDX-License-Identifier: Apache-2.0
#include "runtime/scheduling.h"

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/error.h"
#include "base/text.h"

namespace hoist::runtime {
namespace {

constexpr unsigned highest_number = 8191;  // what the kernel's widest masks hold

template <class Value, std::size_t count>
std::optional<Value> find(const std::array<std::pair<const char*, Value>, count>& table, const std::string& name) {
    for (const auto& [word, value] : table) {
        if (name == word) return value;
    }
    return std::nullopt;
}

/// struct sched_attr, which libc's headers lack.
struct Attributes {
    std::uint32_t size = 0;
    std::uint32_t policy = 0;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 0, deadline = 0, period = 0;
};
static_assert(sizeof(Attributes) == 48);

Attributes attributes_of(const Scheduler& scheduler) {
    Attributes made;
    made.size = sizeof made;
    made.policy = *scheduler_policy(scheduler.policy);
    for (const auto& flag : scheduler.flags) made.flags |= *scheduler_flag(flag);
    made.nice = scheduler.nice.value_or(0);
    made.priority = static_cast<std::uint32_t>(scheduler.priority.value_or(0));
    made.runtime = scheduler.runtime.value_or(0);
    made.deadline = scheduler.deadline.value_or(0);
    made.period = scheduler.period.value_or(0);
    return made;
}

const char* scheduler_hint(int code) {
    if (code == EPERM)
        return " (a realtime policy needs time in the container's cpu cgroup: "
               "linux.resources.cpu.realtimeRuntime, also in the cgroups above)";
    return code == EINVAL ? " (this kernel does not take these values together)" : "";
}

unsigned read_number(std::string_view text, const std::string& list) {
    unsigned number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc() || end != text.data() + text.size() || number > highest_number)
        fail(Kind::invalid, "\"{}\" is no list of numbers such as 0-3,7", escape_for_terminal(list));
    return number;
}

}  // namespace

std::optional<std::uint32_t> scheduler_policy(const std::string& name) {
    static constexpr std::array<std::pair<const char*, std::uint32_t>, 6> table = {
        {{"SCHED_OTHER", SCHED_NORMAL},
         {"SCHED_FIFO", SCHED_FIFO},
         {"SCHED_RR", SCHED_RR},
         {"SCHED_BATCH", SCHED_BATCH},
         {"SCHED_IDLE", SCHED_IDLE},
         {"SCHED_DEADLINE", SCHED_DEADLINE}}};
    return find(table, name);
}

std::optional<std::uint64_t> scheduler_flag(const std::string& name) {
    static constexpr std::array<std::pair<const char*, std::uint64_t>, 7> table = {
        {{"SCHED_FLAG_RESET_ON_FORK", 0x01},
         {"SCHED_FLAG_RECLAIM", 0x02},
         {"SCHED_FLAG_DL_OVERRUN", 0x04},
         {"SCHED_FLAG_KEEP_POLICY", 0x08},
         {"SCHED_FLAG_KEEP_PARAMS", 0x10},
         {"SCHED_FLAG_UTIL_CLAMP_MIN", 0x20},
         {"SCHED_FLAG_UTIL_CLAMP_MAX", 0x40}}};
    return find(table, name);
}

std::optional<int> io_priority_class(const std::string& name) {
    static constexpr std::array<std::pair<const char*, int>, 3> table = {{{"IOPRIO_CLASS_RT", IOPRIO_CLASS_RT},
                                                                          {"IOPRIO_CLASS_BE", IOPRIO_CLASS_BE},
                                                                          {"IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE}}};
    return find(table, name);
}

std::optional<int> memory_policy_mode(const std::string& name) {
    static constexpr std::array<std::pair<const char*, int>, 7> table = {{{"MPOL_DEFAULT", 0},
                                                                          {"MPOL_PREFERRED", 1},
                                                                          {"MPOL_BIND", 2},
                                                                          {"MPOL_INTERLEAVE", 3},
                                                                          {"MPOL_LOCAL", 4},
                                                                          {"MPOL_PREFERRED_MANY", 5},
                                                                          {"MPOL_WEIGHTED_INTERLEAVE", 6}}};
    return find(table, name);
}

std::optional<int> memory_policy_flag(const std::string& name) {
    static constexpr std::array<std::pair<const char*, int>, 3> table = {
        {{"MPOL_F_NUMA_BALANCING", 1 << 13}, {"MPOL_F_RELATIVE_NODES", 1 << 14}, {"MPOL_F_STATIC_NODES", 1 << 15}}};
    return find(table, name);
}

std::vector<unsigned> parse_number_list(const std::string& text) {
    constexpr std::size_t longest = 4096;  // a page, as the kernel's own
    if (text.size() > longest) fail(Kind::invalid, "a list of numbers is longer than {} letters", longest);
    std::set<unsigned> numbers;
    for (const auto& part : split(text, ',')) {
        const std::string_view word = trim(part);
        if (word.empty()) continue;
        const auto dash = word.find('-');
        const unsigned first = read_number(trim(word.substr(0, dash)), text);
        const unsigned last = dash == std::string_view::npos ? first : read_number(trim(word.substr(dash + 1)), text);
        if (last < first) fail(Kind::invalid, "\"{}\": {} comes after {}", escape_for_terminal(text), first, last);
        for (unsigned n = first; n <= last; ++n) numbers.insert(n);
    }
    return {numbers.begin(), numbers.end()};
}

void apply_scheduling(const Process& process, pid_t pid) {
    if (process.scheduler) {
        Attributes wanted = attributes_of(*process.scheduler);
        if (::syscall(SYS_sched_setattr, pid, &wanted, 0u) != 0)
            fail_errno(errno, "process.scheduler: set {}{}", process.scheduler->policy, scheduler_hint(errno));
    }
    if (!process.io_priority) return;
    const int value =
        IOPRIO_PRIO_VALUE(*io_priority_class(process.io_priority->io_class), process.io_priority->priority);
    check(static_cast<int>(::syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid, value)), "process.ioPriority: set {} {}",
          process.io_priority->io_class, process.io_priority->priority);
}

void apply_memory_policy(const MemoryPolicy& policy) {
    std::array<unsigned long, (highest_number + 1) / (8 * sizeof(long))> mask{};
    constexpr unsigned bits = 8 * sizeof(long);
    unsigned highest = 0;
    for (const unsigned node : parse_number_list(policy.nodes)) {
        mask[node / bits] |= 1ul << node % bits;
        highest = std::max(highest, node + 1);
    }
    int mode = *memory_policy_mode(policy.mode);
    for (const auto& flag : policy.flags) mode |= *memory_policy_flag(flag);
    // The kernel reads one bit less than it is told of.
    if (::syscall(SYS_set_mempolicy, mode, highest ? mask.data() : nullptr, highest ? highest + 1ul : 0ul) == 0) return;
    const int code = errno;
    if (code == ENOSYS) fail(Kind::invalid, "linux.memoryPolicy: this kernel has no memory policies (CONFIG_NUMA)");
    fail_errno(code, "linux.memoryPolicy: set {} on nodes \"{}\"", policy.mode, policy.nodes);
}

void use_processors(const std::string& list, const char* key) {
    if (list.empty()) return;
    std::array<unsigned long, (highest_number + 1) / (8 * sizeof(long))> mask{};
    constexpr unsigned bits = 8 * sizeof(long);
    for (const unsigned processor : parse_number_list(list)) mask[processor / bits] |= 1ul << processor % bits;
    check(static_cast<int>(::syscall(SYS_sched_setaffinity, 0, sizeof mask, mask.data())), "{}: run on processors {}",
          key, list);
}

}  // namespace hoist::runtime
