// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/tasks.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "orchestrator/sync.h"

namespace hoist::orchestrator {
namespace {

asio::awaitable<void> wait_for(Signal& signal, int& ended) {
    co_await signal.wait();
    ++ended;
}

TEST(TaskList, TasksMayEndInTheMomentInWhichTheyAreCancelled) {
    asio::io_context context(1);
    int ended = 0;
    Signal signal(context.get_executor());
    TaskList tasks(context.get_executor());
    constexpr int count = 200;
    for (int i = 0; i < count; ++i) tasks.spawn(wait_for(signal, ended), "task");
    context.poll();
    signal.notify();  // their end is queued
    tasks.cancel();   // and the cancellation behind it
    context.restart();
    context.poll();
    EXPECT_EQ(ended, count);
    EXPECT_TRUE(tasks.empty());
    EXPECT_THROW(tasks.spawn(wait_for(signal, ended), "late"), std::exception);
}

TEST(TaskList, CancellingEndsWhatWaits) {
    asio::io_context context(1);
    int ended = 0;
    Signal signal(context.get_executor());
    TaskList tasks(context.get_executor());
    for (int i = 0; i < 20; ++i) tasks.spawn(wait_for(signal, ended), "task");
    context.poll();
    EXPECT_FALSE(tasks.empty());
    tasks.cancel();
    context.restart();
    context.poll();
    EXPECT_TRUE(tasks.empty());
}

TEST(TaskList, AResultIsHandedOutOnceTheTaskHasEnded) {
    asio::io_context context(1);
    Signal signal(context.get_executor());
    TaskList tasks(context.get_executor());
    int ended = 0;
    const auto result = tasks.begin<void>(wait_for(signal, ended), "task");
    context.poll();
    EXPECT_FALSE(result.done());
    signal.notify();
    context.restart();
    context.poll();
    EXPECT_TRUE(result.done());
    EXPECT_EQ(ended, 1);
}

}  // namespace
}  // namespace hoist::orchestrator
