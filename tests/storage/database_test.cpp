// SPDX-License-Identifier: Apache-2.0
#include "storage/database.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <condition_variable>
#include <future>

#include "base/error.h"
#include "base/file.h"
#include "tests/support/temp_dir.h"

namespace hoist::storage {
namespace {

ContainerRow container(const std::string& id, const std::string& name) {
    return {ContainerId(id), name, "project", "{}", "{}"};
}

std::vector<std::string> names(Database& database) {
    std::vector<std::string> found;
    database.run([&](Transaction& transaction) {
        for (const auto& row : transaction.containers()) found.push_back(row.name);
    });
    return found;
}

Kind kind_of_failure(const std::function<void()>& action, std::string* message = nullptr) {
    try {
        action();
    } catch (const Error& error) {
        if (message) *message = error.message();
        return error.kind();
    }
    ADD_FAILURE() << "nothing was thrown";
    return Kind::internal;
}

class DatabaseTest : public testing::Test {
protected:
    test::TempDir dir_;
    std::string path_ = dir_ / "state.db";
};

TEST_F(DatabaseTest, KeepsRowsOverReopening) {
    {
        Database database(path_);
        database.run([](Transaction& transaction) {
            transaction.put(container("c1", "web"));
            transaction.put(NetworkRow{NetworkId("n1"), "front", "p", "{}"});
            transaction.put(LeaseRow{NetworkId("n1"), ContainerId("c1"), "10.0.0.2"});
            transaction.put(VolumeRow{"data", "p", "{\"a\":1}"});
            transaction.put(ProjectRow{"p", "model", false});
            transaction.put(ImageRow{"sha256:1", "config", "manifest", Bytes{7}, TimePoint(Nanoseconds(123456789))});
            transaction.put(TagRow{"docker.io/library/a:b", "sha256:1"});
            transaction.put(LayerRow{"sha256:2", Bytes{9}});
        });
    }
    Database database(path_);
    EXPECT_TRUE(database.check_integrity().empty());
    database.run([](Transaction& transaction) {
        ASSERT_EQ(transaction.containers().size(), 1u);
        EXPECT_EQ(transaction.containers()[0].project, "project");
        EXPECT_EQ(transaction.networks()[0].name, "front");
        EXPECT_EQ(transaction.leases()[0].address, "10.0.0.2");
        EXPECT_EQ(transaction.volumes()[0].spec, "{\"a\":1}");
        EXPECT_FALSE(transaction.projects()[0].running);
        EXPECT_EQ(transaction.images()[0].created, TimePoint(Nanoseconds(123456789)));
        EXPECT_EQ(transaction.tags()[0].image_id, "sha256:1");
        EXPECT_EQ(transaction.layers()[0].size, Bytes{9});
    });
}

TEST_F(DatabaseTest, IsReadableOnlyByItsOwner) {
    Database database(path_);
    for (const char* suffix : {"", "-wal"}) {
        struct stat info {};
        ASSERT_EQ(::stat((path_ + suffix).c_str(), &info), 0) << suffix;
        EXPECT_EQ(info.st_mode & 0777, 0600u) << suffix;
    }
}

TEST_F(DatabaseTest, RefusesASecondContainerOfAName) {
    Database database(path_);
    database.run([](Transaction& transaction) { transaction.put(container("c1", "web")); });
    std::string message;
    EXPECT_EQ(kind_of_failure([&] { database.run([](Transaction& t) { t.put(container("c2", "web")); }); }, &message),
              Kind::conflict);
    EXPECT_EQ(message, "the container name \"web\" is already in use");
    database.run([](Transaction& transaction) { transaction.put(container("c1", "web2")); });  // a rename
    EXPECT_EQ(names(database), std::vector<std::string>{"web2"});
}

TEST_F(DatabaseTest, LeasesAreUniqueAndGoWithTheirOwners) {
    Database database(path_);
    database.run([](Transaction& transaction) {
        transaction.put(container("c1", "a"));
        transaction.put(container("c2", "b"));
        transaction.put(NetworkRow{NetworkId("n1"), "front", "", "{}"});
        transaction.put(NetworkRow{NetworkId("n2"), "back", "", "{}"});
        transaction.put(LeaseRow{NetworkId("n1"), ContainerId("c1"), "10.0.0.2"});
        transaction.put(LeaseRow{NetworkId("n1"), ContainerId("c1"), "10.0.0.2"});  // again: no change
        transaction.put(LeaseRow{NetworkId("n2"), ContainerId("c1"), "10.0.0.2"});
        transaction.put(LeaseRow{NetworkId("n1"), ContainerId("c2"), "10.0.0.3"});
    });
    const auto put = [&](const char* network, const char* owner, const char* address) {
        return kind_of_failure([&] {
            database.run([&](Transaction& transaction) {
                transaction.put(LeaseRow{NetworkId(network), ContainerId(owner), address});
            });
        });
    };
    EXPECT_EQ(put("n1", "c2", "10.0.0.2"), Kind::conflict);
    EXPECT_EQ(put("n1", "nobody", "10.0.0.9"), Kind::not_found);
    EXPECT_EQ(put("nowhere", "c1", "10.0.0.9"), Kind::not_found);
    database.run([](Transaction& transaction) {
        transaction.put(container("c1", "renamed"));  // an upsert is no removal
        EXPECT_EQ(transaction.leases().size(), 3u);
        transaction.remove_network(NetworkId("n2"));
        EXPECT_EQ(transaction.leases().size(), 2u);
        transaction.remove_container(ContainerId("c1"));
        ASSERT_EQ(transaction.leases().size(), 1u);
        transaction.remove_lease(NetworkId("n1"), ContainerId("c2"));
        EXPECT_TRUE(transaction.leases().empty());
    });
}

/// Holds the database's thread inside a submission, so that what follows waits and shares one commit.
class Gate {
public:
    explicit Gate(Database& database) {
        database.submit(
            [this](Transaction&) {
                entered_.set_value();
                opened_.get_future().wait();
            },
            [](std::exception_ptr) {});
        entered_.get_future().wait();
    }
    void open() { opened_.set_value(); }

private:
    std::promise<void> entered_, opened_;
};

TEST_F(DatabaseTest, CallsBackInOrderAndRollsBackOnlyWhatThrew) {
    Database database(path_);
    Gate gate(database);
    std::vector<std::string> order;
    for (int i = 0; i < 20; ++i) {
        database.submit(
            [i](Transaction& transaction) {
                transaction.put(container(std::to_string(i), "n" + std::to_string(i)));
                if (i % 5 == 4) fail(Kind::denied, "refused");
            },
            [&order, i](std::exception_ptr problem) { order.push_back(std::to_string(i) + (problem ? "!" : "")); });
    }
    gate.open();
    EXPECT_EQ(names(database).size(), 16u);
    const std::vector<std::string> want = {"0",  "1",  "2",  "3",  "4!",  "5",  "6",  "7",  "8",  "9!",
                                           "10", "11", "12", "13", "14!", "15", "16", "17", "18", "19!"};
    EXPECT_EQ(order, want);
}

TEST_F(DatabaseTest, TellsWhatWasThrown) {
    Database database(path_);
    EXPECT_THROW(database.run([](Transaction&) { throw std::runtime_error("other"); }), std::runtime_error);
    EXPECT_EQ(kind_of_failure([&] { database.run([](Transaction&) { fail(Kind::timeout, "x"); }); }), Kind::timeout);
    EXPECT_TRUE(names(database).empty());
}

TEST_F(DatabaseTest, FinishesWhatWasSubmittedBeforeItCloses) {
    int done = 0;
    {
        Database database(path_);
        for (int i = 0; i < 50; ++i)
            database.submit([i](Transaction& t) { t.put(container(std::to_string(i), std::to_string(i))); },
                            [&done](std::exception_ptr problem) { done += problem ? 0 : 1; });
    }
    EXPECT_EQ(done, 50);
    Database database(path_);
    EXPECT_EQ(names(database).size(), 50u);
}

/// The child of the test below, in a process of its own: writes row after row and tells each that is done.
TEST(DatabaseChild, WritesRows) {
    const char* path = ::getenv("HOIST_TEST_DATABASE");
    if (!path) GTEST_SKIP() << "started by KeepsWhatWasReportedWhenKilled";
    Database database(path);
    for (int i = 0; i < 100; ++i) {
        database.run([i](Transaction& t) { t.put(container(std::to_string(i), std::to_string(i))); });
        ASSERT_EQ(::write(STDERR_FILENO, "x", 1), 1);
    }
}

std::size_t rows_reported_by_child(const std::string& path, const char* fail_point) {
    Pipe reports = make_pipe();
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(reports.write_end.get(), STDERR_FILENO);
        ::setenv("HOIST_FAIL", fail_point, 1);
        ::setenv("HOIST_TEST_DATABASE", path.c_str(), 1);
        ::execl("/proc/self/exe", "child", "--gtest_filter=DatabaseChild.WritesRows", "--gtest_brief=1", nullptr);
        ::_exit(127);
    }
    reports.write_end.reset();
    const std::string reported = read_all(reports.read_end);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return reported.size();
}

TEST_F(DatabaseTest, KeepsWhatWasReportedWhenKilled) {
    EXPECT_EQ(rows_reported_by_child(path_, "db_commit:8:kill"), 7u);
    EXPECT_EQ(names(*std::make_unique<Database>(path_)).size(), 7u);  // the eighth was not committed
    EXPECT_EQ(rows_reported_by_child(path_, "db_committed:9:kill"), 8u);
    Database database(path_);
    EXPECT_EQ(names(database).size(), 9u);  // the ninth was, though nobody was told
    EXPECT_TRUE(database.check_integrity().empty());
}

TEST_F(DatabaseTest, RefusesADamagedFileAndLeavesItAlone) {
    {
        Database database(path_);
        database.run([](Transaction& transaction) {
            for (int i = 0; i < 500; ++i)
                transaction.put(container(std::to_string(i), std::string(100, 'a') + std::to_string(i)));
        });
    }
    std::string bytes = read_file(path_);
    for (std::size_t at = 4096; at < bytes.size(); at += 512) bytes[at + 3] = static_cast<char>(bytes[at + 3] ^ 0x5a);
    for (const std::string& damaged : {bytes, std::string("this is no database at all, only some text ") + bytes,
                                       bytes.substr(0, bytes.size() / 2 + 100)}) {
        write_file_atomic(path_, damaged, 0600, Durable::no);
        std::string message;
        EXPECT_EQ(kind_of_failure([&] { Database database(path_); }, &message), Kind::internal);
        EXPECT_NE(message.find("is damaged"), std::string::npos) << message;
        EXPECT_NE(message.find("move it aside"), std::string::npos) << message;
        EXPECT_EQ(read_file(path_), damaged);
    }
}

TEST_F(DatabaseTest, KeepsABackupThatOpens) {
    {
        Database database(path_);
        database.run([](Transaction& transaction) { transaction.put(container("c", "web")); });
    }
    { Database database(path_); }
    write_file_atomic(path_, "rubbish", 0600, Durable::no);
    std::string message;
    kind_of_failure([&] { Database database(path_); }, &message);
    EXPECT_NE(message.find(path_ + ".backup"), std::string::npos) << message;
    Database backup(path_ + ".backup");
    EXPECT_EQ(names(backup), std::vector<std::string>{"web"});
}

TEST_F(DatabaseTest, RefusesANewerSchema) {
    { Database database(path_); }
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &raw), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(raw, "PRAGMA user_version=999", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(raw);
    std::string message;
    EXPECT_EQ(kind_of_failure([&] { Database database(path_); }, &message), Kind::conflict);
    EXPECT_NE(message.find("newer hoist"), std::string::npos) << message;
}

TEST_F(DatabaseTest, HasOneUserAtATime) {
    Database database(path_);
    std::string message;
    EXPECT_EQ(kind_of_failure([&] { Database second(path_); }, &message), Kind::conflict);
    EXPECT_NE(message.find("in use by another process"), std::string::npos) << message;
    EXPECT_TRUE(names(database).empty());
}

}  // namespace
}  // namespace hoist::storage
