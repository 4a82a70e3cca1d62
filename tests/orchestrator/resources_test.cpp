// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/resources.h"

#include "base/error.h"

namespace hoist::orchestrator {
namespace {

constexpr std::int64_t mib = 1 << 20;

TEST(Resources, AChangeIsLaidOverWhatIsThere) {
    ResourceSpec base{.memory = 100 * mib, .cpu_shares = 512, .cpuset = "0"};
    const ResourceSpec made = merged(base, {.memory = 50 * mib, .pids_limit = 10});
    EXPECT_EQ(made.memory, 50 * mib);
    EXPECT_EQ(made.cpu_shares, 512);
    EXPECT_EQ(made.cpuset, "0");
    EXPECT_EQ(made.pids_limit, 10);
}

TEST(Resources, CpusAndQuotaReplaceEachOther) {
    const ResourceSpec quota{.cpu_quota = 50000, .cpu_period = 100000}, cpus{.nano_cpus = 1500000000};
    EXPECT_EQ(merged(quota, cpus).cpu_quota, std::nullopt);
    EXPECT_EQ(merged(quota, cpus).nano_cpus, 1500000000);
    EXPECT_EQ(merged(cpus, quota).nano_cpus, std::nullopt);
    EXPECT_EQ(merged(cpus, quota).cpu_quota, 50000);
}

struct RefusedCase {
    ResourceSpec spec;
    const char* says;
};
class RefusedResources : public testing::TestWithParam<RefusedCase> {};
TEST_P(RefusedResources, SayWhatIsWrong) {
    try {
        check_resources(GetParam().spec);
        FAIL() << "should say: " << GetParam().says;
    } catch (const Error& error) {
        EXPECT_NE(error.message().find(GetParam().says), std::string::npos) << error.message();
        EXPECT_EQ(error.kind(), Kind::invalid);
    }
}
INSTANTIATE_TEST_SUITE_P(
    Limits, RefusedResources,
    testing::Values(RefusedCase{{.memory = mib}, "the least is 6 MiB"},
                    RefusedCase{{.memory = 20 * mib, .memory_swap = 10 * mib}, "cannot be less than the memory limit"},
                    RefusedCase{{.memory_swap = 10 * mib}, "set a memory limit, too"},
                    RefusedCase{{.memory = 10 * mib, .memory_reservation = 20 * mib}, "more than the memory limit"},
                    RefusedCase{{.nano_cpus = 1000000000, .cpu_quota = 1000}, "use one of them"},
                    RefusedCase{{.nano_cpus = 1}, "the least is 0.01"}, RefusedCase{{.cpu_shares = 1}, "2 to 262144"},
                    RefusedCase{{.cpu_period = 10}, "1000 to 1000000"}, RefusedCase{{.cpu_quota = 10}, "the least"},
                    RefusedCase{{.cpuset = "0;1"}, "write processors as"}));

class AcceptedResources : public testing::TestWithParam<ResourceSpec> {};
TEST_P(AcceptedResources, AreLeftAlone) {
    EXPECT_NO_THROW(check_resources(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(Limits, AcceptedResources,
                         testing::Values(ResourceSpec{}, ResourceSpec{.memory = 6 * mib},
                                         ResourceSpec{.memory = 10 * mib, .memory_swap = -1},
                                         ResourceSpec{.memory = 10 * mib, .memory_swap = 10 * mib},
                                         ResourceSpec{.cpu_quota = -1, .pids_limit = -1, .cpuset = "0-2,4"}));

}  // namespace
}  // namespace hoist::orchestrator
