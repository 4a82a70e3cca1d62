// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/executor.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <deque>
#include <set>

#include "base/error.h"
#include "base/text.h"

namespace hoist::orchestrator {
namespace {

using Clock = std::chrono::steady_clock;

std::string beginning(const std::string& verb) {
    if (verb == "await") return "Waiting";
    if (verb == "stop") return "Stopping";
    std::string word = verb == "create" || verb == "recreate" || verb == "remove" || verb == "update"
                           ? verb.substr(0, verb.size() - 1)
                           : verb;
    word[0] = static_cast<char>(word[0] - 'a' + 'A');
    return word + "ing";
}

class Execution {
public:
    Execution(Plan plan, Hands& hands, ProgressSink progress, int parallel, asio::any_io_executor executor)
        : plan_(std::move(plan)),
          hands_(hands),
          progress_(std::move(progress)),
          parallel_(parallel),
          executor_(std::move(executor)),
          ended_(executor_),
          steps_(plan_.steps.size()) {
        for (StepId id = 0; id < steps_.size(); ++id) {
            steps_[id].open = plan_.steps[id].after.size();
            for (const StepId before : plan_.steps[id].after) steps_[before].dependents.push_back(id);
            if (steps_[id].open == 0) ready_.push_back(id);
        }
    }

    asio::awaitable<void> run() {
        // A cancelled wait must not throw here: steps under way refer to this object and are waited for.
        co_await asio::this_coro::throw_if_cancelled(false);
        for (;;) {
            begin_ready();
            if (under_way_ == 0) break;
            if (!woken_) {
                boost::system::error_code ignored;
                ended_.expires_at(Clock::time_point::max());
                co_await ended_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
            }
            woken_ = false;
            const auto state = co_await asio::this_coro::cancellation_state;
            if (!cancelled_ && state.cancelled() != asio::cancellation_type::none) cancel();
        }
        co_await asio::this_coro::throw_if_cancelled(true);
        report();
    }

private:
    struct StepState {
        std::size_t open = 0;  ///< steps before it that have not ended
        std::vector<StepId> dependents;
        bool blocked = false;  ///< one of those before it failed
        bool left_out = false;
        asio::cancellation_signal cancel;
        bool under_way = false;
    };

    const AwaitCondition* wait_of(StepId id) const { return std::get_if<AwaitCondition>(&plan_.steps[id].action); }
    bool is_optional(StepId id) const { return wait_of(id) && !wait_of(id)->required; }

    void begin_ready() {
        std::deque<StepId> held_back;
        while (!ready_.empty()) {
            const StepId id = ready_.front();
            ready_.pop_front();
            if (cancelled_) continue;
            if (steps_[id].blocked)
                leave_out(id);
            else if (!wait_of(id) && acting_ >= parallel_)
                held_back.push_back(id);
            else
                begin(id);
        }
        ready_ = std::move(held_back);
    }

    void leave_out(StepId id) {
        steps_[id].left_out = true;
        release_dependents(id, is_optional(id));
    }

    void begin(StepId id) {
        ++under_way_;
        if (!wait_of(id)) ++acting_;
        steps_[id].under_way = true;
        const auto what = describe(plan_.steps[id].action);
        tell(Progress::Phase::started, what, beginning(what.verb), {});
        auto ended = [this, id, since = Clock::now()](std::exception_ptr problem, std::string word) {
            finish(id, problem, word, since);
        };
        if (wait_of(id))
            asio::co_spawn(executor_, hands_.perform(plan_.steps[id].action),
                           asio::bind_cancellation_slot(steps_[id].cancel.slot(), std::move(ended)));
        else
            asio::co_spawn(executor_, hands_.perform(plan_.steps[id].action), std::move(ended));
    }

