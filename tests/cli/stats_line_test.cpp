// SPDX-License-Identifier: Apache-2.0
#include "cli/stats_line.h"

#include "base/text.h"

namespace hoist::cli {
namespace {

Json sample() {
    return {{"id", std::string(64, 'a')},
            {"name", "/web"},
            {"cpu_stats",
             {{"cpu_usage", {{"total_usage", 600'000'000}}}, {"system_cpu_usage", 12'000'000'000}, {"online_cpus", 2}}},
            {"precpu_stats", {{"cpu_usage", {{"total_usage", 100'000'000}}}, {"system_cpu_usage", 10'000'000'000}}},
            {"memory_stats", {{"usage", 12 << 20}, {"limit", 64 << 20}, {"stats", {{"total_inactive_file", 4 << 20}}}}},
            {"networks",
             {{"eth0", {{"rx_bytes", 1000}, {"tx_bytes", 500}}}, {"eth1", {{"rx_bytes", 200}, {"tx_bytes", 0}}}}},
            {"blkio_stats",
             {{"io_service_bytes_recursive",
               {{{"op", "read"}, {"value", 4096}},
                {{"op", "Write"}, {"value", 1'000'000}},
                {{"op", "total"}, {"value", 9}}}}}},
            {"pids_stats", {{"current", 3}}}};
}

TEST(StatsLine, IsWhatDockerShows) {
    EXPECT_EQ(join(stats_row(stats_line(sample()), false), "|"),
              "aaaaaaaaaaaa|web|50.00%|8MiB / 64MiB|12.50%|1.2kB / 500B|4.1kB / 1MB|3");
    const Json object = stats_object(stats_line(sample()), false);
    EXPECT_EQ(object["CPUPerc"], "50.00%");
    EXPECT_EQ(object["MemUsage"], "8MiB / 64MiB");
    EXPECT_EQ(object["PIDs"], "3");
}

TEST(StatsLine, AContainerThatDoesNotRunUsesNothing) {
    const Json stopped = {{"id", "x"},
                          {"name", "/y"},
                          {"memory_stats", Json::object()},
                          {"pids_stats", Json::object()},
                          {"blkio_stats", {{"io_service_bytes_recursive", nullptr}}}};
    EXPECT_EQ(join(stats_row(stats_line(stopped), false), "|"), "x|y|0.00%|0B / 0B|0.00%|0B / 0B|0B / 0B|0");
}

TEST(StatsLine, TheFirstSampleHasNoRate) {
    Json first = sample();
    first["precpu_stats"] = {{"cpu_usage", {{"total_usage", 0}}}};
    EXPECT_EQ(stats_line(first).cpu_percent, 0);
}

}  // namespace
}  // namespace hoist::cli
