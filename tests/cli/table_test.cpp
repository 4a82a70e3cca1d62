// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <gtest/gtest.h>

namespace hoist::cli {
namespace {

TEST(FormatTable, AlignsColumnsByCharacters) {
    EXPECT_EQ(format_table({"NAME", "STATUS"}, {{"web-1", "Up"}, {"größe", "Exited"}}),
              "NAME    STATUS\n"
              "web-1   Up\n"
              "größe   Exited\n");
}

TEST(FormatTable, EscapesWhatOthersWrote) {
    EXPECT_EQ(format_table({"A", "B"}, {{"\x1b[31mred\x07", "two\nlines\t\xc2\x9b\xe2\x80\xae"}}),
              "A                 B\n"
              "\\x1b[31mred\\x07   two lines \\x9b\\u202e\n");
}

TEST(ShortId, DropsTheAlgorithm) {
    EXPECT_EQ(short_id("sha256:0123456789abcdef"), "0123456789ab");
    EXPECT_EQ(short_id("0123456789abcdef"), "0123456789ab");
}

TEST(Shorten, CutsBetweenCharacters) {
    EXPECT_EQ(shorten("größer", 10), "größer");
    EXPECT_EQ(shorten("größer", 4), "grö…");
}

}  // namespace
}  // namespace hoist::cli
