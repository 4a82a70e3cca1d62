// SPDX-License-Identifier: Apache-2.0
// The driver json-file: Docker's bytes out, the container's lines back.
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <thread>

#include "base/file.h"
#include "runtime/json_log_record.h"
#include "runtime/json_log_writer.h"
#include "tests/support/temp_dir.h"

namespace hoist::runtime {
namespace {

using test::TempDir;
using Lines = std::vector<std::string>;

struct RecordCase {
    std::string text, log;
};
class JsonRecords : public testing::TestWithParam<RecordCase> {};
TEST_P(JsonRecords, AreDockersToTheByteAndReadBack) {
    const auto& [text, log] = GetParam();
    std::string line;
    append_record(line, Stream::stderr_, text, "", "2026-01-02T03:04:05.6Z");
    EXPECT_EQ(line, "{\"log\":\"" + log + "\",\"stream\":\"stderr\",\"time\":\"2026-01-02T03:04:05.6Z\"}\n");
    JsonRecord record;
    ASSERT_TRUE(parse_record(std::string_view(line).substr(0, line.size() - 1), record));
    if (log.find("\\ufffd") == std::string::npos) {
        EXPECT_EQ(record.text, text);
    }
    EXPECT_EQ(record.stream, Stream::stderr_);
    EXPECT_EQ(record_time(record.time), "2026-01-02T03:04:05.6Z");
}
INSTANTIATE_TEST_SUITE_P(
    Texts, JsonRecords,
    testing::Values(RecordCase{"plain\n", "plain\\n"}, RecordCase{"a \"b\" \\c\r\n", "a \\\"b\\\" \\\\c\\r\\n"},
                    RecordCase{"<p>&</p>\n", "\\u003cp\\u003e\\u0026\\u003c/p\\u003e\\n"},
                    RecordCase{std::string("\0\t\x1b[0m\x7f", 7), "\\u0000\\u0009\\u001b[0m\x7f"},
                    RecordCase{"gr\xc3\xbc\xc3\x9f\xf0\x9f\x90\x8b", "gr\xc3\xbc\xc3\x9f\xf0\x9f\x90\x8b"},
                    RecordCase{"\xe2\x80\xa8\xe2\x80\xa9", "\\u2028\\u2029"},
                    RecordCase{"\xff\xc3(\xed\xa0\x80\xc0\xaf\xf4\x90\x80\x80",
                               "\\ufffd\\ufffd(\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd"},
                    RecordCase{"{\"log\":\"fake\"}\n", "{\\\"log\\\":\\\"fake\\\"}\\n"}));

TEST(JsonRecord, TimesAreAsShortAsTheyCanBe) {
    for (const char* text :
         {"2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05.1Z", "2026-01-02T03:04:05Z", "2026-01-02T03:04:00Z"})
        EXPECT_EQ(record_time(*parse_time(text)), text);
}

TEST(JsonRecord, AttributesStandBetweenStreamAndTime) {
    const std::string attributes = record_attributes({{"tag", "a\"b"}, {"env", "x"}});
    EXPECT_EQ(attributes, "{\"env\":\"x\",\"tag\":\"a\\\"b\"}");
    EXPECT_EQ(record_attributes({}), "");
    std::string line;
    append_record(line, Stream::stdout_, "x\n", attributes, "2026-01-02T03:04:05Z");
    EXPECT_EQ(line,
              "{\"log\":\"x\\n\",\"stream\":\"stdout\",\"attrs\":{\"env\":\"x\",\"tag\":\"a\\\"b\"},"
              "\"time\":\"2026-01-02T03:04:05Z\"}\n");
    JsonRecord record;
    ASSERT_TRUE(parse_record(std::string_view(line).substr(0, line.size() - 1), record));
    EXPECT_EQ(record.text, "x\n");
}

TEST(JsonRecord, RecordsOfOneSecondAreToldApart) {
    JsonRecord record;
    const auto time_of = [&](const std::string& text) {
        const bool sound = parse_record("{\"log\":\"x\\n\",\"stream\":\"stdout\",\"time\":\"" + text + "\"}", record);
        return sound ? format_time(record.time) : "damaged";
    };
    EXPECT_EQ(time_of("2026-01-02T03:04:05.5Z"), "2026-01-02T03:04:05.500000000Z");
    EXPECT_EQ(time_of("2026-01-02T03:04:05Z"), "2026-01-02T03:04:05.000000000Z");
    EXPECT_EQ(time_of("2026-01-02T03:04:05.000000001Z"), "2026-01-02T03:04:05.000000001Z");
    EXPECT_EQ(time_of("2026-01-02T03:04:05.999999999Z"), "2026-01-02T03:04:05.999999999Z");
    EXPECT_EQ(time_of("2026-01-02T03:04:06.25Z"), "2026-01-02T03:04:06.250000000Z");
    EXPECT_EQ(time_of("2026-01-02T03:04:06.25+01:00"), "2026-01-02T02:04:06.250000000Z");
    EXPECT_EQ(time_of("2026-01-02T03:04:06.x5Z"), "damaged");
    EXPECT_EQ(time_of("2026-01-02T03:04:06 Z"), "damaged");
}

TEST(JsonRecord, ReadsWhatOthersWroteAndRefusesTheRest) {
    JsonRecord record;
    EXPECT_TRUE(
        parse_record(R"({"time":"2026-01-02T03:04:05+01:00", "log":"\u00fc\ud83d\udc0b", "stream":"stderr"})", record));
    EXPECT_EQ(record.text, "\xc3\xbc\xf0\x9f\x90\x8b");
    EXPECT_EQ(record.stream, Stream::stderr_);
    for (const char* damaged : {"", "{", "null", "{\"log\":\"x\"}", "{\"log\":\"x\\", "{\"log\":\"\\u00zz\"",
                                "{\"log\":\"x\",\"stream\":\"stdout\",\"time\":\"yesterday\"}"})
        EXPECT_FALSE(parse_record(damaged, record)) << damaged;
}

class JsonLog : public testing::Test {
protected:
    LogSettings settings(std::int64_t size = 0, int files = 1) {
        return {.driver = LogSettings::Driver::json_file,
                .limits = {.segment_size = Bytes{size}, .segments = files},
                .file = file_};
    }
    Lines read(LogQuery query = {}) {
        LogReader reader = LogReader::of_json_file(file_, query);
        return read(reader);
    }
    static Lines read(LogReader& reader) {
        Lines lines;
        while (const auto line = reader.next())
            lines.push_back((line->stream == Stream::stderr_ ? "e:" : "o:") + std::string(line->text));
        return lines;
    }
    std::vector<std::string> files() {
        std::vector<std::string> names;
        for (const char* suffix : {"", ".1", ".2", ".3", ".4"})
            if (::access((file_ + suffix).c_str(), F_OK) == 0) names.push_back(suffix);
        return names;
    }

