// SPDX-License-Identifier: Apache-2.0
#include "runtime/journal_message.h"

namespace hoist::runtime {
namespace {

TEST(JournalMessage, ValuesOfSeveralLinesCarryTheirLength) {
    std::string message;
    append_field(message, "A", "one line");
    append_field(message, "B", "two\nlines");
    append_field(message, "C", std::string_view("\0x", 2));
    EXPECT_EQ(message, std::string("A=one line\nB\n\x09\0\0\0\0\0\0\0two\nlines\nC=\0x\n", 11 + 2 + 8 + 10 + 5));
}

struct FieldCase {
    const char *name, *field;
};
class JournalField : public testing::TestWithParam<FieldCase> {};
TEST_P(JournalField, IsWhatTheJournalTakes) {
    EXPECT_EQ(journal_field(GetParam().name), GetParam().field);
}
INSTANTIATE_TEST_SUITE_P(Names, JournalField,
                         testing::Values(FieldCase{"com.example.team", "COM_EXAMPLE_TEAM"}, FieldCase{"_x9", "X9"},
                                         FieldCase{"9lives", "LIVES"}, FieldCase{"---", ""},
                                         FieldCase{"PATH", "PATH"}));

}  // namespace
}  // namespace hoist::runtime
