// SPDX-License-Identifier: Apache-2.0
// Docker's own clients against our socket: the docker command and docker-compose, as people's scripts use them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <regex>

#include "base/file.h"
#include "base/text.h"
#include "tests/support/hoist_host.h"

namespace hoist::test {
namespace {

/// The docker command of Debian's package, else the one that is installed; empty without one.
std::string docker_program() {
    if (const char* given = std::getenv("HOIST_TEST_DOCKER"); given && ::access(given, X_OK) == 0) return given;
    for (const char* path : {"/usr/bin/docker", "/usr/local/bin/docker"})
        if (::access(path, X_OK) == 0) return path;
    return "";
}

const std::string client_environment =
    "HOME=/tmp DOCKER_CONFIG=/tmp/docker-config DOCKER_HOST=unix:///run/hoist/hoist.sock ";

/// What a command line prints (and, last, its status if it is not 0).
std::string said(const std::string& command) {
    const auto done = run({"sh", "-c", client_environment + "timeout 60 " + command + " 2>&1"}, 90);
    return done.status == 0 ? done.out : done.out + fmt::format("[status {}]", done.status);
}

struct Use {
    std::string command;   ///< behind "docker "
    std::string expected;  ///< a regular expression for all that is printed
};

class DockerClient : public testing::Test {
protected:
    void SetUp() override {
        program_ = docker_program();
        if (program_.empty()) GTEST_SKIP() << "there is no docker command";
        import_busybox();
    }
    void TearDown() override {
        sh(std::string(PROGRAM_DIR "/hoist ps -a -q | xargs -r ") + PROGRAM_DIR + "/hoist rm -f -v");
        sh(std::string(PROGRAM_DIR "/hoist volume prune -f -a; ") + PROGRAM_DIR + "/hoist network prune -f");
        EXPECT_EQ(hoist_ok({"system", "audit"}), "database and kernel agree\n");
    }
    void expect(const std::vector<Use>& uses) const {
        for (const auto& use : uses) {
            const auto out = said(program_ + " " + use.command);
            EXPECT_TRUE(std::regex_match(out, std::regex(use.expected))) << "docker " << use.command << "\n" << out;
        }
    }
    std::string program_;
};

const std::string id = "[0-9a-f]{64}\n", short_id = "[0-9a-f]{12}\n", anything = "[^]*";

TEST_F(DockerClient, RunsContainersToTheirEnd) {
    expect({{"run --rm busybox echo hi", "hi\n"},
            {"run --rm busybox sh -c 'exit 7'", "\\[status 7\\]"},
            {"run --rm busybox nosuchprogram", anything + "executable file not found" + anything + "\\[status 127\\]"},
            {"run --rm -e A=1 -e B=2 busybox sh -c 'echo $A$B'", "12\n"},
            {"run --rm -w /tmp busybox pwd", "/tmp\n"},
            {"run --rm -u 33 busybox id -u", "33\n"},
            {"run --rm -u www-data busybox id -un", "www-data\n"},
            {"run --rm --hostname box busybox hostname", "box\n"},
            {"run --rm --entrypoint echo busybox from the entrypoint", "from the entrypoint\n"},
            {"run --rm --read-only busybox touch /x", anything + "Read-only file system" + anything + "\\[status 1\\]"},
            {"run --rm --tmpfs /t busybox sh -c 'mount | grep -c \"on /t type tmpfs\"'", "1\n"},
            {"run --rm --cap-drop ALL busybox sh -c 'grep CapEff /proc/self/status'", "CapEff:\t0{16}\n"},
            {"run --rm --ulimit nofile=99:99 busybox sh -c 'ulimit -n'", "99\n"},
            {"run --rm --add-host there:1.2.3.4 busybox grep there /etc/hosts", "1.2.3.4\tthere\n"},
            {"run --rm --network none busybox sh -c 'ls /sys/class/net'", "lo\n"},
            {"run --rm --init busybox sh -c 'cat /proc/1/comm'", "(?!sh)[^]*"},
            {"run --rm -m 64m busybox true", ""},
            {"run --rm --sysctl net.ipv4.ip_unprivileged_port_start=7 busybox cat "
             "/proc/sys/net/ipv4/ip_unprivileged_port_start",
             "7\n"},
            {"run --rm -v /etc/hostname:/h:ro busybox sh -c 'test -s /h && echo there'", "there\n"},
            {"run --rm --mount type=volume,source=vol,target=/v busybox sh -c 'echo x > /v/x'", ""},
            {"run --rm -v vol:/v busybox cat /v/x", "x\n"},
            {"run --rm nosuchimage true", anything + "\\[status 125\\]"},
            {"run --network nosuchnet --rm busybox true", anything + "nosuchnet" + anything + "\\[status 125\\]"}});
    EXPECT_EQ(said("sh -c 'echo from outside | " + program_ + " run --rm -i busybox cat'"), "from outside\n");
}

TEST_F(DockerClient, FollowsAContainersLife) {
    expect({{"run -d --name web -p 8080:80 -l tier=front -m 64m busybox sh -c 'echo started; sleep 1000'", id},
            {"ps -q", short_id},
            {"ps --format '{{.Names}} {{.Image}} {{.Ports}}'", "web busybox 0.0.0.0:8080->80/tcp\n"},
            {"ps -q --filter label=tier=front", short_id},
            {"ps -q --filter label=tier=back", ""},
            {"ps -q --filter name=we --filter status=running", short_id},
            {"inspect -f '{{.State.Status}} {{.HostConfig.Memory}}' web", "running 67108864\n"},
            {"logs web", "started\n"},
            {"logs --tail 1 -t web", "\\d{4}-\\d\\d-\\d\\dT\\S+ started\n"},
            {"exec web echo inside", "inside\n"},
            {"exec -e X=y -w /tmp -u 33 web sh -c 'echo $X; pwd; id -u'", "y\n/tmp\n33\n"},
            {"exec web false", "\\[status 1\\]"},
            {"exec -d web sh -c 'echo > /made'", ""},
            {"top web", "UID +PID" + anything + "sleep 1000\n"},
            {"port web", "80/tcp -> 0.0.0.0:8080\n"},
            {"port web 80", "0.0.0.0:8080\n"},
            {"stats --no-stream --format '{{.Name}} {{.PIDs}}' web", "web \\d+\n"},
            {"rename web site", ""},
            {"update --memory 128m --memory-swap 256m site", "site\n"},
            {"inspect -f '{{.HostConfig.Memory}}' site", "134217728\n"},
            {"pause site", "site\n"},
            {"ps --format '{{.Status}}'", "Up [^]*\\(Paused\\)\n"},
            {"unpause site", "site\n"},
            {"restart -t 0 site", "site\n"},
            {"stop -t 0 site", "site\n"},
            {"ps -q", ""},
            {"ps -a --format '{{.Names}} {{.State}}'", "site exited\n"},
            {"wait site", "137\n"},
            {"start site", "site\n"},
            {"kill -s KILL site", "site\n"},
            {"rm site", "site\n"},
            {"rm site", anything + "No such container: site" + anything + "\\[status 1\\]"},
            {"create --name later busybox echo later", id},
            {"start -a later", "later\n"},
            {"container ls -aq", short_id},
            {"container prune -f", "Deleted Containers:\n" + id + "\nTotal reclaimed space: \\S+\n"}});
}

TEST_F(DockerClient, CopiesFiles) {
    write_file_atomic("/tmp/in", "text\n", 0644, Durable::no);
    expect({{"create --name box busybox true", id},
            {"cp /tmp/in box:/root/in", anything},
            {"cp box:/root/in /tmp/out", anything},
            {"cp box:/root/none /tmp/out2", anything + "\\[status 1\\]"}});
    EXPECT_EQ(read_file("/tmp/out"), "text\n");
    EXPECT_EQ(said(program_ + " cp box:/root/in - | tar -xO"), "text\n");
}

TEST_F(DockerClient, ManagesNetworksAndVolumes) {
    expect({{"network create --subnet 10.55.0.0/24 net", id},
            {"network ls --filter name=net --format '{{.Name}} {{.Driver}}'", "net bridge\n"},
            {"network inspect -f '{{(index .IPAM.Config 0).Subnet}}' net", "10.55.0.0/24\n"},
            {"run -d --name one --network net --ip 10.55.0.10 --network-alias first busybox sleep 1000", id},
            {"run --rm --network net busybox nslookup first", anything + "10.55.0.10" + anything},
            {"network rm net", anything + "has active endpoints" + anything + "\\[status 1\\]"},
            {"network disconnect net one", ""},
            {"network connect --ip 10.55.0.11 net one", ""},
            {"inspect -f '{{.NetworkSettings.Networks.net.IPAddress}}' one", "10.55.0.11\n"},
            {"rm -f one", "one\n"},
            {"network rm net", "net\n"},
            {"network create net2", id},
            {"network prune -f", "Deleted Networks:\nnet2\n\n"},
            {"volume create --label a=b data", "data\n"},
            {"volume ls -q --filter label=a=b", "data\n"},
            {"volume inspect -f '{{.Name}} {{.Driver}}' data", "data local\n"},
            {"volume rm data", "data\n"},
            {"volume rm data", anything + "o such volume" + anything + "\\[status 1\\]"},
            {"volume prune -f", "Total reclaimed space: 0B\n"}});
}

TEST_F(DockerClient, TellsAboutImagesAndTheSystem) {
    expect({{"images --format '{{.Repository}}:{{.Tag}}'", "busybox:latest\n"},
            {"image ls -q", short_id},
            {"tag busybox mine:1", ""},
            {"image inspect -f '{{index .RepoTags 0}} {{.Os}}' mine:1", "busybox:latest linux\n"},
            {"rmi mine:1", "Untagged: mine:1\n"}});
    sh("sleep 1.1");  // the client asks up to the last full second
    expect({{"version --format '{{.Server.APIVersion}}'", "1\\.\\d+\n"},
            {"info --format '{{.OSType}} {{.Swarm.LocalNodeState}}'", "linux inactive\n"},
            {"events --since 1h --until 0s --filter type=image --format '{{.Action}}'", anything + "tag\nuntag\n"},
            {"service ls", anything + "not a swarm manager" + anything + "\\[status 1\\]"},
            {"swarm init", anything + "one host" + anything + "\\[status 1\\]"},
            {"plugin ls -q", ""}});
}

class DockerCompose : public testing::Test {
protected:
    void SetUp() override {
        if (run({"sh", "-c", "docker-compose version"}).status != 0) GTEST_SKIP() << "there is no docker-compose";
        import_busybox();
        sh("mkdir -p /tmp/stack");
        write_file_atomic("/tmp/stack/docker-compose.yml", R"(
version: "3.7"
services:
  db:
    image: busybox
    command: sh -c "echo db up; sleep 1000"
    stop_grace_period: 1s
    volumes: [data:/data]
    networks: {back: {ipv4_address: 172.31.9.10}}
    healthcheck: {test: "true", interval: 1s}
  web:
    image: busybox
    hostname: webhost
    command: sh -c "echo web up; sleep 1000"
    stop_grace_period: 1s
    ports: ["8181:80"]
    depends_on: [db]
    networks: [back, front]
volumes: {data: {}}
networks:
  back: {ipam: {config: [{subnet: 172.31.9.0/24}]}}
  front: {}
)",
                          0644, Durable::no);
    }
    static std::string compose(const std::string& words) {
        return said("docker-compose --ansi never -f /tmp/stack/docker-compose.yml " + words);
    }
    static bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
};

TEST_F(DockerCompose, BringsAStackUpAndDown) {
    const auto up = compose("up -d");
    EXPECT_TRUE(has(up, "Creating stack_web_1 ... done")) << up;
    EXPECT_EQ(compose("up -d"), "stack_db_1 is up-to-date\nstack_web_1 is up-to-date\n");
    EXPECT_TRUE(eventually([] { return has(compose("ps"), "Up (healthy)"); }));
    const auto logs = compose("logs --no-color");
    EXPECT_TRUE(has(logs, "web up") && has(logs, "db up")) << logs;
    EXPECT_EQ(compose("exec -T web hostname"), "webhost\n");
    EXPECT_TRUE(has(compose("run --rm -T web echo ran"), "ran\n"));
    EXPECT_EQ(compose("port web 80"), "0.0.0.0:8181\n");
    EXPECT_TRUE(has(compose("top db"), "sleep 1000"));
    EXPECT_TRUE(has(compose("up -d --scale db=1 --force-recreate web"), "Recreating stack_web_1 ... done"));
    for (const char* verb : {"restart -t 0 web", "pause db", "unpause db", "stop -t 0", "start", "kill web", "images"})
        EXPECT_FALSE(has(compose(verb), "[status")) << verb;
    EXPECT_FALSE(has(compose("down -v -t 0"), "[status"));
    EXPECT_EQ(hoist_ok({"ps", "-a", "-q"}) + hoist_ok({"volume", "ls", "-q"}), "");
    EXPECT_EQ(hoist_ok({"system", "audit"}), "database and kernel agree\n");
    EXPECT_EQ(leftovers().find("hv-"), std::string::npos);
}

}  // namespace
}  // namespace hoist::test
