// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/executor.h"

#include <gmock/gmock.h>

#include <boost/asio.hpp>

#include "orchestrator/gather.h"
#include "orchestrator/project_turns.h"
#include "tests/orchestrator/stack.h"

namespace hoist::orchestrator::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

std::string words(const Action& action) {
    const auto what = describe(action);
    return what.verb + " " + what.name;
}

/// Records what it is asked for; each action can be told to fail, or to take until it is released or cancelled.
class RecordingHands : public Hands {
public:
    explicit RecordingHands(asio::io_context& context) : context_(context) {}

    asio::awaitable<std::string> perform(const Action& action) override {
        const std::string name = words(action);
        begun.push_back(name);
        most_at_once = std::max(most_at_once, ++at_once_);
        asio::steady_timer timer(context_, takes.count(name) ? takes[name] : 1ms);
        boost::system::error_code problem;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, problem));
        --at_once_;
        if (problem) {
            aborted.push_back(name);
            throw boost::system::system_error(problem);
        }
        if (const auto failing = fails.find(name); failing != fails.end()) throw Error(Kind::conflict, failing->second);
        ended.push_back(name);
        co_return "Done";
    }

    std::map<std::string, std::string> fails;
    std::map<std::string, std::chrono::milliseconds> takes;
    std::vector<std::string> begun, ended, aborted;
    int most_at_once = 0;

private:
    asio::io_context& context_;
    int at_once_ = 0;
};

class Execute : public testing::Test {
protected:
    /// Runs a plan to its end. @return what it threw, as text
    std::string run(Plan plan, int parallel = 32) {
        std::string outcome = "nothing was reported";
        asio::co_spawn(context,
                       execute(
                           std::move(plan), hands, [this](const Progress& step) { told.push_back(step); }, parallel),
                       asio::bind_cancellation_slot(cancel.slot(),
                                                    [&](std::exception_ptr problem) { outcome = text_of(problem); }));
        context.run();
        return outcome;
    }

    static std::string text_of(std::exception_ptr problem) {
        try {
            if (problem) std::rethrow_exception(problem);
        } catch (const std::exception& error) {
            return error.what();
        }
        return "";
    }

    static Plan fresh() {
        World world(lnmp());
        return plan_up(lnmp(), world.seen, {});
    }

    bool has_begun(const std::string& name) const {
        return std::find(hands.begun.begin(), hands.begun.end(), name) != hands.begun.end();
    }

    asio::io_context context;
    RecordingHands hands{context};
    asio::cancellation_signal cancel;
    std::vector<Progress> told;
};

TEST_F(Execute, KeepsTheOrderAndRunsTheRestTogether) {
    EXPECT_EQ(run(fresh()), "");
    EXPECT_EQ(hands.ended.size(), 10u);
    const std::vector<std::string> tail(hands.ended.end() - 5, hands.ended.end());
    EXPECT_THAT(tail, ElementsAre("start lnmp-db-1", "await lnmp-db-1", "start lnmp-php-1", "await lnmp-php-1",
                                  "start lnmp-nginx-1"));
    EXPECT_GE(hands.most_at_once, 2);
    EXPECT_EQ(told.size(), 20u);
    EXPECT_EQ(told.front().text, "Creating");
    EXPECT_EQ(told.back().text, "Done");
}

TEST_F(Execute, AnEmptyPlanIsDone) {
    EXPECT_EQ(run(Plan{}), "");
}

TEST_F(Execute, IsBounded) {
    Plan plan;
    for (int i = 0; i < 20; ++i) plan.steps.push_back({StartContainer{"s", "c" + std::to_string(i)}, "", {}});
    EXPECT_EQ(run(plan, 3), "");
    EXPECT_EQ(hands.most_at_once, 3);
    EXPECT_EQ(hands.ended.size(), 20u);
}