    TempDir dir_;
    std::string file_ = json_log_file(dir_.path(), "id");
};

TEST_F(JsonLog, GivesBackLinesAndPartsOfThem) {
    JsonLogWriter writer(settings());
    writer.append(Stream::stdout_, "one\nhal");
    writer.append(Stream::stderr_, "err\n");
    writer.append(Stream::stdout_, "f\n" + std::string(40000, 'x') + "\nend");
    EXPECT_EQ(read(), (Lines{"o:one\n", "e:err\n", "o:half\n", "o:" + std::string(16384, 'x'),
                             "o:" + std::string(16384, 'x'), "o:" + std::string(40000 - 32768, 'x') + "\n"}));
    writer.end_run();
    EXPECT_EQ(read().back(), "o:end");
    EXPECT_EQ(read({.want_stdout = false}), Lines{"e:err\n"});
}

TEST_F(JsonLog, WhatWasWrittenAtOnceIsReadAtOnce) {
    JsonLogWriter writer(settings());
    writer.append(Stream::stdout_, "zero\none\ntwo\n" + std::string(20000, 'x') + "\n");
    writer.append(Stream::stderr_, "err\n");
    writer.append(Stream::stdout_, "three\n");
    const auto pieces = [&](LogQuery query) {
        LogReader reader = LogReader::of_json_file(file_, query);
        Lines read;
        while (const auto lines = reader.next_lines())
            read.push_back((lines->stream == Stream::stderr_ ? "e:" : "o:") + std::string(lines->text));
        return read;
    };
    const std::string rest = "two\n" + std::string(20000, 'x') + "\n";
    EXPECT_EQ(pieces({}), (Lines{"o:zero\none\n" + rest, "e:err\n", "o:three\n"}));
    EXPECT_EQ(pieces({.tail = 5}), (Lines{"o:" + rest, "e:err\n", "o:three\n"}));  // the long line is two records
    EXPECT_EQ(pieces({.want_stdout = false}), Lines{"e:err\n"});
    writer.append(Stream::stdout_, std::string(100000, '\n'));  // bounded
    for (const auto& piece : pieces({.tail = 100000})) EXPECT_LE(piece.size(), 64u << 10);
}

TEST_F(JsonLog, KeepsForeignBytesAsTheyAre) {  // SEC-53
    const std::string text = "{\"log\":\"fake\\n\",\"stream\":\"stderr\",\"time\":\"2026-01-02T03:04:05Z\"}\n" +
                             std::string("\0\0a\0\n", 5) + std::string(1 << 20, 'y') + "\nend\n";
    JsonLogWriter writer(settings());
    writer.append(Stream::stdout_, text);
    std::string back;
    std::size_t records = 0;
    for (const auto& line : read()) ++records, back += line.substr(2);
    EXPECT_EQ(back, text);
    EXPECT_EQ(records, 2 + 65 + 1u);
}

TEST_F(JsonLog, CharactersAreNotCutWhereALineIs) {
    std::string text = "x";  // so that a cut falls into a character, wherever parts end
    for (int i = 0; i < 20000; ++i) text += i % 2 ? "\u20ac" : "\U0001f40b";
    text += "\n";
    JsonLogWriter writer(settings());
    for (std::size_t at = 0; at < text.size(); at += 1001) writer.append(Stream::stdout_, text.substr(at, 1001));
    std::string back;
    for (const auto& line : read()) back += line.substr(2);
    EXPECT_TRUE(back == text);
}

TEST_F(JsonLog, TailSinceAndUntilSelect) {
    JsonLogWriter writer(settings(2000, 3));
    for (int i = 0; i < 20; ++i) writer.append(i % 4 ? Stream::stdout_ : Stream::stderr_, std::to_string(i) + "\n");
    const Lines all = read();
    ASSERT_EQ(all.size(), 20u);
    EXPECT_EQ(read({.tail = 3}), (Lines{"o:17\n", "o:18\n", "o:19\n"}));
    EXPECT_EQ(read({.tail = 2, .want_stdout = false}), (Lines{"e:12\n", "e:16\n"}));
    EXPECT_EQ(read({.tail = 0}), Lines{});
    EXPECT_EQ(read({.tail = 100}), all);
    std::vector<TimePoint> times;
    LogReader reader = LogReader::of_json_file(file_, {});
    while (const auto line = reader.next()) times.push_back(line->time);
    EXPECT_EQ(read({.since = times[15]}).size(), 5u);
    EXPECT_EQ(read({.until = times[4]}).size(), 5u);
    EXPECT_EQ(read({.since = times[15], .tail = 2}), (Lines{"o:18\n", "o:19\n"}));
}

TEST_F(JsonLog, RotatesAsDockerDoes) {
    JsonLogWriter writer(settings(1000, 3));
    for (int i = 0; i < 200; ++i) writer.append(Stream::stdout_, fmt::format("line {:03}\n", i));
    EXPECT_EQ(files(), (std::vector<std::string>{"", ".1", ".2"}));
    for (const auto& suffix : files()) EXPECT_LT(read_file(file_ + suffix).size(), 1100u);  // one record over
    EXPECT_GE(read_file(file_ + ".1").size(), 1000u);
    const Lines lines = read();
    EXPECT_EQ(lines.back(), "o:line 199\n");
    for (std::size_t i = 1; i < lines.size(); ++i)
        EXPECT_EQ(std::stoi(lines[i].substr(7)), std::stoi(lines[i - 1].substr(7)) + 1);
}

TEST_F(JsonLog, ASingleFileIsBegunAnew) {
    JsonLogWriter writer(settings(500, 1));
    for (int i = 0; i < 100; ++i) writer.append(Stream::stdout_, std::to_string(i) + "\n");
    EXPECT_EQ(files(), (std::vector<std::string>{""}));
    EXPECT_LT(read_file(file_).size(), 600u);
    EXPECT_EQ(read().back(), "o:99\n");
}

TEST_F(JsonLog, AFollowerLosesNothingAcrossRotations) {  // REL-31
    constexpr int count = 20000;
    std::thread writing([&] {
        JsonLogWriter writer(settings(20000, 200));
        for (int i = 0; i < count; ++i)
            writer.append(i % 3 ? Stream::stdout_ : Stream::stderr_, std::to_string(i) + "\n");
    });
    LogReader reader = LogReader::of_json_file(file_, {});
    pollfd wait{reader.notify_fd(), POLLIN, 0};
    int next = 0;
    while (next < count) {
        while (const auto line = reader.next()) ASSERT_EQ(std::string(line->text), std::to_string(next++) + "\n");
        if (next < count && ::poll(&wait, 1, 5000) != 1) break;
        reader.drain();
    }
    writing.join();
    EXPECT_EQ(next, count);
}

TEST_F(JsonLog, ASlowReaderSkipsWhatWasRotatedAway) {
    JsonLogWriter writer(settings(500, 2));
    writer.append(Stream::stdout_, "first\n");
    LogReader reader = LogReader::of_json_file(file_, {});
    EXPECT_EQ(reader.next()->text, "first\n");
    for (int i = 0; i < 300; ++i) writer.append(Stream::stdout_, "line " + std::to_string(i) + "\n");
    const Lines rest = read(reader);
    ASSERT_GT(rest.size(), 5u);
    EXPECT_EQ(rest.back(), "o:line 299\n");
}

TEST_F(JsonLog, ATornTailIsCutOffAndNoted) {  // REL-15
    { JsonLogWriter(settings()).append(Stream::stdout_, "one\n"); }
    const std::string sound = read_file(file_);
    dir_.write("id-json.log", sound + "{\"log\":\"tor" + std::string(50, '\0'));
    EXPECT_EQ(read(), Lines{"o:one\n"});  // a reader alone does not show what is torn
    JsonLogWriter writer(settings());
    writer.append(Stream::stdout_, "two\n");
    EXPECT_EQ(read(), (Lines{"o:one\n", "e:[hoist: 61 bytes of output were lost]\n", "o:two\n"}));
}

TEST_F(JsonLog, DamagedRecordsAreLeftOutAndToldOnce) {
    { JsonLogWriter(settings()).append(Stream::stdout_, "one\ntwo\nthree\n"); }
    std::string text = read_file(file_);
    text.insert(text.find('\n') + 1, std::string(30, '\0') + "\nrubbish\n");
    dir_.write("id-json.log", text);
    EXPECT_EQ(read(), (Lines{"o:one\n", "e:[hoist: damaged records were left out]\n", "o:two\n", "o:three\n"}));
}

TEST_F(JsonLog, WhatAFullDiskSwallowsIsCountedAndNoted) {  // REL-19
    const pid_t child = ::fork();
    if (child == 0) {
        ::signal(SIGXFSZ, SIG_IGN);
        rlimit limit{};
        ::getrlimit(RLIMIT_FSIZE, &limit);
        JsonLogWriter writer(settings());
        writer.append(Stream::stdout_, "before\n");
        limit.rlim_cur = 150;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        for (int i = 0; i < 10; ++i) writer.append(Stream::stdout_, fmt::format("{:x>99}\n", ""));
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        writer.append(Stream::stdout_, "after\n");
        ::_exit(writer.lost_bytes() == 1000 ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(read(),
              (Lines{"o:before\n", "e:[hoist: 1000 bytes of output were lost: File too large]\n", "o:after\n"}));
}

TEST_F(JsonLog, AFileThatSomebodyCutGoesOn) {
    JsonLogWriter writer(settings());
    writer.append(Stream::stdout_, "one\n");
    ASSERT_EQ(::truncate(file_.c_str(), 0), 0);
    writer.append(Stream::stdout_, "two\n");
    EXPECT_EQ(read(), Lines{"o:two\n"});
}

constexpr int kill_files = 4;
LogSettings kill_settings(const std::string& file) {
    return {.limits = {.segment_size = Bytes{400}, .segments = kill_files}, .file = file};
}

/// Run by the test below in a process of its own: fail points are read once per process.
TEST(JsonLogKill, DISABLED_WriteNumbers) {
    JsonLogWriter writer(kill_settings(::getenv("HOIST_TEST_LOG")));
    for (int i = 0; i < 1000; ++i) writer.append(Stream::stdout_, fmt::format("{:04}\n", i));
}

class JsonRotationKill : public testing::TestWithParam<std::tuple<const char*, int>> {};
TEST_P(JsonRotationKill, LosesNothing) {  // REL-31
    TempDir dir;
    const std::string file = dir / "x-json.log";
    const pid_t child = ::fork();
    if (child == 0) {
        ::setenv("HOIST_FAIL", fmt::format("{}:{}:kill", std::get<0>(GetParam()), std::get<1>(GetParam())).c_str(), 1);
        ::setenv("HOIST_TEST_LOG", file.c_str(), 1);
        ::execl("/proc/self/exe", "runtime_tests", "--gtest_filter=JsonLogKill.DISABLED_WriteNumbers",
                "--gtest_also_run_disabled_tests", "--gtest_brief=1", nullptr);
        ::_exit(1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    const auto numbers = [&] {
        std::vector<int> found;
        LogReader reader = LogReader::of_json_file(file, {});
        while (const auto line = reader.next()) found.push_back(std::stoi(std::string(line->text)));
        return found;
    };
    const auto before = numbers();
    ASSERT_FALSE(before.empty());
    JsonLogWriter writer(kill_settings(file));
    for (int i = 0; i < 200; ++i) writer.append(Stream::stdout_, fmt::format("{:04}\n", before.back() + 1 + i));
    const auto after = numbers();
    for (std::size_t i = 1; i < after.size(); ++i) EXPECT_EQ(after[i], after[i - 1] + 1);
    EXPECT_EQ(after.back(), before.back() + 200);
    EXPECT_NE(::access(fmt::format("{}.{}", file, kill_files).c_str(), F_OK), 0);
}
INSTANTIATE_TEST_SUITE_P(JsonLog, JsonRotationKill,
                         testing::Combine(testing::Values("json-log-rotate", "json-log-moved", "json-log-renamed"),
                                          testing::Values(1, 2, 5)));

}  // namespace
}  // namespace hoist::runtime
