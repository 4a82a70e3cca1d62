#pragma once
// SPDX-License-Identifier: Apache-2.0
// What is measured, and the table of results.

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace hoist::bench {

/// Milliseconds that `work` takes.
double time_ms(const std::function<void()>& work);

/// Samples of several subjects, taken in turn so that a drifting machine drifts for all of them.
class Samples {
public:
    void add(const std::string& subject, double value);
    /// Runs every subject once per round, `rounds` times, after one round that does not count.
    void interleave(const std::vector<std::pair<std::string, std::function<void()>>>& subjects, int rounds);
    double median(const std::string& subject) const;
    /// Prints a row per subject: median, smallest, largest, ratio of its median to `base`'s.
    void print(const std::string& title, const std::string& base, const std::string& unit = "ms") const;

private:
    std::vector<std::string> order_;
    std::map<std::string, std::vector<double>> values_;
};

}  // namespace hoist::bench
