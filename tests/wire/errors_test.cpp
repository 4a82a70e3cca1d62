// SPDX-License-Identifier: Apache-2.0
#include "wire/errors.h"

#include <gtest/gtest.h>

#include "wire/project_messages.h"
#include "wire/time.h"

namespace hoist::wire {
namespace {

TEST(Errors, SurviveTheWire) {
    for (const Kind kind : {Kind::invalid, Kind::not_found, Kind::conflict, Kind::denied, Kind::timeout,
                            Kind::unavailable, Kind::internal}) {
        const Error error = error_from(status_of(kind), dump(error_body(kind, "port 80 is taken")));
        EXPECT_EQ(error.kind(), kind);
        EXPECT_EQ(error.message(), "port 80 is taken");
    }
}

TEST(Errors, OfOthersAreReadToo) {
    EXPECT_EQ(error_from(404, R"({"message":"No such container: x"})").kind(), Kind::not_found);
    EXPECT_EQ(error_from(502, "<html>").message(), "the daemon answered 502: <html>");
}

TEST(Dump, ReplacesWhatIsNoUtf8) {
    EXPECT_EQ(dump({{"a", "\xff"}}), "{\"a\":\"\xef\xbf\xbd\"}");
}

TEST(ProjectRequest, SurvivesTheWire) {
    ProjectRequest request;
    request.project = {{"name", "x"}};
    request.recreate = "always";
    request.services = {"a", "b"};
    request.wait = request.volumes = true;
    request.timeout = std::chrono::seconds(7);
    const auto read = project_request_from_json(to_json(request));
    EXPECT_EQ(to_json(read), to_json(request));
    EXPECT_THROW(project_request_from_json(Json::parse(R"({"options":{"recreate":"often"}})")), Error);
    EXPECT_THROW(project_request_from_json(Json::parse(R"({"options":{"services":1}})")), Error);
    EXPECT_THROW(project_request_from_json(Json::parse("[]")), Error);
}

struct MomentCase {
    const char* text;
    std::int64_t nanoseconds;
};
class ParseMoment : public testing::TestWithParam<MomentCase> {};
TEST_P(ParseMoment, ReadsAllForms) {
    const TimePoint present{std::chrono::seconds(1000)};
    EXPECT_EQ(unix_nanoseconds(parse_moment(GetParam().text, present, "since")), GetParam().nanoseconds);
}
INSTANTIATE_TEST_SUITE_P(Forms, ParseMoment,
                         testing::Values(MomentCase{"12", 12'000'000'000}, MomentCase{"12.5", 12'500'000'000},
                                         MomentCase{"12.000000001", 12'000'000'001}, MomentCase{"10m", 400'000'000'000},
                                         MomentCase{"1970-01-01T00:00:02Z", 2'000'000'000},
                                         MomentCase{"1970-01-02", 86'400'000'000'000},
                                         MomentCase{"1970-01-01T00:00:02", 2'000'000'000}));

TEST(ParseMoment, RefusesTheRest) {
    for (const char* text : {"", "yesterday", "12.x", "99999999999999"})
        EXPECT_THROW(parse_moment(text, now(), "since"), Error) << text;
}

TEST(UnixText, IsReadBack) {
    const TimePoint moment{Nanoseconds(1'700'000'000'000'000'042)};
    EXPECT_EQ(unix_text(moment), "1700000000.000000042");
    EXPECT_EQ(parse_moment(unix_text(moment), now(), "since"), moment);
}

}  // namespace
}  // namespace hoist::wire
