// SPDX-License-Identifier: Apache-2.0
#include "storage/database.h"

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "base/fail_point.h"
#include "storage/database_file.h"

namespace hoist::storage {
namespace {

struct Submission {
    std::function<void(Transaction&)> work;
    std::function<void(std::exception_ptr)> done;
    std::exception_ptr problem = nullptr;
};

/// Some submissions under one commit.
class Batch {
public:
    Batch(Sqlite& db, std::deque<Submission>& submissions) : db_(db), submissions_(submissions) {}

    void run() {
        for (std::size_t at = 0; at < submissions_.size(); ++at) attempt(at);
        commit(submissions_.size());
        for (auto& submission : submissions_) submission.done(submission.problem);
    }

private:
    void attempt(std::size_t at) {
        Submission& submission = submissions_[at];
        try {
            if (!db_.in_transaction()) begin(at);
            db_.prepare("SAVEPOINT one").run();
            Transaction transaction(db_);
            submission.work(transaction);
            db_.prepare("RELEASE one").run();
        } catch (...) {
            submission.problem = std::current_exception();
            undo(at);
        }
    }

    void begin(std::size_t at) {
        first_ = at;
        db_.prepare("BEGIN").run();
    }

    /// Takes back one submission. A full disk or an I/O error makes SQLite roll back the whole transaction: then the
    /// earlier ones are lost too and learn the same.
    void undo(std::size_t at) {
        try {
            if (db_.in_transaction()) {
                db_.execute("ROLLBACK TO one; RELEASE one");
                return;
            }
        } catch (const Error&) {
            abandon();
        }
        spread(submissions_[at].problem, at);
    }

    void commit(std::size_t end) {
        if (!db_.in_transaction()) return;
        try {
            fail_point("db_commit");
            db_.prepare("COMMIT").run();
            fail_point("db_committed");
        } catch (...) {
            abandon();
            spread(std::current_exception(), end);
        }
    }

    void spread(const std::exception_ptr& problem, std::size_t end) {
        for (std::size_t at = first_; at < end; ++at)
            if (!submissions_[at].problem) submissions_[at].problem = problem;
    }

    void abandon() {
        if (!db_.in_transaction()) return;
        try {
            db_.execute("ROLLBACK");
        } catch (const Error&) {  // the failure that led here is what the callers learn
        }
    }

    Sqlite& db_;
    std::deque<Submission>& submissions_;
    std::size_t first_ = 0;
};

}  // namespace

struct Database::State {
    std::unique_ptr<Sqlite> db;
    std::mutex mutex;
    std::condition_variable more;
    std::deque<Submission> waiting;
    bool closing = false;
    std::thread thread;

    void work() {
        for (;;) {
            std::deque<Submission> taken;
            {
                std::unique_lock lock(mutex);
                more.wait(lock, [&] { return closing || !waiting.empty(); });
                if (waiting.empty()) break;
                taken.swap(waiting);
            }
            Batch(*db, taken).run();
        }
        db.reset();
    }
};

Database::Database(const std::string& path) : state_(std::make_unique<State>()) {
    state_->db = open_database_file(path);
    state_->thread = std::thread([state = state_.get()] { state->work(); });
}

Database::~Database() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->closing = true;
    }
    state_->more.notify_one();
    state_->thread.join();
}

void Database::submit(std::function<void(Transaction&)> work, std::function<void(std::exception_ptr)> done) {
    {
        const std::lock_guard lock(state_->mutex);
        state_->waiting.push_back({std::move(work), std::move(done)});
    }
    state_->more.notify_one();
}

void Database::run(const std::function<void(Transaction&)>& work) {
    // Shared: the waiting thread may be gone before set_value has returned.
    const auto promise = std::make_shared<std::promise<void>>();
    submit([&work](Transaction& transaction) { work(transaction); },
           [promise](std::exception_ptr problem) {
               if (problem) {
                   promise->set_exception(std::move(problem));
               } else {
                   promise->set_value();
               }
           });
    promise->get_future().get();
}

std::vector<std::string> Database::check_integrity() {
    std::vector<std::string> found;
    run([&](Transaction&) { found = find_damage(*state_->db, "PRAGMA integrity_check"); });
    return found;
}

}  // namespace hoist::storage