    void finish(StepId id, std::exception_ptr problem, const std::string& word, Clock::time_point since) {
        --under_way_;
        if (!wait_of(id)) --acting_;
        steps_[id].under_way = false;
        const auto what = describe(plan_.steps[id].action);
        const std::chrono::duration<double> took = Clock::now() - since;
        if (!problem)
            tell(Progress::Phase::done, what, word, took);
        else if (!cancelled_ || !wait_of(id))
            note_failure(id, problem, what, took);
        release_dependents(id, !problem || is_optional(id));
        woken_ = true;
        ended_.cancel();
    }

    void note_failure(StepId id, std::exception_ptr problem, const Description& what,
                      std::chrono::duration<double> took) {
        Failure failure{id, Kind::internal, "failed for an unknown reason"};
        try {
            std::rethrow_exception(problem);
        } catch (const Error& error) {
            failure.kind = error.kind();
            failure.text = error.what();
        } catch (const std::exception& error) {
            failure.text = error.what();
        }
        tell(Progress::Phase::failed, what, failure.text + (is_optional(id) ? " (optional: going on without it)" : ""),
             took);
        if (!is_optional(id)) failures_.push_back(std::move(failure));
    }

    void release_dependents(StepId id, bool well) {
        for (const StepId next : steps_[id].dependents) {
            // An optional wait judges for itself what became of its container.
            if (!well && !is_optional(next)) steps_[next].blocked = true;
            if (--steps_[next].open == 0) ready_.push_back(next);
        }
    }

    void cancel() {
        cancelled_ = true;
        for (StepId id = 0; id < steps_.size(); ++id)
            if (steps_[id].under_way && wait_of(id)) steps_[id].cancel.emit(asio::cancellation_type::terminal);
    }

    void tell(Progress::Phase phase, const Description& what, std::string text, std::chrono::duration<double> took) {
        if (progress_) progress_({phase, what.kind, what.name, std::move(text), took.count()});
    }

    std::string waiting_for(StepId failed) const {
        std::set<StepId> seen;
        std::vector<StepId> open = {failed};
        std::vector<std::string> services;
        while (!open.empty()) {
            const StepId id = open.back();
            open.pop_back();
            for (const StepId next : steps_[id].dependents)
                if (steps_[next].left_out && seen.insert(next).second) open.push_back(next);
        }
        const auto own = describe(plan_.steps[failed].action).service;
        for (const StepId id : seen)
            if (const auto* start = std::get_if<StartContainer>(&plan_.steps[id].action);
                start && start->service != own)
                services.push_back(start->service);
        services.erase(std::unique(services.begin(), services.end()), services.end());
        return services.empty() ? "" : "\n  waiting for it, not started: " + join(services, ", ");
    }

    void report() const {
        if (failures_.size() == 1) throw Error(failures_[0].kind, failures_[0].text + waiting_for(failures_[0].step));
        if (!failures_.empty()) {
            std::string text = fmt::format("{} steps failed:", failures_.size());
            for (const auto& failure : failures_) text += "\n- " + failure.text + waiting_for(failure.step);
            throw Error(failures_[0].kind, text);
        }
        if (cancelled_) throw boost::system::system_error(asio::error::operation_aborted);
    }

    struct Failure {
        StepId step;
        Kind kind;
        std::string text;
    };

    Plan plan_;
    Hands& hands_;
    ProgressSink progress_;
    int parallel_;
    asio::any_io_executor executor_;
    asio::steady_timer ended_;  ///< never expires: cancelled whenever a step ends
    std::vector<StepState> steps_;
    std::deque<StepId> ready_;
    std::vector<Failure> failures_;
    int under_way_ = 0, acting_ = 0;
    bool woken_ = false, cancelled_ = false;
};

}  // namespace

asio::awaitable<void> execute(Plan plan, Hands& hands, ProgressSink progress, int parallel) {
    const auto executor = co_await asio::this_coro::executor;
    Execution execution(std::move(plan), hands, std::move(progress), parallel, executor);
    co_await execution.run();
}

}  // namespace hoist::orchestrator