TEST_F(Execute, AFailureStopsItsDependentsOnlyAndNamesThem) {
    hands.fails["await lnmp-db-1"] = "container lnmp-db-1 is unhealthy\n  last probe: exit 1: refused";
    Plan plan = fresh();
    plan.steps.push_back({StartContainer{"alone", "lnmp-alone-1"}, "", {0}});
    EXPECT_EQ(run(plan),
              "container lnmp-db-1 is unhealthy\n  last probe: exit 1: refused\n"
              "  waiting for it, not started: php, nginx");
    EXPECT_TRUE(has_begun("start lnmp-alone-1"));
    EXPECT_FALSE(has_begun("start lnmp-php-1"));
    EXPECT_FALSE(has_begun("start lnmp-nginx-1"));
}

TEST_F(Execute, ReportsEveryFailure) {
    hands.fails = {{"create lnmp-php-1", "no php"}, {"create lnmp-nginx-1", "no nginx"}};
    const auto text = run(fresh());
    EXPECT_THAT(text, HasSubstr("2 steps failed:"));
    EXPECT_THAT(text, HasSubstr("\n- no php\n  waiting for it, not started: nginx"));
    EXPECT_THAT(text, HasSubstr("\n- no nginx"));
}

TEST_F(Execute, AnOptionalDependencyMayFail) {
    auto project = lnmp();
    project.services["nginx"].depends_on["php"] = {Condition::healthy, false, false};
    World world(project);
    hands.fails["start lnmp-php-1"] = "php is broken";
    EXPECT_EQ(run(plan_up(project, world.seen, {})), "php is broken");
    EXPECT_TRUE(has_begun("start lnmp-nginx-1"));
    hands.begun.clear();
    hands.fails = {{"await lnmp-php-1", "never healthy"}};
    context.restart();
    EXPECT_EQ(run(plan_up(project, world.seen, {})), "");
    EXPECT_TRUE(has_begun("start lnmp-nginx-1"));
}

TEST_F(Execute, CancellingEndsWaitsAndFinishesWhatIsUnderWay) {
    Plan plan;
    plan.steps = {{AwaitCondition{"db", "db-1", Condition::healthy}, "", {}},
                  {StartContainer{"web", "web-1"}, "", {0}},
                  {CreateContainer{"php", "php-1"}, "", {}},
                  {StartContainer{"php", "php-1"}, "", {2}}};
    hands.takes = {{"await db-1", 1h}, {"create php-1", 50ms}};
    asio::steady_timer interrupt(context, 10ms);
    interrupt.async_wait([&](auto) { cancel.emit(asio::cancellation_type::terminal); });
    EXPECT_THAT(run(plan), HasSubstr("cancel"));
    EXPECT_THAT(hands.aborted, ElementsAre("await db-1"));
    EXPECT_THAT(hands.ended, ElementsAre("create php-1"));
    EXPECT_FALSE(has_begun("start php-1"));
    EXPECT_FALSE(has_begun("start web-1"));
}

TEST_F(Execute, StartsADependentAtOnce) {
    Plan plan;
    plan.steps = {{AwaitCondition{"db", "db-1", Condition::healthy}, "", {}},
                  {StartContainer{"web", "web-1"}, "", {0}}};
    hands.takes = {{"await db-1", 30ms}};
    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(run(plan), "");
    EXPECT_LT(std::chrono::steady_clock::now() - before, 130ms);
}

TEST_F(Execute, ALongChainBehindAFailureIsLeftOutWithoutRecursion) {
    Plan plan;
    for (StepId i = 0; i < 3000; ++i)
        plan.steps.push_back(
            {StartContainer{"s" + std::to_string(i), "c"}, "", i ? std::vector<StepId>{i - 1} : std::vector<StepId>{}});
    hands.takes["start c"] = 0ms;
    hands.fails["start c"] = "broken";
    EXPECT_THAT(run(plan), HasSubstr("broken"));
    EXPECT_EQ(hands.begun.size(), 1u);
}

