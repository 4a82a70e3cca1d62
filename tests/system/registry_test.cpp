// SPDX-License-Identifier: Apache-2.0
// Images go to a registry and come back: Debian's docker-registry on loopback, and skopeo beside us.
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "tests/support/hoist_host.h"
#include "tests/support/temp_dir.h"

namespace hoist::test {
namespace {

bool have(const std::string& program) {
    return run({"sh", "-c", "command -v " + program}).status == 0;
}

/// A docker-registry of its own storage.
class Registry {
public:
    /// @param more  lines of its configuration's "http" and "auth" parts
    Registry(int port, const std::string& more_http = "", const std::string& auth = "") : port_(port) {
        const std::string config = fmt::format(
            "version: 0.1\nlog: {{level: debug}}\nstorage:\n  filesystem: {{rootdirectory: {}}}\n  delete: {{enabled: "
            "true}}\n"
            "http:\n  addr: 127.0.0.1:{}\n{}{}",
            storage(), port, more_http, auth);
        dir_.write("config.yml", config);
        start();
    }
    ~Registry() { stop(); }

    void start() {
        const std::string line =
            fmt::format("exec docker-registry serve {} > {} 2>&1", dir_ / "config.yml", dir_ / "log");
        std::vector<char*> words = {const_cast<char*>("sh"), const_cast<char*>("-c"), const_cast<char*>(line.c_str()),
                                    nullptr};
        ASSERT_EQ(::posix_spawnp(&pid_, "sh", nullptr, nullptr, words.data(), environ), 0);
    }
    void stop() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = 0;
    }
    /// Whether it accepts connections: it works on this machine.
    bool answers() const {
        const std::string line = fmt::format("exec 3<>/dev/tcp/127.0.0.1/{}", port_);
        return eventually([&] { return run({"bash", "-c", line}).status == 0; }, 20);
    }
    std::string name(const std::string& path) const { return fmt::format("127.0.0.1:{}/{}", port_, path); }
    std::string storage() const { return dir_ / "storage"; }
    std::string log() const { return read_file_if_exists(dir_ / "log").value_or(""); }

private:
    TempDir dir_;
    int port_;
    pid_t pid_ = -1;
};

std::string id_of(const std::string& image) {
    return inspect(image).value("Id", "");
}

class RegistryTest : public testing::Test {
protected:
    static void SetUpTestSuite() {
        ::setenv("DOCKER_CONFIG", "/tmp/docker-config", 1);
        ::setenv("HOIST_CONFIG", "/tmp/hoist-config/daemon.json", 1);
    }
    void SetUp() override {
        if (!have("docker-registry")) GTEST_SKIP() << "docker-registry is not installed";
        if (!have("busybox")) GTEST_SKIP() << "busybox is not installed";
        import_busybox();
    }
    void TearDown() override {
        if (!have("docker-registry") || !have("busybox")) return;
        hoist({"image", "prune", "-a", "-f"});
        stop_daemon();
        sh("rm -rf /tmp/docker-config /tmp/hoist-config");
    }
    /// Gives the busybox image a name in a registry and pushes it.
    static void push(const std::string& name) {
        hoist_ok({"tag", "busybox", name});
        hoist_ok({"push", name});
    }
    static void forget(const std::string& name) {
        hoist({"rmi", "-f", name});
        hoist({"rmi", "-f", "busybox"});
        ASSERT_EQ(id_of(name), "");
    }
};

TEST_F(RegistryTest, PushesAndPullsTheSameImage) {
    Registry registry(5001);
    if (!registry.answers()) GTEST_SKIP() << "docker-registry does not run here: " << registry.log();
    const std::string name = registry.name("lib/box:1"), id = id_of("busybox");
    push(name);
    const std::string digest = inspect(name)["RepoDigests"].at(0);
    hoist_ok({"push", name});  // everything is there already
    forget(name);
    hoist_ok({"pull", name});
    EXPECT_EQ(id_of(name), id);
    EXPECT_EQ(inspect(name)["RepoDigests"].at(0), digest);
    EXPECT_EQ(hoist_ok({"run", "--rm", name, "echo", "works"}), "works\n");
    hoist_ok({"rmi", name});
    EXPECT_EQ(hoist_ok({"run", "--rm", name, "echo", "pulled"}), "pulled\n");  // a missing image is pulled
    hoist_ok({"rmi", name});
    hoist_ok({"pull", digest});
    EXPECT_EQ(id_of(digest), id);
    EXPECT_NE(hoist({"run", "--rm", "--pull", "never", registry.name("lib/none"), "true"}).status, 0);
    const auto missing = hoist({"pull", registry.name("lib/none:2")});
    EXPECT_NE(missing.status, 0);
    EXPECT_NE(missing.err.find("does not have it"), std::string::npos) << missing.err;
}

TEST_F(RegistryTest, LogsInWithAPassword) {
    const std::string hash = "tester:$2y$05$PZA5VDriym2Ki7pyqvU2n.yUC6p//nRpJF0WIYj4rjtstbJKwcZp2\n";
    sh("mkdir -p /tmp/auth");
    write_file_atomic("/tmp/auth/htpasswd", hash, 0644, Durable::no);
    Registry registry(5002, "", "auth:\n  htpasswd: {realm: test, path: /tmp/auth/htpasswd}\n");
    if (!registry.answers()) GTEST_SKIP() << "docker-registry does not run here: " << registry.log();
    const std::string name = registry.name("private/box:1");
    hoist_ok({"tag", "busybox", name});
    const auto denied = hoist({"push", name});
    EXPECT_NE(denied.status, 0);
    EXPECT_NE(denied.err.find("hoist login 127.0.0.1:5002"), std::string::npos) << denied.err;
    const auto wrong = hoist({"login", "-u", "tester", "-p", "guess", "127.0.0.1:5002"});
    EXPECT_NE(wrong.status, 0);
    EXPECT_NE(wrong.err.find("password is wrong"), std::string::npos) << wrong.err;
    EXPECT_EQ(hoist_ok({"login", "-u", "tester", "-p", "secret", "127.0.0.1:5002"}), "Login Succeeded\n");
    hoist_ok({"push", name});
    forget(name);
    hoist_ok({"pull", name});
    EXPECT_NE(hoist_ok({"search", "127.0.0.1:5002/box"}).find("private/box"), std::string::npos);
    hoist_ok({"logout", "127.0.0.1:5002"});
    EXPECT_NE(hoist({"pull", name}).status, 0);
}

TEST_F(RegistryTest, BelievesOnlyACertificateThatItTrusts) {
    if (!have("openssl")) GTEST_SKIP() << "openssl is not installed";
    sh("mkdir -p /tmp/tls && cd /tmp/tls && openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem "
       "-days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 2>&1");
    Registry registry(5003, "  tls: {certificate: /tmp/tls/cert.pem, key: /tmp/tls/key.pem}\n");
    if (!registry.answers()) GTEST_SKIP() << "docker-registry does not run here: " << registry.log();
    const std::string name = registry.name("tls/box:1");
    hoist_ok({"tag", "busybox", name});
    const auto refused = hoist({"push", name});
    EXPECT_NE(refused.status, 0);
    EXPECT_NE(refused.err.find("self-signed certificate"), std::string::npos) << refused.err;
    sh("mkdir -p /tmp/hoist-config/certs.d/127.0.0.1:5003 && cp /tmp/tls/cert.pem "
       "/tmp/hoist-config/certs.d/127.0.0.1:5003/ca.crt");
    hoist_ok({"push", name});
    forget(name);
    hoist_ok({"pull", name});
}

/// The daemon dies while a layer comes; the next one goes on where it was.
TEST_F(RegistryTest, GoesOnWithALayerAfterTheDaemonDied) {
    Registry registry(5004);
    if (!registry.answers()) GTEST_SKIP() << "docker-registry does not run here: " << registry.log();
    sh("mkdir -p /tmp/big && head -c 12000000 /dev/urandom > /tmp/big/data && tar -C /tmp/big -cf /tmp/big.tar data");
    const std::string name = registry.name("big:1");
    hoist_ok({"import", "/tmp/big.tar", name});
    const std::string id = id_of(name);
    hoist_ok({"push", name});
    forget(name);
    stop_daemon();
    ::setenv("HOIST_FAIL", "download_written:20:kill", 1);
    EXPECT_NE(hoist({"pull", name}).status, 0);
    ::unsetenv("HOIST_FAIL");
    ASSERT_TRUE(eventually([] { return sh("cat /var/lib/hoist/downloads/* 2>/dev/null | wc -c") != "0\n"; }));
    const long had = std::stol(sh("cat /var/lib/hoist/downloads/* | wc -c"));
    EXPECT_GT(had, 0);
    EXPECT_LT(had, 12'000'000);
    hoist_ok({"pull", name});
    EXPECT_EQ(id_of(name), id);
    EXPECT_NE(registry.log().find("http.response.status=206"), std::string::npos);
    EXPECT_EQ(sh("ls /var/lib/hoist/downloads | wc -l"), "0\n");
}

TEST_F(RegistryTest, RefusesABlobWithOtherBytes) {
    Registry registry(5005);
    if (!registry.answers()) GTEST_SKIP() << "docker-registry does not run here: " << registry.log();
    const std::string name = registry.name("lib/box:1");
    push(name);
    forget(name);
    const std::string blob = std::string(trim(sh("find " + registry.storage() + " -name data -size +100k")));
    sh("cp " + blob + " /tmp/good && printf XXXX | dd of=" + blob + " bs=1 seek=70000 conv=notrunc 2>&1");
    const auto refused = hoist({"pull", name});
    EXPECT_NE(refused.status, 0);
    EXPECT_EQ(id_of(name), "");
    EXPECT_EQ(sh("ls /var/lib/hoist/downloads /var/lib/hoist/layers/tmp | grep -vc '^/\\|^$' || true"), "0\n");
    sh("cp /tmp/good " + blob);
    hoist_ok({"pull", name});
}

TEST_F(RegistryTest, ExchangesWithSkopeo) {
    if (!have("skopeo") || run({"skopeo", "--version"}).status != 0) GTEST_SKIP() << "skopeo does not run here";
    Registry registry(5006);
    if (!registry.answers()) GTEST_SKIP() << "docker-registry does not run here: " << registry.log();
    const std::string id = id_of("busybox");
    hoist_ok({"save", "-o", "/tmp/ours.tar", "busybox"});
    const std::string skopeo = "skopeo --insecure-policy copy --dest-tls-verify=false --src-tls-verify=false ";
    sh(skopeo + "docker-archive:/tmp/ours.tar docker://" + registry.name("from/docker:1"));
    sh("rm -rf /tmp/oci && " + skopeo + "oci-archive:/tmp/ours.tar oci:/tmp/oci:1");
    push(registry.name("from/hoist:1"));
    sh("rm -f /tmp/theirs.tar && " + skopeo + "docker://" + registry.name("from/hoist:1") +
       " docker-archive:/tmp/theirs.tar:example.org/theirs:1");
    sh("rm -f /tmp/theirs.oci && " + skopeo + "docker://" + registry.name("from/hoist:1") +
       " oci-archive:/tmp/theirs.oci");
    forget(registry.name("from/hoist:1"));
    hoist_ok({"pull", registry.name("from/docker:1")});
    EXPECT_EQ(hoist_ok({"run", "--rm", registry.name("from/docker:1"), "echo", "x"}), "x\n");
    EXPECT_NE(hoist_ok({"load", "-i", "/tmp/theirs.tar"}).find("Loaded image: example.org/theirs:1"),
              std::string::npos);
    EXPECT_EQ(id_of("example.org/theirs:1"), id);
    EXPECT_NE(hoist_ok({"load", "-i", "/tmp/theirs.oci"}).find("Loaded image ID: " + id), std::string::npos);
}

/// Changes of a container as an image, its history, and the way back.
TEST(Snapshot, CommitsTellsAndGoesBack) {
    if (!have("busybox")) GTEST_SKIP() << "busybox is not installed";
    import_busybox();
    hoist_ok(
        {"run", "--name", "work", "busybox", "sh", "-c", "echo new > /added; rm /etc/passwd; echo x >> /etc/group"});
    EXPECT_EQ(hoist_ok({"diff", "work"}), "A /added\nC /etc\nC /etc/group\nD /etc/passwd\n");
    const std::string id(trim(hoist_ok({"commit", "-c", "ENV A=1", "-m", "a note", "work", "made:1"})));
    EXPECT_EQ(id_of("made:1"), id);
    EXPECT_EQ(
        hoist_ok({"run", "--rm", "made:1", "sh", "-c", "cat /added; echo $A; ls /etc/passwd 2>/dev/null || true"}),
        "new\n1\n");
    const std::string history = hoist_ok({"history", "made:1"});
    EXPECT_NE(history.find("a note"), std::string::npos) << history;
    const std::string tree = hoist_ok({"images", "--tree"});
    EXPECT_NE(tree.find("└ "), std::string::npos) << tree;
    hoist_ok({"reset", "work"});
    EXPECT_EQ(hoist_ok({"diff", "work"}), "");
    hoist_ok({"reset", "work", "made:1"});
    hoist_ok({"export", "-o", "/tmp/work.tar", "work"});
    EXPECT_EQ(sh("tar -xOf /tmp/work.tar added"), "new\n");
    EXPECT_EQ(hoist_ok({"image", "verify"}), "all layers are as their digests say\n");
    sh("for f in /var/lib/hoist/layers/sha256/*/fs/added; do echo other > $f; done");
    EXPECT_EQ(hoist({"image", "verify", "made:1"}).status, 1);
    EXPECT_NE(hoist_ok({"system", "df"}).find("Images"), std::string::npos);
    hoist_ok({"rm", "work"});
    hoist_ok({"image", "prune", "-a", "-f"});
    EXPECT_EQ(hoist_ok({"images", "-q"}), "");
    EXPECT_EQ(sh("ls /var/lib/hoist/layers/sha256 | wc -l"), "0\n");
}

}  // namespace
}  // namespace hoist::test
