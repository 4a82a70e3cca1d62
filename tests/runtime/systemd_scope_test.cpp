// SPDX-License-Identifier: Apache-2.0
// What systemd is told about a container.
#include "runtime/systemd_scope.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "runtime/systemd_properties.h"

namespace hoist::runtime {
namespace {

std::string show(const std::vector<UnitProperty>& properties) {
    std::string text;
    for (const auto& property : properties) {
        text += property.name + "=";
        if (const auto* flag = std::get_if<bool>(&property.value)) text += *flag ? "yes" : "no";
        if (const auto* number = std::get_if<std::uint64_t>(&property.value))
            text += *number == ~std::uint64_t{0} ? "infinity" : std::to_string(*number);
        if (const auto* word = std::get_if<std::string>(&property.value)) text += *word;
        if (const auto* pairs = std::get_if<UnitProperty::Pairs>(&property.value)) {
            for (const auto& [first, second] : *pairs) text += first + "(" + second + ")";
        }
        text += " ";
    }
    return text;
}

TEST(SystemdScope, HasTheNameOfCgroupsPath) {
    struct Case {
        const char *path, *slice, *unit;
    };
    const Case cases[] = {{"machine.slice:libpod:abc", "machine.slice", "libpod-abc.scope"},
                          {"user-1.slice::abc", "user-1.slice", "abc.scope"},
                          {":cri:abc", "system.slice", "cri-abc.scope"},
                          {"", "system.slice", "hoist-id.scope"}};
    for (const auto& one : cases) {
        const auto name = parse_scope_name(one.path, "id");
        EXPECT_EQ(name.slice, one.slice) << one.path;
        EXPECT_EQ(name.unit, one.unit) << one.path;
    }
    for (const char* other : {"/a/b", "a:b", "a:b:", "a:b:c:d"})
        EXPECT_THROW(parse_scope_name(other, "id"), Error) << other;
}

TEST(SystemdScope, IsToldTheLimits) {
    Resources r;
    EXPECT_EQ(show(limit_properties(CgroupMode::v2, r)), "");
    r.memory_limit = 1 << 20;
    r.memory_swap = 3 << 20;
    r.memory_reservation = 1 << 19;
    r.cpu_shares = 1024;
    r.cpu_quota = 50'000;
    r.pids_limit = 20;
    r.blkio_weight = 1000;
    EXPECT_EQ(show(limit_properties(CgroupMode::v2, r)),
              "MemoryMax=1048576 MemoryLow=524288 MemorySwapMax=2097152 CPUWeight=100 CPUQuotaPeriodUSec=100000 "
              "CPUQuotaPerSecUSec=500000 TasksMax=20 IOWeight=10000 ");
    EXPECT_EQ(show(limit_properties(CgroupMode::hybrid, r)),
              "MemoryLimit=1048576 CPUShares=1024 CPUQuotaPeriodUSec=100000 CPUQuotaPerSecUSec=500000 TasksMax=20 "
              "BlockIOWeight=1000 ");
    r = {};
    r.memory_limit = r.memory_swap = r.cpu_quota = r.pids_limit = -1;
    EXPECT_EQ(show(limit_properties(CgroupMode::v2, r)),
              "MemoryMax=infinity MemorySwapMax=infinity CPUQuotaPeriodUSec=100000 CPUQuotaPerSecUSec=infinity "
              "TasksMax=infinity ");
    r = {};
    r.cpu_quota = 33'333;
    EXPECT_EQ(show(limit_properties(CgroupMode::v2, r)), "CPUQuotaPeriodUSec=100000 CPUQuotaPerSecUSec=340000 ")
        << "rounded up to what systemd can count";
}

TEST(SystemdScope, IsToldTheDevicesWhereItsWordsSuffice) {
    const char* names = "Character devices:\n  1 mem\n136 pts\n\nBlock devices:\n136 other\n";
    const DeviceRule none{false, 'a', -1, -1, "rwm"}, null{true, 'c', 1, 3, "rwm"}, nodes{true, 'b', -1, -1, "m"};
    EXPECT_EQ(show(device_properties({}, names)), "");
    EXPECT_EQ(show(device_properties({none, null, nodes}, names)),
              "DevicePolicy=strict DeviceAllow=/dev/char/1:3(rwm)block-*(m) ");
    EXPECT_EQ(show(device_properties({null}, names)), "") << "without a rule for the others all are allowed";
    EXPECT_EQ(show(device_properties({none, {true, 'c', 136, -1, "rw"}}, names)),
              "DevicePolicy=strict DeviceAllow=char-pts(rw) ");
    EXPECT_EQ(show(device_properties({none, {true, 'c', 77, -1, "rw"}}, names)), "") << "a major without a name";
    EXPECT_EQ(show(device_properties({none, null, {false, 'c', 1, 3, "w"}}, names)), "") << "taken back in part";
}

TEST(Dbus, WritesWhatItReads) {
    DbusWriter writer;
    writer.put_byte(7);
    writer.put_u32(70'000);
    writer.put_string("text");
    writer.put_array(8, [&] {
        writer.begin_struct();
        writer.put_string("in");
    });
    writer.put_signature("a(s)");
    DbusReader reader(writer.bytes());
    EXPECT_EQ(reader.take_byte(), 7);
    EXPECT_EQ(reader.take_u32(), 70'000u);
    EXPECT_EQ(reader.take_string(), "text");
    EXPECT_EQ(reader.take_u32(), 7u) << "bytes in the array, without what aligns its first element";
    reader.align(8);
    EXPECT_EQ(reader.take_string(), "in");
    EXPECT_EQ(reader.take_signature(), "a(s)");
    EXPECT_THROW(reader.take_u32(), Error) << "past the end";
}

TEST(Dbus, FindsTheSocketInAnAddress) {
    EXPECT_EQ(unix_path_of_bus("unix:path=/run/dbus/system_bus_socket"), "/run/dbus/system_bus_socket");
    EXPECT_EQ(unix_path_of_bus("tcp:host=x;unix:guid=1,path=/x"), "/x");
    EXPECT_EQ(unix_path_of_bus("unix:abstract=/tmp/y,guid=1"), "@/tmp/y");
    EXPECT_EQ(unix_path_of_bus("tcp:host=x"), std::nullopt);
    EXPECT_EQ(unix_path_of_bus(""), std::nullopt);
}

}  // namespace
}  // namespace hoist::runtime