TEST(ProjectTurns, LetOneOperationThroughAtATime) {
    asio::io_context context;
    ProjectTurns turns;
    std::vector<std::string> log;
    const auto operation = [&](std::string name, std::string project) -> asio::awaitable<void> {
        const auto turn = co_await turns.take(project, [&](const Progress&) { log.push_back(name + " waits"); });
        log.push_back(name + " begins");
        asio::steady_timer timer(context, 5ms);
        co_await timer.async_wait(asio::use_awaitable);
        log.push_back(name + " ends");
    };
    asio::co_spawn(context, operation("a", "p"), asio::detached);
    asio::co_spawn(context, operation("b", "p"), asio::detached);
    asio::cancellation_signal cancel;
    asio::co_spawn(context, operation("gone", "p"),
                   asio::bind_cancellation_slot(cancel.slot(), [](std::exception_ptr) {}));
    asio::co_spawn(context, operation("c", "p"), asio::detached);
    asio::steady_timer timer(context, 1ms);
    timer.async_wait([&](auto) { cancel.emit(asio::cancellation_type::terminal); });
    context.run();
    EXPECT_THAT(log, ElementsAre("a begins", "b waits", "gone waits", "c waits", "a ends", "b begins", "b ends",
                                 "c begins", "c ends"));
}

TEST(ProjectTurns, BackgroundWorkMakesWay) {
    asio::io_context context;
    ProjectTurns turns;
    std::vector<std::string> log;
    const auto background = [&](std::shared_ptr<asio::cancellation_signal> yields) -> asio::awaitable<void> {
        const auto turn = co_await turns.take("p", {}, yields);
        asio::steady_timer never(context, 1h);
        boost::system::error_code problem;
        co_await never.async_wait(asio::redirect_error(asio::use_awaitable, problem));
        log.push_back("made way");
    };
    const auto foreground = [&]() -> asio::awaitable<void> {
        const auto turn = co_await turns.take("p", {});
        log.push_back("runs");
    };
    auto signal = std::make_shared<asio::cancellation_signal>();
    std::vector<BackgroundTask> tasks;
    tasks.push_back({background(signal), signal});
    asio::co_spawn(context, gather(std::move(tasks)), asio::detached);
    asio::steady_timer timer(context, 2ms);
    timer.async_wait([&](auto) { asio::co_spawn(context, foreground(), asio::detached); });
    context.run();
    EXPECT_THAT(log, ElementsAre("made way", "runs"));
}

TEST(BringBack, StartsWhatThePolicySaysInOrderAndLeavesTheRest) {
    World world = up(lnmp());
    for (auto& container : world.seen.containers) container.restart = RestartSpec::Name::always;
    EXPECT_EQ(to_string(plan_bring_back(lnmp(), world.seen)), "");
    for (auto& container : world.seen.containers) container.state = Exited{.last = {.code = 137}};
    EXPECT_EQ(to_string(plan_bring_back(lnmp(), world.seen)),
              "0 start container lnmp-db-1 after []: was running\n"
              "1 await container lnmp-db-1 healthy after [0]: php depends on it\n"
              "2 start container lnmp-php-1 after [1]: was running\n"
              "3 await container lnmp-php-1 healthy after [2]: nginx depends on it\n"
              "4 start container lnmp-nginx-1 after [3]: was running\n");
    world.find("lnmp-db-1")->stopped_by_user = true;
    world.find("lnmp-php-1")->restart = RestartSpec::Name::no;
    EXPECT_EQ(to_string(plan_bring_back(lnmp(), world.seen)),
              "0 start container lnmp-php-1 after []: needed by nginx\n"
              "1 await container lnmp-php-1 healthy after [0]: nginx depends on it\n"
              "2 start container lnmp-nginx-1 after [1]: was running\n");
    world.find("lnmp-nginx-1")->restart = RestartSpec::Name::on_failure;
    world.find("lnmp-nginx-1")->state = Exited{};
    EXPECT_EQ(to_string(plan_bring_back(lnmp(), world.seen)), "");
}

TEST(BringBack, KnowsProjectsThatOnlyLabelsDescribe) {
    World world = up(lnmp());
    const auto model = known_model("lnmp", std::nullopt, world.seen);
    EXPECT_THAT(compose::dependency_order(model), ElementsAre("db", "php", "nginx"));
    world.find("lnmp-db-1")->depends_on["nginx"] = {};
    EXPECT_EQ(compose::dependency_order(known_model("lnmp", std::nullopt, world.seen)).size(), 3u);
}

}  // namespace
}  // namespace hoist::orchestrator::test
