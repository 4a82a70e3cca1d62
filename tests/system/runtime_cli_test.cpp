// SPDX-License-Identifier: Apache-2.0
// hoist-runtime's command line as runc's and crun's users know it: help, mistakes, logs, and what there is to see.
#include <unistd.h>

#include "base/units.h"
#include "tests/system/runtime_bundle.h"

namespace hoist::runtime::test {
namespace {

using RuntimeCli = RuntimeBundle;

const char* const all_commands[] = {"create", "start",    "run",        "kill",    "delete", "exec",
                                    "state",  "list",     "ps",         "pause",   "resume", "spec",
                                    "update", "features", "checkpoint", "restore", "events"};

TEST_F(RuntimeCli, ShowsHelpForEveryCommand) {
    const auto all = bare({"--help"});
    EXPECT_EQ(all.status, 0);
    EXPECT_EQ(bare({"-h"}).out, all.out);
    EXPECT_EQ(bare({}).out, all.out);
    for (const char* name : all_commands) {
        EXPECT_NE(all.out.find(std::string("\n   ") + name), std::string::npos) << name;
        for (const char* option : {"-h", "--help"}) {
            const auto one = bare({name, option});
            EXPECT_EQ(one.status, 0) << name;
            EXPECT_EQ(one.out.rfind(std::string("NAME:\n   hoist-runtime ") + name + " - ", 0), 0u) << one.out;
        }
    }
    const auto run = bare({"run", "--help"});
    for (const char* option :
         {"--bundle, -b DIR", "--config, -f FILE", "--console-socket SOCKET", "--pid-file FILE", "--preserve-fds N",
          "--no-pivot", "--no-new-keyring", "--no-subreaper", "--detach, -d", "--keep"})
        EXPECT_NE(run.out.find(std::string("   ") + option + " "), std::string::npos) << option;
}

TEST_F(RuntimeCli, IsCalledWhatItsFileIsCalled) {
    ASSERT_EQ(::symlink(program().c_str(), "/tmp/runc"), 0);
    const auto help = hoist::test::run({"/tmp/runc", "delete", "-h"});
    EXPECT_EQ(help.out.rfind("NAME:\n   runc delete - ", 0), 0u) << help.out;
    const auto version = hoist::test::run({"/tmp/runc", "--version"});
    EXPECT_EQ(version.out.rfind("runc version ", 0), 0u) << version.out;
    EXPECT_NE(version.out.find("\nspec: 1."), std::string::npos);
    EXPECT_NE(version.out.find("\n+SYSTEMD "), std::string::npos) << "as crun lists what it is built with";
    ::unlink("/tmp/runc");
}

struct Mistake {
    std::vector<std::string> words;
    int status;
    const char* error;
};

TEST_F(RuntimeCli, RefusesWhatItDoesNotKnow) {
    const Mistake mistakes[] = {
        {{"nope"}, 3, "unknown command: No help topic for 'nope'"},
        {{"--nope", "list"}, 1, "unknown option --nope"},
        {{"run", "--nope", "c"}, 1, "run: unknown option --nope"},
        {{"exec", "-x", "c", "true"}, 1, "exec: unknown option -x"},
        {{"state"}, 1, "state: too few arguments; usage: state ID"},
        {{"state", "a", "b"}, 1, "state: too many arguments; usage: state ID"},
        {{"list", "a"}, 1, "list: too many arguments"},
        {{"kill", "a", "TERM", "b"}, 1, "kill: too many arguments"},
        {{"run", "-b"}, 1, "run: option --bundle needs a value"},
        {{"--cgroup-manager", "nope", "list"},
         1,
         "unknown cgroup manager \"nope\": there are cgroupfs, systemd and disabled"},
        {{"--log-format", "xml", "list"}, 1, "invalid log-format: xml"},
        {{"--log", "/nowhere/log", "list"}, 1, "open /nowhere/log"},
        {{"list", "--format", "xml"}, 1, "invalid format option \"xml\""},
        {{"checkpoint", "--image-path", "x", "c"}, 1, "checkpoint: unknown option"},
        {{"checkpoint", "c"}, 1, "checkpoints are not supported"},
        {{"restore", "c"}, 1, "checkpoints are not supported"},
        {{"run", "-b", "/nowhere", "c"}, 1, "open /nowhere/config.json: No such file or directory"},
        {{"update", "--memory", "much", "c"}, 1, "does not exist"},
    };
    for (const auto& one : mistakes) {
        const auto done = command(one.words);
        EXPECT_EQ(done.status, one.status) << one.error;
        EXPECT_NE(done.err.find(one.error), std::string::npos) << done.err;
        EXPECT_EQ(done.out, "") << one.error;
    }
}

TEST_F(RuntimeCli, SaysThatThereIsNoSuchContainer) {
    const std::vector<std::string> commands[] = {
        {"start", "nope"},      {"state", "nope"},  {"kill", "nope"},
        {"kill", "-a", "nope"}, {"delete", "nope"}, {"ps", "nope"},
        {"pause", "nope"},      {"resume", "nope"}, {"update", "--memory", "1m", "nope"},
        {"events", "nope"}};
    for (const auto& words : commands) {
        const auto done = command(words);
        EXPECT_EQ(done.status, 1) << words[0];
        EXPECT_NE(done.err.find("container \"nope\" does not exist"), std::string::npos) << done.err;
    }
    const auto exec = command({"exec", "nope", "true"});
    EXPECT_EQ(exec.status, 255) << "other numbers would be the program's";
    EXPECT_NE(exec.err.find("exec failed: container \"nope\" does not exist"), std::string::npos) << exec.err;
    EXPECT_EQ(command({"delete", "--force", "nope"}).status, 0);
    EXPECT_EQ(command({"delete", "--force", "../nope"}).status, 1) << "no id";
}

// containerd, conmon and podman show their users the last error of this file.
TEST_F(RuntimeCli, LogsForEngines) {
    const auto done = command({"--log", "/tmp/log", "--log-format=json", "state", "nope"});
    EXPECT_NE(done.err.find("does not exist"), std::string::npos) << "people read standard error";
    const Json line = Json::parse(read_file("/tmp/log"));
    EXPECT_EQ(line["level"], "error");
    EXPECT_EQ(line["msg"], "container \"nope\" does not exist");
    EXPECT_TRUE(parse_time(line["time"].get<std::string>())) << line;
    sh("rm /tmp/log");
    command({"--log", "/tmp/log", "state", "nope"});
    const std::string text = read_file("/tmp/log");
    EXPECT_EQ(text.rfind("time=\"20", 0), 0u) << text;
    EXPECT_NE(text.find(" level=error msg=\"container \\\"nope\\\" does not exist\"\n"), std::string::npos) << text;
    const Json alone = Json::parse(command({"--log-format", "json", "state", "nope"}).err);
    EXPECT_EQ(alone["level"], "error") << "without a file it goes to standard error";
}

TEST_F(RuntimeCli, LogsItsStepsWhenAsked) {
    save_program({"/bin/true"});
    const auto quiet = command({"run", "-b", "/tmp/b", "c"});
    EXPECT_EQ(quiet.err, "");
    const auto debug = command({"--debug", "run", "-b", "/tmp/b", "c"});
    EXPECT_EQ(debug.status, 0);
    EXPECT_NE(debug.err.find("level=debug msg=\"container c: "), std::string::npos) << debug.err;
    const auto logged = command({"--debug", "--log", "/tmp/log", "run", "-b", "/tmp/b", "c"});
    EXPECT_EQ(logged.err, "") << "what goes to a file does not go to the terminal";
    EXPECT_NE(read_file("/tmp/log").find("level=debug"), std::string::npos);
}

TEST_F(RuntimeCli, ListsContainers) {
    EXPECT_EQ(command({"list", "-q"}).out, "");
    EXPECT_EQ(command({"list", "-f", "json"}).out, "[]\n");
    config_.annotations["key"] = "value";
    start_sleeper("one");
    start_sleeper("two");
    EXPECT_EQ(command({"list", "-q"}).out, "one\ntwo\n");
    EXPECT_EQ(command({"list", "--quiet"}).out, "one\ntwo\n");
    const auto table = split(command({"list"}).out, '\n');
    ASSERT_EQ(table.size(), 4u);
    EXPECT_EQ(sh("echo '" + table[0] + "' | tr -s ' '"), "ID PID STATUS BUNDLE CREATED OWNER\n");
    EXPECT_NE(table[1].find("running     /tmp/b"), std::string::npos) << table[1];
    EXPECT_NE(table[1].find(" root"), std::string::npos) << table[1];
    const std::string text = command({"list", "--format", "json"}).out;
    const Json rows = Json::parse(text);
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0]["id"], "one");
    EXPECT_EQ(rows[1]["status"], "running");
    EXPECT_EQ(rows[1]["annotations"], (Json{{"key", "value"}}));
    EXPECT_EQ(text.rfind("[{\"ociVersion\":\"1.2.0\",\"id\":\"one\",\"pid\":", 0), 0u) << "scripts match this order";
}

