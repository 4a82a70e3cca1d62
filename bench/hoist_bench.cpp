// SPDX-License-Identifier: Apache-2.0
// hoist-bench: what hoist costs, against the floor and its peers, in one interleaved run inside a test host.
// hoist-bench [SECTION ...]; all of them without an argument.
#include <cstdio>
#include <exception>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bench/ground.h"
#include "bench/logs.h"
#include "bench/sections.h"
#include "tests/support/hoist_host.h"
#include "tests/support/test_host.h"

int main(int count, char** words) {
    using namespace hoist;
    const std::set<std::string> wanted(words + 1, words + count);
    const std::vector<std::pair<std::string, void (*)()>> all = {
        {"runtime", bench::measure_runtime}, {"engine", bench::measure_engine},     {"exec", bench::measure_exec},
        {"stack", bench::measure_stack},     {"latency", bench::measure_reactions}, {"memory", bench::measure_memory},
        {"daemon", bench::measure_daemon}, {"logs", bench::measure_logs}};
    try {
        test::enter_test_host();
        bench::prepare();
        test::import_busybox();
        for (const auto& [name, measure] : all) {
            if (wanted.empty() || wanted.count(name)) measure();
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "hoist-bench: %s\n", error.what());
        return 1;
    }
    return 0;
}
