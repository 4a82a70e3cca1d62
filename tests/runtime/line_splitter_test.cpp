// SPDX-License-Identifier: Apache-2.0
#include "runtime/line_splitter.h"

namespace hoist::runtime {
namespace {

struct SplitCase {
    std::vector<std::string> parts;
    std::vector<std::string> lines;
};
class SplitLines : public testing::TestWithParam<SplitCase> {};
TEST_P(SplitLines, AtEndsAndAtTheLimit) {
    LineSplitter splitter(8);
    std::vector<std::string> lines;
    const auto emit = [&](std::string_view text, bool continued) {
        lines.push_back((continued ? "+" : "") + std::string(text));
    };
    for (const auto& part : GetParam().parts) splitter.feed(part, emit);
    EXPECT_EQ(splitter.within_line(), !GetParam().lines.empty() && GetParam().lines.back().starts_with("+rest"));
    splitter.finish(emit);
    EXPECT_FALSE(splitter.within_line());
    EXPECT_EQ(lines, GetParam().lines);
}
INSTANTIATE_TEST_SUITE_P(Texts, SplitLines,
                         testing::Values(SplitCase{{"a\nb\n"}, {"a\n", "b\n"}}, SplitCase{{"a", "b\n"}, {"+ab\n"}},
                                         SplitCase{{"rest"}, {"+rest"}}, SplitCase{{"12345678"}, {"12345678"}},
                                         SplitCase{{"12345678\n"}, {"12345678", "\n"}},
                                         SplitCase{{"1234", "56789\n"}, {"+12345678", "9\n"}},
                                         SplitCase{{"1234567\u00fc\n"}, {"1234567", "+\u00fc\n"}},
                                         SplitCase{{"123456\U0001f40b", "x\n"}, {"123456", "+\U0001f40bx\n"}},
                                         SplitCase{{"123456\xf0\x9f", "\x90\x8b\n"}, {"123456", "+\U0001f40b\n"}},
                                         SplitCase{{"12345\u20ac9\n"}, {"12345\u20ac", "9\n"}},
                                         SplitCase{{"1234567\xff""9\n"}, {"1234567\xff", "9\n"}},
                                         SplitCase{{"12345\x80\x80\x80""9\n"}, {"12345\x80\x80\x80", "9\n"}},
                                         SplitCase{{"\n\n"}, {"\n", "\n"}}, SplitCase{{""}, {}}));

}  // namespace
}  // namespace hoist::runtime