TEST_F(RuntimeCli, ShowsTheStateOfOne) {
    save_program({"/bin/sleep", "1000"});
    ASSERT_EQ(command({"create", "-b", "/tmp/b", "c"}).status, 0);
    Json state = state_of();
    EXPECT_EQ(state["ociVersion"], "1.2.0");
    EXPECT_EQ(state["id"], "c");
    EXPECT_EQ(state["status"], "created");
    EXPECT_EQ(state["bundle"], "/tmp/b");
    EXPECT_EQ(state["rootfs"], "/tmp/b/rootfs");
    EXPECT_EQ(state["owner"], "root");
    EXPECT_TRUE(parse_time(state["created"].get<std::string>()));
    EXPECT_EQ(sh("readlink /proc/" + state["pid"].dump() + "/root"), "/\n");
    ASSERT_EQ(command({"start", "c"}).status, 0);
    EXPECT_EQ(status_of(), "running");
    ASSERT_EQ(command({"kill", "c", "KILL"}).status, 0);
    ASSERT_TRUE(becomes("stopped"));
    EXPECT_EQ(state_of()["pid"], 0);
}

TEST_F(RuntimeCli, ShowsProcesses) {
    config_.process.args = {"/bin/sh", "-c", "sleep 1001 & sleep 1002 & wait"};
    save();
    ASSERT_EQ(command({"run", "-d", "-b", "/tmp/b", "c"}).status, 0);
    for (int tries = 0; tries < 100 && Json::parse(command({"ps", "-f", "json", "c"}).out).size() < 3; ++tries)
        ::usleep(10'000);
    EXPECT_EQ(Json::parse(command({"ps", "--format", "json", "c"}).out).size(), 3u);
    const auto table = command({"ps", "c"});
    EXPECT_EQ(sh("echo '" + split(table.out, '\n')[0] + "' | tr -s ' '"), "UID PID PPID C STIME TTY TIME CMD\n");
    EXPECT_NE(table.out.find("sleep 1001"), std::string::npos) << table.out;
    EXPECT_EQ(table.out.find("hoist-runtime"), std::string::npos) << "only the container's";
    const auto own = command({"ps", "c", "-e", "-o", "comm,pid"});
    EXPECT_EQ(sh("echo '" + split(own.out, '\n')[0] + "' | tr -s ' '"), "COMMAND PID\n") << own.err;
    EXPECT_EQ(command({"ps", "c", "-e", "-o", "comm"}).status, 1) << "nothing to tell the container's by";
    EXPECT_EQ(command({"ps", "-f", "xml", "c"}).status, 1);
    ASSERT_EQ(command({"kill", "c", "KILL"}).status, 0);
    ASSERT_TRUE(becomes("stopped"));
    const auto after = command({"ps", "c"});
    EXPECT_EQ(after.status, 0);
    EXPECT_EQ(split(after.out, '\n').size(), 2u) << after.out;
}

TEST_F(RuntimeCli, WritesAConfigurationToStartFrom) {
    sh("rm -f /tmp/b/config.json");
    ASSERT_EQ(command({"spec", "-b", "/tmp/b"}).status, 0);
    const Json made = Json::parse(read_file("/tmp/b/config.json"));
    EXPECT_EQ(made["process"]["args"], Json({"sh"}));
    EXPECT_EQ(made["process"]["noNewPrivileges"], true);
    EXPECT_EQ(made["root"], (Json{{"path", "rootfs"}, {"readonly", true}}));
    const auto again = command({"spec", "--bundle", "/tmp/b"});
    EXPECT_EQ(again.status, 1) << "it overwrites nothing";
    EXPECT_NE(again.err.find("/tmp/b/config.json exists already"), std::string::npos) << again.err;
    config_ = config_from_json(made);
    config_.process.terminal = false;
    EXPECT_EQ(shell("echo it runs; hostname").out, "it runs\nhoist\n");
    ASSERT_EQ(command({"spec", "--rootless", "-f", "/tmp/b/rootless.json"}).status, 0);
    const Json rootless = Json::parse(read_file("/tmp/b/rootless.json"));
    EXPECT_EQ(rootless["linux"]["uidMappings"][0], (Json{{"containerID", 0}, {"hostID", 0}, {"size", 1}}));
    EXPECT_EQ(rootless["linux"].count("resources"), 0u);
    EXPECT_NE(rootless["linux"]["namespaces"].dump().find("\"user\""), std::string::npos);
    EXPECT_EQ(rootless["linux"]["namespaces"].dump().find("\"network\""), std::string::npos);
}

TEST_F(RuntimeCli, ShowsWhatItSupports) {
    const Json features = Json::parse(bare({"features"}).out);
    EXPECT_EQ(features["ociVersionMax"], "1.2.0");
    EXPECT_EQ(features["linux"]["cgroup"]["systemd"], true);
    EXPECT_EQ(features["hooks"].size(), 6u);
}

}  // namespace
}  // namespace hoist::runtime::test
