// SPDX-License-Identifier: Apache-2.0
// The example stack for real: nginx, PHP-FPM and MariaDB under hoist, used and broken as its user would.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <regex>
#include <thread>

#include "base/file.h"
#include "base/text.h"
#include "tests/support/hoist_host.h"

namespace hoist::test {
namespace {

const std::string stack = "/tmp/lnmp";

std::string images_folder() {
    const char* folder = std::getenv("HOIST_TEST_IMAGES");
    return folder ? folder : SOURCE_DIR "/build/images";
}

std::string fetch(const std::string& address = "127.0.0.1:8080") {
    const auto done = run({"curl", "-sS", "--max-time", "20", "http://" + address + "/?format=text"});
    return done.out + done.err;
}

/// The visit counter in a page; -1 if the page shows none.
int visits(const std::string& page) {
    std::smatch match;
    static const std::regex line("Visits: ([0-9]+)");
    return std::regex_search(page, match, line) ? std::stoi(match[1]) : -1;
}

std::string address_of(const std::string& name) {
    return inspect(name)["NetworkSettings"]["Networks"].begin()->value("IPAddress", "");
}

const std::vector<std::string> containers = {"lnmp-db-1", "lnmp-php-1", "lnmp-web-1"};

class Lnmp : public testing::Test {
protected:
    /// Each test begins with a site that works, whatever the one before has broken.
    static void settle() {
        if (::access(stack.c_str(), F_OK) == 0) eventually([] { return visits(fetch()) > 0; }, 60);
    }
    static void SetUpTestSuite() {
        if (::access((images_folder() + "/mariadb.tar").c_str(), R_OK) != 0) return;
        sh("cp -r " SOURCE_DIR "/examples/lnmp " + stack + " && rm -rf " + stack + "/images");
        // A database that can be made to fail its check: /dev/shm is made anew at each start.
        write_file_atomic(stack + "/compose.override.yaml",
                          "services:\n  db:\n    healthcheck:\n"
                          "      test: [CMD-SHELL, 'test ! -e /dev/shm/sick && mariadb-healthcheck']\n"
                          "      interval: 1s\n",
                          0644, Durable::no);
        sh(std::string("PATH=" PROGRAM_DIR ":$PATH ") +
               SOURCE_DIR "/examples/lnmp/make-images.sh " PROGRAM_DIR "/hoist " + images_folder(),
           300);
        hoist_ok({"up", "-d", "--wait"}, stack, 180);
    }
    void SetUp() override {
        settle();
        if (::access((images_folder() + "/mariadb.tar").c_str(), R_OK) != 0)
            GTEST_SKIP() << "no images in " << images_folder() << ": examples/lnmp/make-images.sh none "
                         << images_folder();
    }
};

TEST_F(Lnmp, CountsVisits) {
    const std::string first = fetch(), second = fetch();
    EXPECT_NE(first.find("PHP: 8.2"), std::string::npos) << first;
    EXPECT_NE(first.find("MariaDB: 10.11"), std::string::npos) << first;
    EXPECT_GE(visits(first), 1);
    EXPECT_EQ(visits(second), visits(first) + 1);
    EXPECT_EQ(address_of("lnmp-db-1"), "10.214.7.30");
}

TEST_F(Lnmp, IsReachedFromTheNeighbourAndByContainers) {
    const Neighbour neighbour;
    EXPECT_GE(visits(neighbour.run("curl -sS --max-time 20 'http://198.51.100.1:8080/?format=text'")), 1);
    EXPECT_NE(neighbour.run("curl -sS --max-time 2 telnet://198.51.100.1:3306 </dev/null").find("status"),
              std::string::npos);
    const auto inside = hoist({"exec", "-T", "web", "curl", "-sS", "http://web/?format=text"}, stack);
    EXPECT_GE(visits(inside.out), 1) << inside.out << inside.err;
}

TEST_F(Lnmp, SecondUpChangesNothing) {
    const int before = pid_of("lnmp-db-1");
    EXPECT_EQ(hoist({"plan"}, stack).status, 0);
    hoist_ok({"up", "-d"}, stack);
    EXPECT_EQ(pid_of("lnmp-db-1"), before);
}

TEST_F(Lnmp, KilledDatabaseComesBackWithAddressAndData) {
    const int before = visits(fetch());
    const int pid = pid_of("lnmp-db-1");
    ASSERT_GT(pid, 1);
    ::kill(pid, SIGKILL);
    EXPECT_TRUE(eventually([&] { return pid_of("lnmp-db-1") > 0 && pid_of("lnmp-db-1") != pid; }));
    EXPECT_TRUE(eventually([] { return health_of("lnmp-db-1") == "healthy"; }));
    EXPECT_EQ(address_of("lnmp-db-1"), "10.214.7.30");
    int after = -1;  // a visit counts only if the database answered
    EXPECT_TRUE(eventually([&] { return (after = visits(fetch())) > 0; }, 60));
    EXPECT_EQ(after, before + 1);
}

TEST_F(Lnmp, UnhealthyDatabaseIsRestarted) {
    const int pid = pid_of("lnmp-db-1");
    hoist_ok({"exec", "-T", "db", "touch", "/dev/shm/sick"}, stack);
    EXPECT_TRUE(eventually([&] { return pid_of("lnmp-db-1") > 0 && pid_of("lnmp-db-1") != pid; }, 60));
    EXPECT_TRUE(eventually([] { return health_of("lnmp-db-1") == "healthy"; }, 60));
    EXPECT_TRUE(eventually([] { return visits(fetch()) > 0; }, 60));
}

TEST_F(Lnmp, NoRequestFailsWhileTheDaemonIsKilled) {
    std::vector<int> before;
    for (const auto& name : containers) before.push_back(pid_of(name));
    std::atomic<bool> stop = false;
    std::atomic<int> good = 0, bad = 0;
    std::string first_bad;
    std::thread stream([&] {
        while (!stop) {
            const std::string page = fetch();
            if (visits(page) > 0)
                good++;
            else if (bad++ == 0)
                first_bad = page;
        }
    });
    for (int round = 0; round < 3; ++round) {
        kill_daemon();
        std::this_thread::sleep_for(std::chrono::milliseconds(150));
        hoist_ok({"ps"}, stack);  // starts the daemon again
        const int so_far = good;
        EXPECT_TRUE(eventually([&] { return good >= so_far + 4; })) << "requests are answered";
    }
    stop = true;
    stream.join();
    EXPECT_EQ(bad, 0) << first_bad;
    for (std::size_t i = 0; i < containers.size(); ++i) EXPECT_EQ(pid_of(containers[i]), before[i]) << containers[i];
    const std::string listed = hoist_ok({"ps", "--format", "json"}, stack);
    for (const auto& name : containers) EXPECT_NE(listed.find(name), std::string::npos) << listed;
    EXPECT_NE(hoist_ok({"logs", "web"}, stack).find("GET /?format=text"), std::string::npos);
}

TEST_F(Lnmp, ComesBackAfterEverythingIsKilled) {
    std::vector<int> before;
    for (const auto& name : containers) before.push_back(pid_of(name));
    kill_daemon();
    for (const int pid : before) ::kill(pid, SIGKILL);
    hoist_ok({"ps"}, stack);
    for (std::size_t i = 0; i < containers.size(); ++i) {
        const auto& name = containers[i];
        EXPECT_TRUE(eventually([&] { return pid_of(name) > 0 && pid_of(name) != before[i]; }, 60)) << name;
        EXPECT_TRUE(eventually([&] { return health_of(name) == "healthy"; }, 60)) << name;
    }
    const auto started = [](const std::string& name) { return inspect(name)["State"].value("StartedAt", ""); };
    EXPECT_LT(started("lnmp-db-1"), started("lnmp-php-1"));
    EXPECT_LT(started("lnmp-php-1"), started("lnmp-web-1"));
    EXPECT_TRUE(eventually([] { return visits(fetch()) > 0; }, 60));
    EXPECT_EQ(hoist_ok({"system", "audit"}), "database and kernel agree\n");
}

TEST_F(Lnmp, TakenPortIsExplained) {
    sh("mkdir -p /tmp/clash && printf 'services:\\n  other:\\n    image: lnmp/nginx\\n    ports: [\"8080:80\"]\\n' > "
       "/tmp/clash/compose.yaml");
    const auto clash = hoist({"up", "-d"}, "/tmp/clash");
    EXPECT_EQ(clash.status, 1);
    EXPECT_NE((clash.out + clash.err).find("8080"), std::string::npos) << clash.err;
    EXPECT_NE((clash.out + clash.err).find("lnmp-web-1"), std::string::npos) << clash.err;
    hoist_ok({"down"}, "/tmp/clash");
}

// The last tests of this file: they end the stack.
TEST_F(Lnmp, ZDownLeavesNothingAndUpKeepsTheDatabase) {
    const int before = visits(fetch());
    hoist_ok({"down"}, stack);
    EXPECT_EQ(leftovers(), "");
    EXPECT_EQ(hoist_ok({"system", "audit"}), "database and kernel agree\n");
    hoist_ok({"up", "-d", "--wait"}, stack, 180);
    EXPECT_EQ(visits(fetch()), before + 1);
}

TEST_F(Lnmp, ZZDownWithVolumesRemovesTheDatabase) {
    hoist_ok({"down", "-v"}, stack);
    EXPECT_EQ(leftovers(), "");
    hoist_ok({"up", "-d", "--wait"}, stack, 180);
    EXPECT_EQ(visits(fetch()), 1);
    hoist_ok({"down", "-v"}, stack);
    EXPECT_EQ(hoist_ok({"system", "audit"}), "database and kernel agree\n");
}

}  // namespace
}  // namespace hoist::test
