// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/log_config.h"

#include "base/error.h"
#include "orchestrator/log_tag.h"

namespace hoist::orchestrator {
namespace {

using Options = std::map<std::string, std::string>;
using Driver = runtime::LogSettings::Driver;

ContainerView view_with(const std::string& driver, Options options = {}) {
    ContainerView view;
    view.id = ContainerId("0123456789abcdef0123");
    view.name = "web";
    view.log_directory = "/c/id";
    view.spec.image = "nginx:1";
    view.spec.image_id = "sha256:fedcba9876543210";
    view.spec.labels = {{"com.example.team", "blue"}, {"other", "x"}};
    view.spec.log_driver = driver;
    view.spec.log_options = std::move(options);
    return view;
}

runtime::LogSettings settings(const std::string& driver, Options options = {}) {
    return log_settings(view_with(driver, std::move(options)), {"TIER=front", "SECRET=s"});
}

TEST(LogConfig, SizesCountInThousandsAsDockersLogSizesDo) {
    const auto made = settings("local", {{"max-size", "10m"}, {"max-file", "5"}});
    EXPECT_EQ(made.driver, Driver::local);
    EXPECT_EQ(made.limits.segment_size.count, 10'000'000);
    EXPECT_EQ(made.limits.segments, 5);
    EXPECT_EQ(settings("local", {{"max-size", "1.5MB"}}).limits.segment_size.count, 1'500'000);
    EXPECT_EQ(settings("local", {{"max-size", "20KiB"}}).limits.segment_size.count, 20'000);
}

TEST(LogConfig, NoLogGrowsWithoutLimitByDefault) {
    for (const char* driver : {"local", "json-file"}) {
        EXPECT_EQ(settings(driver).limits.segment_size.count, 10'000'000);
        EXPECT_EQ(settings(driver).limits.segments, 3);
    }
}

TEST(LogConfig, JsonFileIsWhereDockersToolsLook) {
    const auto made =
        settings("json-file", {{"labels", "com.example.team,absent"}, {"env", "TIER"}, {"tag", "{{.Name}}"}});
    EXPECT_EQ(made.file, "/c/id/0123456789abcdef0123-json.log");
    EXPECT_EQ(made.fields, (Options{{"com.example.team", "blue"}, {"TIER", "front"}, {"tag", "web"}}));
    EXPECT_EQ(log_path(view_with("json-file")), made.file);
    EXPECT_TRUE(settings("json-file").fields.empty());
    EXPECT_EQ(settings("json-file", {{"env-regex", "^TI"}}).fields, (Options{{"TIER", "front"}}));
}

TEST(LogConfig, JournalFieldsNameTheContainer) {
    const auto fields = settings("journald", {{"labels", "com.example.team"}}).fields;
    EXPECT_EQ(fields, (Options{{"COM_EXAMPLE_TEAM", "blue"},
                               {"CONTAINER_ID", "0123456789ab"},
                               {"CONTAINER_ID_FULL", "0123456789abcdef0123"},
                               {"CONTAINER_NAME", "web"},
                               {"CONTAINER_TAG", "0123456789ab"},
                               {"SYSLOG_IDENTIFIER", "0123456789ab"},
                               {"IMAGE_NAME", "nginx:1"}}));
    EXPECT_EQ(settings("journald", {{"tag", "x/{{ .ImageID }}"}}).fields.at("CONTAINER_TAG"), "x/fedcba987654");
    EXPECT_EQ(log_path(view_with("journald")), "");
}

TEST(LogConfig, NonBlockingHasABuffer) {
    EXPECT_FALSE(settings("local").non_blocking);
    const auto made = settings("json-file", {{"mode", "non-blocking"}, {"max-buffer-size", "4m"}});
    EXPECT_TRUE(made.non_blocking);
    EXPECT_EQ(made.most_waiting.count, 4 << 20);
}

struct RefusedLogCase {
    const char* driver;
    Options options;
    const char* says;
};
class RefusedLog : public testing::TestWithParam<RefusedLogCase> {};
TEST_P(RefusedLog, SaysWhatThereIs) {
    try {
        settings(GetParam().driver, GetParam().options);
        FAIL() << "should say: " << GetParam().says;
    } catch (const Error& error) {
        EXPECT_NE(error.message().find(GetParam().says), std::string::npos) << error.message();
        EXPECT_EQ(error.kind(), Kind::invalid);
    }
}
INSTANTIATE_TEST_SUITE_P(
    Settings, RefusedLog,
    testing::Values(RefusedLogCase{"syslog", {}, "use one of local, json-file, journald, none"},
                    RefusedLogCase{"local", {{"tag", "x"}}, "unknown log opt 'tag' for local log driver"},
                    RefusedLogCase{"journald", {{"max-size", "1m"}}, "unknown log opt 'max-size' for journald"},
                    RefusedLogCase{"none", {{"max-size", "1m"}}, "it takes none"},
                    RefusedLogCase{"local", {{"max-size", "1k"}}, "4k or more"},
                    RefusedLogCase{"local", {{"max-size", "big"}}, "4k or more"},
                    RefusedLogCase{"local", {{"max-size", "10x"}}, "4k or more"},
                    RefusedLogCase{"json-file", {{"max-file", "0"}}, "1 to 999"},
                    RefusedLogCase{"json-file", {{"max-file", "3x"}}, "1 to 999"},
                    RefusedLogCase{"json-file", {{"compress", "true"}}, "not compressed"},
                    RefusedLogCase{"local", {{"mode", "fast"}}, "blocking or non-blocking"},
                    RefusedLogCase{"local", {{"max-buffer-size", "1m"}}, "mode=non-blocking only"},
                    RefusedLogCase{"json-file", {{"env-regex", "("}}, "regular expression"},
                    RefusedLogCase{"json-file", {{"tag", "{{.Nome}}"}}, "is none of .ID"},
                    RefusedLogCase{"json-file", {{"tag", "{{.Name"}}, "not closed"}));

TEST(LogConfig, WhatIsNotKeptHereCannotBeRead) {
    EXPECT_THROW(open_log(view_with("none"), {}), Error);
    try {
        open_log(view_with("journald"), {});
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(error.message().find("journalctl CONTAINER_ID_FULL="), std::string::npos) << error.message();
    }
}

}  // namespace
}  // namespace hoist::orchestrator
