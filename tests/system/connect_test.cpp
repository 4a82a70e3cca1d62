// SPDX-License-Identifier: Apache-2.0
// Containers that join and leave networks while they run; what is not used any more is pruned.
#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/support/hoist_host.h"

namespace hoist::test {
namespace {

const std::string program = PROGRAM_DIR "/hoist";

class Connect : public testing::Test {
protected:
    void SetUp() override {
        import_busybox();
        for (const char* name : {"front", "back"})
            hoist_ok({"network", "create", "--subnet", name == std::string("front") ? "10.71.0.0/24" : "10.72.0.0/24",
                      name});
    }
    void TearDown() override {
        sh(program + " ps -a -q | xargs -r " + program + " rm -f");
        sh(program + " network ls -q | xargs -r " + program + " network rm");
        EXPECT_EQ(hoist_ok({"system", "audit"}), "database and kernel agree\n");
        EXPECT_EQ(leftovers(), "");
    }
    static void start(const std::string& name, std::vector<std::string> options) {
        std::vector<std::string> command = {"run", "-d", "--name", name};
        command.insert(command.end(), options.begin(), options.end());
        command.insert(command.end(), {"busybox", "sh", "-c", "while :; do nc -l -p 80 -e hostname; done"});
        hoist_ok(command);
    }
    static std::string inside(const std::string& name, const std::string& command) {
        return hoist({"exec", "-T", name, "sh", "-c", command + " 2>&1"}).out;
    }
    static std::string addresses(const std::string& name) {
        return inside(name, "ip -o -4 addr | grep -v 127.0.0.1 | awk '{print $2, $4}' | sort");
    }
    static std::string default_route(const std::string& name) {
        return std::string(trim(inside(name, "ip route | grep default")));
    }
    static bool finds(const std::string& from, const std::string& name, const std::string& address) {
        return inside(from, "nslookup " + name).find(address) != std::string::npos;
    }
};

TEST_F(Connect, JoinsWhileItRunsAndKeepsThePlace) {
    start("one", {"--network", "front"});
    start("two", {"--network", "back", "--hostname", "second"});
    const int before = pid_of("one");
    EXPECT_FALSE(finds("one", "two", "10.72.0."));
    hoist_ok({"network", "connect", "--ip", "10.72.0.77", "--alias", "other", "back", "one"});
    EXPECT_EQ(pid_of("one"), before);
    EXPECT_EQ(addresses("one"), "eth0 10.71.0.2/24\neth1 10.72.0.77/24\n");
    EXPECT_TRUE(finds("one", "two", "10.72.0.2"));
    EXPECT_TRUE(finds("two", "other", "10.72.0.77"));
    EXPECT_TRUE(eventually([] { return inside("one", "nc 10.72.0.2 80 </dev/null") == "second\n"; }));
    EXPECT_EQ(inspect("one")["NetworkSettings"]["Networks"]["back"].value("IPAddress", ""), "10.72.0.77");
    EXPECT_NE(inside("one", "cat /etc/hosts").find("10.72.0.77"), std::string::npos);
    kill_daemon();
    hoist_ok({"restart", "-t", "0", "one"});
    EXPECT_EQ(addresses("one"), "eth0 10.71.0.2/24\neth1 10.72.0.77/24\n");
    EXPECT_TRUE(finds("two", "one", "10.72.0.77"));
}

TEST_F(Connect, LeavesAndFindsAnotherWayOut) {
    start("one", {"--network", "front"});
    start("two", {"--network", "front"});
    hoist_ok({"network", "connect", "back", "one"});
    EXPECT_NE(default_route("one").find("via 10.71.0.1"), std::string::npos);
    hoist_ok({"network", "disconnect", "front", "one"});
    EXPECT_EQ(addresses("one"), "eth1 10.72.0.2/24\n");
    EXPECT_NE(default_route("one").find("via 10.72.0.1"), std::string::npos);
    EXPECT_FALSE(finds("two", "one", "10.7"));
    hoist_ok({"network", "disconnect", "back", "one"});
    EXPECT_EQ(addresses("one"), "");
    hoist_ok({"network", "connect", "front", "one"});
    const auto again = inspect("one")["NetworkSettings"]["Networks"]["front"].value("IPAddress", "");
    EXPECT_EQ(addresses("one"), "eth0 " + again + "/24\n");
    EXPECT_TRUE(finds("two", "one", again));
}

TEST_F(Connect, OneWithoutANetworkJoinsOne) {
    start("one", {"--network", "none"});
    start("two", {"--network", "front"});
    hoist_ok({"network", "connect", "front", "one"});
    EXPECT_TRUE(finds("two", "one", "10.71.0.3"));
    EXPECT_TRUE(eventually([] { return inside("two", "nc 10.71.0.3 80 </dev/null").size() == 13; }));
}

TEST_F(Connect, PublishedPortsFollow) {
    start("one", {"--network", "front", "-p", "8123:80", "--hostname", "published"});
    // The server listens anew for each connection.
    const auto answers = [] {
        return eventually([] { return sh("busybox nc -w 5 127.0.0.1 8123 </dev/null; true") == "published\n"; });
    };
    EXPECT_EQ(hoist_ok({"port", "one", "80"}), "0.0.0.0:8123\n");
    EXPECT_EQ(hoist_ok({"port", "one"}), "80/tcp -> 0.0.0.0:8123\n");
    EXPECT_TRUE(answers());
    hoist_ok({"network", "connect", "back", "one"});
    hoist_ok({"network", "disconnect", "front", "one"});
    EXPECT_TRUE(answers());
}

TEST_F(Connect, AnAddressOfOneThatIsDownGoesToWhoAsks) {
    start("old", {"--network", "front", "--ip", "10.71.0.50"});
    EXPECT_NE(
        hoist({"create", "--network", "front", "--ip", "10.71.0.50", "busybox", "true"}).err.find("by container old"),
        std::string::npos);
    hoist_ok({"stop", "-t", "0", "old"});
    start("new", {"--network", "front", "--ip", "10.71.0.50"});
    EXPECT_EQ(addresses("new"), "eth0 10.71.0.50/24\n");
    EXPECT_NE(hoist({"start", "old"}).err.find("already used by container new"), std::string::npos);
    kill_daemon();
    EXPECT_NE(hoist({"start", "old"}).err.find("already used by container new"), std::string::npos);
    hoist_ok({"stop", "-t", "0", "new"});
    hoist_ok({"start", "old"});
    EXPECT_EQ(addresses("old"), "eth0 10.71.0.50/24\n");
}

TEST_F(Connect, SaysWhatCannotBe) {
    start("one", {"--network", "front"});
    start("hosted", {"--network", "host"});
    const auto refusal = [](const std::vector<std::string>& words) {
        const auto done = hoist(words);
        EXPECT_NE(done.status, 0);
        return done.err;
    };
    EXPECT_NE(refusal({"network", "connect", "front", "one"}).find("already exists in network front"),
              std::string::npos);
    EXPECT_NE(refusal({"network", "connect", "front", "hosted"}).find("uses the host's network"), std::string::npos);
    EXPECT_NE(refusal({"network", "connect", "front", "nobody"}).find("o such container"), std::string::npos);
    EXPECT_NE(refusal({"network", "connect", "nowhere", "one"}).find("nowhere not found"), std::string::npos);
    EXPECT_NE(refusal({"network", "disconnect", "back", "one"}).find("not connected to network back"),
              std::string::npos);
    EXPECT_NE(refusal({"network", "connect", "--ip", "10.71.0.2", "back", "one"}).find("does not lie in subnet"),
              std::string::npos);
    EXPECT_EQ(addresses("one"), "eth0 10.71.0.2/24\n");
}

TEST_F(Connect, PruneTakesWhatNobodyUses) {
    start("one", {"--network", "front", "-v", "kept:/kept"});
    hoist_ok({"create", "--name", "idle", "-v", "/anonymous", "-v", "named:/named", "busybox", "true"});
    EXPECT_NE(hoist({"container", "prune"}).status, 0);  // nobody is there to say yes
    EXPECT_NE(hoist_ok({"container", "prune", "-f"}).find("Total reclaimed space"), std::string::npos);
    EXPECT_EQ(hoist({"inspect", "idle"}).status, 1);
    EXPECT_EQ(status_of("one"), "running");
    EXPECT_EQ(hoist_ok({"network", "prune", "-f"}), "back\n");
    hoist_ok({"volume", "prune", "-f"});
    EXPECT_EQ(hoist_ok({"volume", "ls", "-q"}), "kept\nnamed\n");
    hoist_ok({"volume", "prune", "-f", "-a"});
    EXPECT_EQ(hoist_ok({"volume", "ls", "-q"}), "kept\n");
    EXPECT_EQ(hoist_ok({"container", "ls", "-q"}), hoist_ok({"ps", "-q"}));
    EXPECT_EQ(parse_json(hoist_ok({"volume", "inspect", "kept"}), "volume").at(0).value("Name", ""), "kept");
    sh(program + " rm -f one");
    hoist_ok({"volume", "rm", "kept"});
}

}  // namespace
}  // namespace hoist::test
