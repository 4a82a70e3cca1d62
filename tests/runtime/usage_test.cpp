// SPDX-License-Identifier: Apache-2.0
// Readers of cgroups and of /proc, against files.
#include "runtime/usage.h"

#include <sys/stat.h>

#include "runtime/processes.h"
#include "tests/support/temp_dir.h"

namespace hoist::runtime {
namespace {

TEST(Usage, ReadsV1) {
    const test::TempDir dir;
    CgroupLayout layout{.mode = CgroupMode::v1, .hierarchies = {}};
    for (const char* name : {"cpu", "cpuacct", "memory", "pids", "blkio"})
        layout.hierarchies.push_back({name, dir / name, "/"});
    dir.write("cpuacct/c/cpuacct.usage", "5000000000\n");
    dir.write("cpuacct/c/cpuacct.stat", "user 300\nsystem 100\n");
    dir.write("cpuacct/c/cpuacct.usage_percpu", "3000000000 2000000000 \n");
    dir.write("cpu/c/cpu.stat", "nr_periods 7\nnr_throttled 3\nthrottled_time 900\n");
    dir.write("memory/c/memory.usage_in_bytes", "1000000\n");
    dir.write("memory/c/memory.limit_in_bytes", "9223372036854771712\n");
    dir.write("memory/c/memory.max_usage_in_bytes", "2000000\n");
    dir.write("memory/c/memory.stat", "cache 400\ntotal_inactive_file 300\n");
    dir.write("pids/c/pids.current", "4\n");
    dir.write("pids/c/pids.max", "max\n");
    dir.write("blkio/c/blkio.throttle.io_service_bytes_recursive",
              "254:0 Read 4096\n254:0 Write 8192\n254:0 Total 12288\nTotal 12288\n");
    const CgroupUsage usage = measure(Cgroup::open(layout, "/c"));
    EXPECT_EQ(usage.cpu, 5000000000u);
    EXPECT_EQ(usage.cpu_user, 3000000000u);
    EXPECT_EQ(usage.cpu_kernel, 1000000000u);
    EXPECT_EQ(usage.cpu_each, (std::vector<std::uint64_t>{3000000000u, 2000000000u}));
    EXPECT_EQ(usage.throttled_periods, 3u);
    EXPECT_EQ(usage.memory, 1000000u);
    EXPECT_EQ(usage.memory_limit, 0u);
    EXPECT_EQ(usage.memory_max_used, 2000000u);
    EXPECT_EQ(usage.memory_details.at("total_inactive_file"), 300u);
    EXPECT_EQ(usage.pids, 4u);
    EXPECT_EQ(usage.pids_limit, 0u);
    ASSERT_EQ(usage.blocks.size(), 3u);
    EXPECT_EQ(usage.blocks[1].operation, "write");
    EXPECT_EQ(usage.blocks[1].bytes, 8192u);
    EXPECT_EQ(usage.blocks[1].major, 254u);
}

TEST(Usage, ReadsV2) {
    const test::TempDir dir;
    const CgroupLayout layout{.mode = CgroupMode::v2, .hierarchies = {{"", dir.path(), "/"}}};
    dir.write("c/cpu.stat", "usage_usec 5000\nuser_usec 3000\nsystem_usec 2000\nnr_throttled 2\nthrottled_usec 9\n");
    dir.write("c/memory.current", "1000000\n");
    dir.write("c/memory.max", "67108864\n");
    dir.write("c/memory.stat", "anon 1\ninactive_file 200\n");
    dir.write("c/pids.current", "2\n");
    dir.write("c/pids.max", "100\n");
    dir.write("c/io.stat", "8:16 rbytes=512 wbytes=1024 rios=1 wios=1 dbytes=0 dios=0\n");
    const CgroupUsage usage = measure(Cgroup::open(layout, "/c"));
    EXPECT_EQ(usage.cpu, 5000000u);
    EXPECT_EQ(usage.throttled_nanoseconds, 9000u);
    EXPECT_EQ(usage.memory_limit, 67108864u);
    EXPECT_EQ(usage.memory_details.at("inactive_file"), 200u);
    EXPECT_EQ(usage.pids_limit, 100u);
    ASSERT_EQ(usage.blocks.size(), 2u);
    EXPECT_EQ(usage.blocks[0].bytes, 512u);
    EXPECT_EQ(usage.blocks[1].minor, 16u);
    EXPECT_EQ(measure(Cgroup::open(layout, "/gone")).memory, 0u);
}

TEST(Usage, ReadsNetworkCountersWithoutLoopback) {
    const auto networks = parse_network_usage(
        "Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls "
        "carrier\n"
        "    lo:  100       1    0    0    0     0          0         0      100       1    0    0    0     0       0\n"
        "  eth0: 1234      10    1    2    0     0          0         0     5678      20    3    4    0     0       "
        "0\n");
    ASSERT_EQ(networks.size(), 1u);
    const auto& it = networks.at("eth0");
    EXPECT_EQ(it.rx_bytes, 1234u);
    EXPECT_EQ(it.rx_dropped, 2u);
    EXPECT_EQ(it.tx_bytes, 5678u);
    EXPECT_EQ(it.tx_packets, 20u);
    EXPECT_EQ(it.tx_errors, 3u);
    EXPECT_TRUE(measure_network(0).empty());
}

TEST(Processes, ANameMayHoldAnything) {
    const auto facts = parse_process(
        "42 (a) b ( c) S 7 42 42 34816 42 4194560 100 0 0 0 50 25 0 0 20 5 3 0 200 1048576 10 18446744073709551615 1 1",
        TimePoint(std::chrono::seconds(1000)));
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->pid, 42);
    EXPECT_EQ(facts->name, "a) b ( c");
    EXPECT_EQ(facts->state, 'S');
    EXPECT_EQ(facts->parent, 7);
    EXPECT_EQ(facts->session, 42);
    EXPECT_EQ(facts->terminal, 34816);
    EXPECT_EQ(facts->cpu, std::chrono::milliseconds(750));
    EXPECT_EQ(facts->nice, 5);
    EXPECT_EQ(facts->threads, 3);
    EXPECT_EQ(facts->started, TimePoint(std::chrono::seconds(1002)));
    EXPECT_EQ(facts->virtual_memory, 1048576u);
    for (const char* broken : {"", "42", "42 (x", "42 (x) S 1 2"}) EXPECT_FALSE(parse_process(broken, {})) << broken;
}

}  // namespace
}  // namespace hoist::runtime
