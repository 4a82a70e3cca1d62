// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <gtest/gtest.h>

namespace hoist::cli {
namespace {

using Clock = ProgressView::Clock;
using std::chrono::milliseconds;

wire::ProgressLine line(const char* phase, const char* name, const char* text, double seconds = 0) {
    return {phase, "container", name, text, seconds};
}

TEST(ProgressView, ShowsALinePerObject) {
    ProgressView view;
    const Clock::time_point start{};
    view.apply(line("started", "web-1", "Creating"), start);
    view.apply(line("started", "a-longer-name", "Starting"), start);
    view.apply(line("done", "web-1", "Started", 0.31), start + milliseconds(310));
    const auto picture = view.picture("[+] up", 24, 60, false, start + milliseconds(1200));
    ASSERT_EQ(picture.size(), 3u);
    EXPECT_EQ(picture[0], "[+] up 1/2");
    EXPECT_EQ(picture[1], " ✔ Container web-1          Started                    0.3s");
    EXPECT_EQ(picture[2], " ⠹ Container a-longer-name  Starting                   1.2s");
    EXPECT_EQ(view.started(), std::vector<std::string>{"web-1"});
}

TEST(ProgressView, RemembersWhatWasStarted) {
    ProgressView view;
    view.apply(line("done", "db-1", "Started"), {});
    view.apply(line("waiting", "db-1", "Waiting"), {});
    view.apply(line("done", "old-1", "Started"), {});
    view.apply(line("started", "old-1", "Stopping"), {});
    view.apply(line("done", "web-1", "Created"), {});
    EXPECT_EQ(view.started(), std::vector<std::string>{"db-1"});
}

TEST(ProgressView, DropsFinishedLinesFirstWhenThereIsNoRoom) {
    ProgressView view;
    for (int i = 0; i < 50; ++i) view.apply(line("done", ("done-" + std::to_string(i)).c_str(), "Started"), {});
    view.apply(line("started", "busy", "Creating"), {});
    view.apply(line("failed", "broken", "port 80 is taken"), {});
    const auto picture = view.picture("[+] up", 10, 80, false, {});
    ASSERT_LE(picture.size(), 10u);
    std::string all;
    for (const auto& one : picture) all += one + "\n";
    EXPECT_NE(all.find("busy"), std::string::npos);
    EXPECT_NE(all.find("broken"), std::string::npos);
    EXPECT_NE(all.find("44 more"), std::string::npos) << all;
}

TEST(ProgressView, EscapesNamesAndErrors) {
    ProgressView view;
    view.apply(line("failed", "x\x1b[2J", "bad\x07\nsecond line"), {});
    const auto picture = view.picture("up", 24, 80, false, {});
    EXPECT_EQ(picture[1].find('\x1b'), std::string::npos);
    EXPECT_EQ(picture[1].find("second"), std::string::npos);
}

TEST(PlainLine, IsOneLine) {
    EXPECT_EQ(plain_line(line("done", "web-1", "Started", 0.26)), " Container web-1  Started  0.3s\n");
    EXPECT_EQ(plain_line(line("started", "web-1", "Creating")), " Container web-1  Creating\n");
}

}  // namespace
}  // namespace hoist::cli
