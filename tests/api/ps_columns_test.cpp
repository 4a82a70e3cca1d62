// SPDX-License-Identifier: Apache-2.0
#include "api/ps_columns.h"

#include "base/error.h"
#include "base/text.h"

namespace hoist::api {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

std::vector<runtime::ProcessFacts> processes() {
    runtime::ProcessFacts one;
    one.pid = 42;
    one.parent = 7;
    one.session = 42;
    one.uid = 33;
    one.state = 'S';
    one.terminal = 136 << 8 | 5;
    one.threads = 2;
    one.cpu = seconds(3723);
    one.started = TimePoint(hours(24 * 365 * 30));
    one.memory = 1 << 20;
    one.virtual_memory = 4 << 20;
    one.name = "sh";
    one.command = "sh -c 'sleep 1'";
    return {one};
}

PsFacts facts() {
    return {.now = TimePoint(hours(24 * 365 * 30 + 5)), .machine_memory = 100 << 20, .user_name = [](uid_t uid) {
                return uid == 33 ? std::string("www-data") : std::to_string(uid);
            }};
}

struct PsCase {
    const char *arguments, *titles, *row;
};
class PsColumns : public testing::TestWithParam<PsCase> {};
TEST_P(PsColumns, AreThoseOfPs) {
    const auto table = process_table(processes(), GetParam().arguments, facts());
    EXPECT_EQ(join(table.titles, "|"), GetParam().titles);
    ASSERT_EQ(table.rows.size(), 1u);
    EXPECT_EQ(join(table.rows[0], "|"), GetParam().row);
}
INSTANTIATE_TEST_SUITE_P(Formats, PsColumns,
                         testing::Values(PsCase{"-o pid,user,args", "PID|USER|COMMAND", "42|www-data|sh -c 'sleep 1'"},
                                         PsCase{"-eo pid,comm", "PID|COMMAND", "42|sh"}, PsCase{"-opid", "PID", "42"},
                                         PsCase{"-o pid -o ppid", "PID|PPID", "42|7"},
                                         PsCase{"-o pid=NUMBER,x", "NUMBER,x", "42"},
                                         PsCase{"-o pcpu,pmem,rss,vsz,stat,tname,time,etime",
                                                "%CPU|%MEM|RSS|VSZ|STAT|TTY|TIME|ELAPSED",
                                                "20.7|1.0|1024|4096|Ssl|pts/5|01:02:03|05:00:00"}));

TEST(PsFormats, TheDefaultIsTheFullFormatAndAuxIsBsds) {
    EXPECT_EQ(join(process_table(processes(), "", facts()).titles, " "), "UID PID PPID C STIME TTY TIME CMD");
    EXPECT_EQ(join(process_table(processes(), "-ef", facts()).titles, " "), "UID PID PPID C STIME TTY TIME CMD");
    EXPECT_EQ(join(process_table(processes(), "aux", facts()).titles, " "),
              "USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND");
}

TEST(PsFormats, UnknownOnesAreNamed) {
    for (const char* arguments : {"-o pid,wchan9", "-q 1", "--forest", "-o"})
        EXPECT_THROW(process_table(processes(), arguments, facts()), Error) << arguments;
}

}  // namespace
}  // namespace hoist::api
