// SPDX-License-Identifier: Apache-2.0
// Changing limits, and watching for kills, against files that stand in for a hierarchy.
#include <poll.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "runtime/cgroup.h"
#include "runtime/monitor/oom_watch.h"
#include "tests/support/temp_dir.h"

namespace hoist::runtime {
namespace {

class FakeV2 : public testing::Test {
protected:
    FakeV2() {
        const std::pair<const char*, const char*> files[] = {
            {"memory.max", "max"},           {"memory.low", "0"},
            {"memory.swap.max", "max"},      {"memory.current", "5000000"},
            {"memory.stat", "file 1000000"}, {"cpu.max", "max 100000"},
            {"cpu.weight", "100"},           {"pids.max", "max"}};
        for (const auto& [name, value] : files) dir_.write(std::string("c/") + name, value);
    }
    std::string value(const std::string& file) { return std::string(trim(read_file(dir_ / ("c/" + file)))); }
    Cgroup cgroup() { return Cgroup::open(layout(), "/c"); }
    CgroupLayout layout() { return {.mode = CgroupMode::v2, .hierarchies = {{"", dir_.path(), "/"}}}; }

    test::TempDir dir_;
};

TEST_F(FakeV2, AnUpdateChangesWhatIsSetAlone) {
    Resources change;
    change.memory_limit = 50000000;
    change.pids_limit = 10;
    auto it = cgroup();
    it.update(layout(), change);
    EXPECT_EQ(value("memory.max").substr(0, 8), "50000000");
    EXPECT_EQ(value("pids.max").substr(0, 2), "10");
    EXPECT_EQ(value("cpu.weight"), "100");
}

TEST_F(FakeV2, ARefusedLimitTakesTheOthersBack) {
    ASSERT_EQ(::unlink((dir_ / "c/pids.max").c_str()), 0);
    ASSERT_EQ(::mkdir((dir_ / "c/pids.max").c_str(), 0700), 0);  // cannot be written, whoever asks
    Resources change;
    change.cpu_shares = 2048;
    change.pids_limit = 10;
    auto it = cgroup();
    try {
        it.update(layout(), change);
        FAIL() << "a limit that cannot be set is an error";
    } catch (const Error& error) {
        EXPECT_NE(error.message().find("pids.max"), std::string::npos) << error.message();
    }
    EXPECT_EQ(value("cpu.weight").substr(0, 3), "100");
}

TEST_F(FakeV2, ALimitBelowWhatIsInUseIsRefusedInsteadOfKilling) {
    Resources change;
    change.memory_limit = 3000000;  // 5 MB in use, of which 1 MB is cache
    auto it = cgroup();
    EXPECT_THROW(it.update(layout(), change), Error);
    EXPECT_EQ(value("memory.max"), "max");
    change.memory_limit = 4500000;
    it.update(layout(), change);
    EXPECT_EQ(value("memory.max"), "4500000");
}

TEST_F(FakeV2, AChangeOfMemoryEventsWakesTheOomWatch) {
    dir_.write("c/memory.events", "oom 0\noom_kill 0\n");
    const Fd watch = open_oom_watch(cgroup());
    ASSERT_TRUE(watch);
    pollfd readable{watch.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&readable, 1, 0), 0);
    const Fd events = open_file(dir_ / "c/memory.events", O_WRONLY | O_TRUNC);
    write_all(events, "oom 1\noom_kill 2\n", "memory.events");
    EXPECT_EQ(::poll(&readable, 1, 1000), 1);
    EXPECT_EQ(cgroup().oom_kills(), 2u);
}

TEST(OomWatch, IsEmptyWithoutAMemoryController) {
    EXPECT_FALSE(open_oom_watch(Cgroup()));
}

}  // namespace
}  // namespace hoist::runtime
