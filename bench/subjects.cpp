// SPDX-License-Identifier: Apache-2.0
#include "bench/subjects.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace hoist::bench {

double time_ms(const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

void Samples::add(const std::string& subject, double value) {
    auto& values = values_[subject];
    if (values.empty()) order_.push_back(subject);
    values.push_back(value);
}

void Samples::interleave(const std::vector<std::pair<std::string, std::function<void()>>>& subjects, int rounds) {
    for (int round = -1; round < rounds; ++round) {
        for (const auto& [name, work] : subjects) {
            const double took = time_ms(work);
            if (round >= 0) add(name, took);
        }
    }
}

double Samples::median(const std::string& subject) const {
    const auto it = values_.find(subject);
    if (it == values_.end()) return 0;
    auto values = it->second;
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

void Samples::print(const std::string& title, const std::string& base, const std::string& unit) const {
    fmt::print("\n{}\n", title);
    for (const auto& name : order_) {
        const auto [low, high] = std::minmax_element(values_.at(name).begin(), values_.at(name).end());
        fmt::print("  {:<44} {:>9.2f} {}  ({:.2f}-{:.2f}, n={})", name, median(name), unit, *low, *high,
                   values_.at(name).size());
        if (!base.empty() && median(base) > 0) fmt::print("  {:.2f}x", median(name) / median(base));
        fmt::print("\n");
    }
    std::fflush(stdout);
}

}  // namespace hoist::bench
