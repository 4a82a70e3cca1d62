// SPDX-License-Identifier: Apache-2.0
// linux.seccomp to filter: names to numbers by libseccomp's tables, and the cache of what was compiled.
#include "runtime/seccomp.h"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "runtime/json_reader.h"
#include "runtime/seccomp_filter.h"

namespace hoist::runtime {
namespace {

using In = JsonReader;
constexpr std::uint32_t x32_bit = 0x40000000;
constexpr unsigned wait_killable = 1u << 5;  // SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (5.19)

struct Architecture {
    const char* name;
    std::uint32_t token;       ///< libseccomp's
    std::uint32_t audit_arch;  ///< the kernel's
};
constexpr Architecture known_architectures[] = {{"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64, SCMP_ARCH_X86_64},
                                                {"SCMP_ARCH_X86", SCMP_ARCH_X86, SCMP_ARCH_X86},
                                                {"SCMP_ARCH_X32", SCMP_ARCH_X32, SCMP_ARCH_X86_64},
                                                {"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64, SCMP_ARCH_AARCH64},
                                                {"SCMP_ARCH_ARM", SCMP_ARCH_ARM, SCMP_ARCH_ARM},
                                                {"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64, SCMP_ARCH_RISCV64},
                                                {"SCMP_ARCH_S390X", SCMP_ARCH_S390X, SCMP_ARCH_S390X},
                                                {"SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE, SCMP_ARCH_PPC64LE}};

/// Calls that came after Debian's libseccomp; since 5.1 new numbers are the same on every architecture.
constexpr std::pair<const char*, int> newer_calls[] = {
    {"cachestat", 451},         {"fchmodat2", 452},         {"map_shadow_stack", 453}, {"futex_wake", 454},
    {"futex_wait", 455},        {"futex_requeue", 456},     {"statmount", 457},        {"listmount", 458},
    {"lsm_get_self_attr", 459}, {"lsm_set_self_attr", 460}, {"lsm_list_modules", 461}, {"mseal", 462},
    {"setxattrat", 463},        {"getxattrat", 464},        {"listxattrat", 465},      {"removexattrat", 466},
    {"open_tree_attr", 467},    {"file_getattr", 468},      {"file_setattr", 469}};

std::optional<std::uint32_t> call_number(const Architecture& architecture, const std::string& name) {
    int number = seccomp_syscall_resolve_name_arch(architecture.token, name.c_str());
    for (const auto& [newer, value] : newer_calls) {
        if (number < 0 && name == newer) number = value;
    }
    if (number < 0) return std::nullopt;  // not a call of this architecture
    return static_cast<std::uint32_t>(number) | (architecture.token == SCMP_ARCH_X32 ? x32_bit : 0);
}

std::uint32_t action_value(const In& in, const std::string& word, std::uint32_t data) {
    if (word == "SCMP_ACT_ALLOW") return SECCOMP_RET_ALLOW;
    if (word == "SCMP_ACT_ERRNO") return SECCOMP_RET_ERRNO | (data & SECCOMP_RET_DATA);
    if (word == "SCMP_ACT_KILL" || word == "SCMP_ACT_KILL_THREAD") return SECCOMP_RET_KILL_THREAD;
    if (word == "SCMP_ACT_KILL_PROCESS") return SECCOMP_RET_KILL_PROCESS;
    if (word == "SCMP_ACT_TRAP") return SECCOMP_RET_TRAP;
    if (word == "SCMP_ACT_LOG") return SECCOMP_RET_LOG;
    if (word == "SCMP_ACT_TRACE") return SECCOMP_RET_TRACE | (data & SECCOMP_RET_DATA);
    if (word == "SCMP_ACT_NOTIFY") return SECCOMP_RET_USER_NOTIF;
    in.refuse("the action is unknown");
}

Comparison comparison_of(const In& in, const std::string& word) {
    static constexpr std::pair<const char*, Comparison> words[] = {{"SCMP_CMP_NE", Comparison::ne},
                                                                   {"SCMP_CMP_LT", Comparison::lt},
                                                                   {"SCMP_CMP_LE", Comparison::le},
                                                                   {"SCMP_CMP_EQ", Comparison::eq},
                                                                   {"SCMP_CMP_GE", Comparison::ge},
                                                                   {"SCMP_CMP_GT", Comparison::gt},
                                                                   {"SCMP_CMP_MASKED_EQ", Comparison::masked_eq}};
    for (const auto& [name, value] : words) {
        if (word == name) return value;
    }
    in.refuse("the comparison is unknown");
}

struct Rule {
    std::vector<std::string> names;
    std::uint32_t action = 0;
    std::vector<std::vector<ArgumentTest>> conditions;  ///< any of them; none: always
};

Rule read_rule(const In& in) {
    Rule rule;
    std::string action;
    std::uint32_t error = EPERM;
    in.read("names", rule.names);
    in.read("action", action);
    in.read("errnoRet", error);
    rule.action = action_value(in, action, error);
    std::vector<ArgumentTest> tests;
    std::set<unsigned> indices;
    in.each("args", [&](const In& arg) {
        auto& test = tests.emplace_back();
        std::string comparison;
        arg.read("index", test.index);
        arg.read("value", test.value);
        arg.read("valueTwo", test.second);
        arg.read("op", comparison);
        test.comparison = comparison_of(arg, comparison);
        if (test.index > 5) arg.refuse("index goes from 0 to 5");
        indices.insert(test.index);
    });
    if (tests.empty()) return rule;
    if (indices.size() == tests.size()) {
        rule.conditions = {tests};
    } else {  // several tests of one argument mean any of them, as runc has it
        for (const auto& test : tests) rule.conditions.push_back({test});
    }
    return rule;
}

void add_rule(CallRule& call, const Rule& rule) {
    if (rule.conditions.empty()) {
        call.otherwise = rule.action;
        std::erase_if(call.conditional, [&](const auto& c) { return c.action == rule.action; });
        return;
    }
    if (call.otherwise == rule.action) return;
    for (const auto& tests : rule.conditions) call.conditional.push_back({tests, rule.action});
}

struct Profile {
    std::uint32_t default_action = SECCOMP_RET_KILL_PROCESS;
    std::vector<const Architecture*> architectures;
    std::vector<Rule> rules;
    unsigned flags = 0;
};

unsigned flag_value(const In& in) {
    const auto word = in.as<std::string>();
    if (word == "SECCOMP_FILTER_FLAG_TSYNC") return 0;  // one thread: nothing to synchronise
    if (word == "SECCOMP_FILTER_FLAG_LOG") return SECCOMP_FILTER_FLAG_LOG;
    if (word == "SECCOMP_FILTER_FLAG_SPEC_ALLOW") return SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    if (word == "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV") return wait_killable;
    in.refuse("the flag is unknown");
}

Profile read_profile(const In& in) {
    Profile profile;
    std::string action;
    std::uint32_t error = EPERM;
    in.read("defaultAction", action);
    in.read("defaultErrnoRet", error);
    profile.default_action = action_value(in, action, error);
    const auto add = [&](const Architecture& one) {
        for (const auto* other : profile.architectures) {
            if (other == &one) return;
        }
        profile.architectures.push_back(&one);
    };
    for (const auto& one : known_architectures) {
        if (one.token == seccomp_arch_native()) add(one);
    }
    in.each("architectures", [&](const In& name) {
        for (const auto& one : known_architectures) {
            if (name.as<std::string>() == one.name) add(one);
        }
    });
    in.each("flags", [&](const In& flag) { profile.flags |= flag_value(flag); });
    in.each("syscalls", [&](const In& rule) { profile.rules.push_back(read_rule(rule)); });
    std::string listener;  // who names one gets the filter, whatever it asks about (as with crun)
    in.read("listenerPath", listener);
    const bool notifies = !listener.empty() || profile.default_action == SECCOMP_RET_USER_NOTIF ||
                          std::any_of(profile.rules.begin(), profile.rules.end(),
                                      [](const Rule& rule) { return rule.action == SECCOMP_RET_USER_NOTIF; });
    if (notifies) profile.flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
    if (!notifies && profile.flags & wait_killable)
        in.refuse("flags: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV is for profiles with a listener");
    return profile;
}

/// Adds one architecture's calls; x32 shares its table with x86-64, in a range of numbers of its own.
void add_architecture(const Architecture& architecture, const Profile& profile, ArchitectureRules& into) {
    std::uint32_t highest = 0;
    for (const auto& rule : profile.rules) {
        for (const auto& name : rule.names) {
            const auto number = call_number(architecture, name);
            if (!number) continue;
            add_rule(into.calls[*number], rule);
            highest = std::max(highest, *number);
        }
    }
    // A call that is newer than the profile was never thought about: "not there" lets programs fall back, "not
    // permitted" breaks them. Only where the profile would refuse it anyway.
    const bool refuses = (profile.default_action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
    const std::uint32_t newer = refuses ? SECCOMP_RET_ERRNO | ENOSYS : profile.default_action;
    into.default_from[architecture.token == SCMP_ARCH_X32 ? x32_bit : 0] = profile.default_action;
    into.default_from[highest + 1] = newer;
    if (architecture.token == SCMP_ARCH_X86_64) into.default_from.emplace(x32_bit, newer);
}

constexpr const char* cache_version = "hoist seccomp 3\n";

}  // namespace

SeccompProgram compile_seccomp(const Json& linux_seccomp) {
    try {
        const auto profile = read_profile(In(linux_seccomp));
        std::vector<ArchitectureRules> tables;
        for (const auto* architecture : profile.architectures) {
            auto* table = tables.empty() ? nullptr : &tables[0];
            for (auto& one : tables) {
                if (one.audit_arch == architecture->audit_arch) table = &one;
            }
            if (!table || table->audit_arch != architecture->audit_arch)
                table = &tables.emplace_back(ArchitectureRules{architecture->audit_arch, {}});
            add_architecture(*architecture, profile, *table);
        }
        return {build_filter(tables), profile.flags};
    } catch (Error& error) {
        throw error.during("linux.seccomp");
    }
}

bool needs_listener(const SeccompProgram& program) {
    return program.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER;
}

SeccompListener seccomp_listener(const Json& linux_seccomp, const SeccompProgram& program) {
    SeccompListener made;
    if (linux_seccomp.is_object()) {
        const In in(linux_seccomp);
        in.read("listenerPath", made.path);
        in.read("listenerMetadata", made.metadata);
    }
    if (made.path.empty() && !made.metadata.empty())
        fail(Kind::invalid, "linux.seccomp.listenerMetadata: there is no listenerPath to send it to");
    if (!needs_listener(program)) return {};
    if (made.path.empty())
        fail(Kind::invalid, "linux.seccomp.listenerPath: SCMP_ACT_NOTIFY needs a listener that answers");
    return made;
}

SeccompProgram cached_seccomp(const Json& linux_seccomp, const std::string& directory) {
    // The file holds the profile itself, so that a clash of hashes is only a miss.
    const std::string profile = cache_version + linux_seccomp.dump() + '\0';
    const std::string path = directory + "/" + fmt::format("{:016x}.bpf", std::hash<std::string>()(profile));
    if (const auto kept = read_file_if_exists(path)) {
        if (kept->size() > profile.size() + sizeof(unsigned) && kept->compare(0, profile.size(), profile) == 0) {
            SeccompProgram program;
            std::memcpy(&program.flags, kept->data() + profile.size(), sizeof program.flags);
            program.filter = kept->substr(profile.size() + sizeof program.flags);
            return program;
        }
    }
    auto program = compile_seccomp(linux_seccomp);
    std::string content = profile;
    content.append(reinterpret_cast<const char*>(&program.flags), sizeof program.flags);
    content += program.filter;
    make_directories(directory, 0700);
    write_file_atomic(path, content, 0600, Durable::no);
    return program;
}

}  // namespace hoist::runtime
