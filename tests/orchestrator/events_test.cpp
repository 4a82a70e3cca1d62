// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/events.h"

#include <gtest/gtest.h>

namespace hoist::orchestrator {
namespace {

std::shared_ptr<const Attributes> of_web() {
    return std::make_shared<const Attributes>(Attributes{{"name", "web-1"}, {"image", "nginx"}, {"signal", "label"}});
}

TEST(Events, TellTheirObjectsAttributesAndTheirOwnBeforeThose) {
    EventLog log;
    std::vector<Event> heard;
    const auto subscription = log.subscribe([&](const Event& event) { heard.push_back(event); });
    log.publish("container", "kill", "c1", {{"signal", "15"}}, of_web());
    ASSERT_EQ(heard.size(), 1u);
    EXPECT_EQ(heard[0].attributes(), (Attributes{{"name", "web-1"}, {"image", "nginx"}, {"signal", "15"}}));
    EXPECT_EQ(heard[0].attribute("signal"), "15");
    EXPECT_EQ(heard[0].attribute("image"), "nginx");
    EXPECT_EQ(heard[0].attribute("exitCode"), "");
}

TEST(Events, OfAnObjectWithoutAttributesHaveTheirOwn) {
    EventLog log;
    log.publish("volume", "create", "data", {{"driver", "local"}});
    const auto kept = log.since({});
    ASSERT_EQ(kept.size(), 1u);
    EXPECT_EQ(kept[0].attributes(), (Attributes{{"driver", "local"}}));
    EXPECT_EQ(kept[0].attribute("name"), "");
}

TEST(Events, AreKeptUpToABoundWithTheirNumbersAndShareTheirObjectsAttributes) {
    EventLog log;
    const auto object = of_web();
    for (int i = 0; i < 3000; ++i) log.publish("container", "start", "c1", {}, object);
    const auto kept = log.since({});
    ASSERT_EQ(kept.size(), 1024u);
    EXPECT_EQ(kept.front().number, 3000u - 1023u);
    EXPECT_EQ(kept.back().number, 3000u);
    EXPECT_EQ(kept.front().object, kept.back().object);
}

TEST(Events, EndASubscriptionWithItsOwner) {
    EventLog log;
    int heard = 0;
    {
        const auto subscription = log.subscribe([&](const Event&) { ++heard; });
        log.publish("container", "start", "c1", {});
    }
    log.publish("container", "die", "c1", {});
    EXPECT_EQ(heard, 1);
}

}  // namespace
}  // namespace hoist::orchestrator
