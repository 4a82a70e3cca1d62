// SPDX-License-Identifier: Apache-2.0
#include "runtime/seccomp_filter.h"

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstddef>

#include "base/error.h"

namespace hoist::runtime {
namespace {

using Code = std::vector<sock_filter>;

sock_filter statement(int code, std::uint32_t value) {
    return {static_cast<std::uint16_t>(code), 0, 0, value};
}
sock_filter jump(int code, std::uint32_t value, std::size_t if_true, std::size_t if_false) {
    return {static_cast<std::uint16_t>(BPF_JMP | code | BPF_K), static_cast<std::uint8_t>(if_true),
            static_cast<std::uint8_t>(if_false), value};
}
Code answer(std::uint32_t action) {
    return {statement(BPF_RET | BPF_K, action)};
}
void append(Code& code, const Code& more) {
    code.insert(code.end(), more.begin(), more.end());
}

constexpr std::uint8_t pass = 254, miss = 255;  // labels, until the distances are known

/// One test; its jumps end at the labels.
Code test_code(const ArgumentTest& test) {
    const auto low_at = static_cast<std::uint32_t>(offsetof(seccomp_data, args) + 8 * test.index);
    const auto load = [](std::uint32_t offset) { return statement(BPF_LD | BPF_W | BPF_ABS, offset); };
    const auto high = static_cast<std::uint32_t>(test.value >> 32), low = static_cast<std::uint32_t>(test.value);
    switch (test.comparison) {
        case Comparison::eq:
            return {load(low_at + 4), jump(BPF_JEQ, high, 0, miss), load(low_at), jump(BPF_JEQ, low, 0, miss)};
        case Comparison::ne:
            return {load(low_at + 4), jump(BPF_JEQ, high, 0, pass), load(low_at), jump(BPF_JEQ, low, miss, 0)};
        case Comparison::gt:
            return {load(low_at + 4), jump(BPF_JGT, high, pass, 0), jump(BPF_JEQ, high, 0, miss), load(low_at),
                    jump(BPF_JGT, low, 0, miss)};
        case Comparison::ge:
            return {load(low_at + 4), jump(BPF_JGT, high, pass, 0), jump(BPF_JEQ, high, 0, miss), load(low_at),
                    jump(BPF_JGE, low, 0, miss)};
        case Comparison::lt:
            return {load(low_at + 4), jump(BPF_JGT, high, miss, 0), jump(BPF_JEQ, high, 0, pass), load(low_at),
                    jump(BPF_JGE, low, miss, 0)};
        case Comparison::le:
            return {load(low_at + 4), jump(BPF_JGT, high, miss, 0), jump(BPF_JEQ, high, 0, pass), load(low_at),
                    jump(BPF_JGT, low, miss, 0)};
        case Comparison::masked_eq:
            break;
    }
    Code code;
    const auto second_high = static_cast<std::uint32_t>(test.second >> 32);
    if (high || second_high)
        append(code,
               {load(low_at + 4), statement(BPF_ALU | BPF_AND | BPF_K, high), jump(BPF_JEQ, second_high, 0, miss)});
    append(code, {load(low_at), statement(BPF_ALU | BPF_AND | BPF_K, low),
                  jump(BPF_JEQ, static_cast<std::uint32_t>(test.second), 0, miss)});
    return code;
}

/// Replaces a label by the distance to the end of the code.
void resolve(Code& code, std::uint8_t label) {
    for (std::size_t at = 0; at < code.size(); ++at) {
        if (BPF_CLASS(code[at].code) != BPF_JMP) continue;
        const auto distance = static_cast<std::uint8_t>(code.size() - at - 1);
        if (code[at].jt == label) code[at].jt = distance;
        if (code[at].jf == label) code[at].jf = distance;
    }
}

Code conditional_code(const ConditionalAction& conditional) {
    Code code;
    for (const auto& test : conditional.tests) {
        Code one = test_code(test);
        resolve(one, pass);
        append(code, one);
    }
    append(code, answer(conditional.action));
    if (code.size() >= pass)
        fail(Kind::invalid, "linux.seccomp: a rule with {} argument tests is too long", conditional.tests.size());
    resolve(code, miss);
    return code;
}

Code rule_code(const CallRule& rule, std::uint32_t fallback) {
    Code code;
    for (const auto& conditional : rule.conditional) append(code, conditional_code(conditional));
    append(code, answer(rule.otherwise.value_or(fallback)));
    return code;
}

bool same(const Code& a, const Code& b) {
    return a.size() == 1 && b.size() == 1 && a[0].k == b[0].k;
}

struct Range {
    std::uint32_t first;
    Code code;
};

/// The ranges of call numbers that are answered alike, in order.
std::vector<Range> ranges_of(const ArchitectureRules& rules) {
    std::vector<Range> ranges;
    const auto add = [&](std::uint32_t first, Code code) {
        if (!ranges.empty() && ranges.back().first == first) ranges.pop_back();
        if (ranges.empty() || !same(ranges.back().code, code)) ranges.push_back({first, std::move(code)});
    };
    auto boundary = rules.default_from.begin();
    std::uint32_t fallback = 0;
    const auto cross_until = [&](std::uint32_t number) {
        for (; boundary != rules.default_from.end() && boundary->first <= number; ++boundary) {
            fallback = boundary->second;
            add(boundary->first, answer(fallback));
        }
    };
    for (const auto& [number, rule] : rules.calls) {
        cross_until(number);
        add(number, rule_code(rule, fallback));
        add(number + 1, answer(fallback));
    }
    cross_until(0xffffffff);
    return ranges;
}

Code search(const Range* first, const Range* last) {
    if (last - first == 1) return first->code;
    const Range* middle = first + (last - first) / 2;
    const Code left = search(first, middle), right = search(middle, last);
    Code code;
    if (left.size() <= 255) {
        code.push_back(jump(BPF_JGE, middle->first, left.size(), 0));
    } else {
        code.push_back(jump(BPF_JGE, middle->first, 0, 1));
        code.push_back(statement(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(left.size())));
    }
    append(code, left);
    append(code, right);
    return code;
}

}  // namespace

std::string build_filter(const std::vector<ArchitectureRules>& architectures) {
    Code program = {statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch))};
    for (const auto& one : architectures) {
        const auto ranges = ranges_of(one);
        Code body = {statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
        append(body, search(ranges.data(), ranges.data() + ranges.size()));
        program.push_back(jump(BPF_JEQ, one.audit_arch, 1, 0));
        program.push_back(statement(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(body.size())));
        append(program, body);
    }
    append(program, answer(SECCOMP_RET_KILL_PROCESS));
    if (program.size() > BPF_MAXINSNS)
        fail(Kind::invalid, "linux.seccomp: the filter has more than {} instructions", BPF_MAXINSNS);
    return {reinterpret_cast<const char*>(program.data()), program.size() * sizeof(sock_filter)};
}

}  // namespace hoist::runtime
