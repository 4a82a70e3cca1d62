// SPDX-License-Identifier: Apache-2.0
// One row per rule of merging: the service "a" of two files, and what `config` shows of one key.
#include "tests/compose/load.h"

namespace hoist::compose {
namespace {

using test::Files;

Files two_files(const std::string& base, const std::string& over) {
    Files files = test::one_service(base);
    files.texts["/p/over.yaml"] = test::one_service(over).texts["/p/compose.yaml"];
    files.options.files = {"/p/compose.yaml", "/p/over.yaml"};
    return files;
}

/// The lines of one key of service "a" in the canonical output, without blanks, joined by spaces.
std::string shown(const Files& files, const std::string& key) {
    const std::string errors = files.errors();
    if (!errors.empty()) return errors;
    const std::string yaml = to_yaml(files.project());
    std::string out;
    bool inside = false;
    for (std::size_t pos = 0; pos < yaml.size();) {
        const std::string line = yaml.substr(pos, yaml.find('\n', pos) - pos);
        pos += line.size() + 1;
        const std::size_t indent = line.find_first_not_of(' ');
        if (indent <= 4) inside = indent == 4 && line.substr(4).starts_with(key + ":");
        if (inside) out += (out.empty() ? "" : " ") + line.substr(indent);
    }
    return out;
}

struct Row {
    std::string key, base, over, want;
};
class Merge : public testing::TestWithParam<Row> {};
TEST_P(Merge, Gives) {
    const Row& row = GetParam();
    EXPECT_EQ(shown(two_files(row.key + ": " + row.base, row.key + ": " + row.over), row.key),
              row.want.empty() ? "" : row.key + ": " + row.want);
}
INSTANTIATE_TEST_SUITE_P(
    Rules, Merge,
    testing::Values(
        Row{"user", "x", "z", "z"}, Row{"hostname", "x", "null", "x"}, Row{"hostname", "x", "!reset null", ""},
        Row{"environment", "[A=1, B=2]", "[B=3, C=4]", "A: \"1\" B: \"3\" C: \"4\""},
        Row{"environment", "{A: 1}", "[A=2]", "A: \"2\""}, Row{"environment", "[A=1]", "{B: 2}", "A: \"1\" B: \"2\""},
        Row{"environment", "[A=1]", "!override [B=2]", "B: \"2\""},
        Row{"environment", "[A=1, B=1]", "{A: !reset null}", "B: \"1\""},
        Row{"labels", "[a=1]", "{a: 2, b: 3}", "a: \"2\" b: \"3\""}, Row{"annotations", "{a: 1}", "[a=2]", "a: \"2\""},
        Row{"sysctls", "[net.a=1]", "{net.a: 2}", "net.a: \"2\""}, Row{"cap_add", "[A, B]", "[B, C]", "- A - B - C"},
        Row{"cap_drop", "[A]", "[A]", "- A"},
        Row{"dns", "1.1.1.1", "[1.1.1.1, 8.8.8.8]", "- \"1.1.1.1\" - \"8.8.8.8\""},
        Row{"dns_opt", "[a]", "[b]", "- a - b"}, Row{"dns_search", "a", "b", "- a - b"},
        Row{"expose", "[80]", "['80', 81]", "- \"80\" - \"81\""},
        Row{"extra_hosts", "['h=1.1.1.1']", "{h: 1.1.1.1, g: 2.2.2.2}", "- h=1.1.1.1 - g=2.2.2.2"},
        Row{"command", "[a, b]", "[c]", "- c"}, Row{"command", "[a, b]", "c d", "- c - d"},
        Row{"command", "[a]", "[]", "[]"}, Row{"entrypoint", "[a]", "[b]", "- b"},
        Row{"ports", "['80:80']", "['80:80/tcp', '81:80']",
            "- mode: ingress target: 80 published: \"80\" protocol: tcp - mode: ingress target: 80 published: \"81\" "
            "protocol: tcp"},
        Row{"ports", "['80:80']", "[{target: 80, published: 80, name: web}]",
            "- name: web mode: ingress target: 80 published: \"80\" protocol: tcp"},
        Row{"volumes", "['/a:/x', '/b:/y']", "['/c:/x']",
            "- type: bind source: /c target: /x bind: create_host_path: true - type: bind source: /b target: /y bind: "
            "create_host_path: true"},
        Row{"volumes", "['/a:/x']", "[{type: tmpfs, target: /x}]", "- type: tmpfs target: /x"},
        Row{"devices", "['/dev/a:/dev/x']", "['/dev/b:/dev/x']", "- \"/dev/b:/dev/x:rwm\""},
        Row{"ulimits", "{nofile: {soft: 1, hard: 2}}", "{nofile: 5}", "nofile: soft: 5 hard: 5"},
        Row{"healthcheck", "{test: [CMD, a], interval: 1s}", "{test: [CMD, b]}", "test: - CMD - b interval: \"1s\""},
        Row{"logging", "{driver: x, options: {a: 1}}", "{options: {b: 2}}", "driver: x options: a: \"1\" b: \"2\""},
        Row{"logging", "{driver: x, options: {a: 1}}", "{driver: y}", "driver: \"y\""},
        Row{"build", "./d", "{target: t}", "context: /p/d target: t"},
        Row{"build", "{context: ., args: [A=1]}", "{args: {B: 2}}", "context: /p args: A: \"1\" B: \"2\""},
        Row{"security_opt", "[label=a]", "[label=b]", "- label=a - label=b"},
        Row{"group_add", "[a]", "[b]", "- a - b"}));

TEST(MergeFiles, MergesDependenciesAndNetworksInBothForms) {
    Files files(
        "services: {a: {image: i, depends_on: [b], networks: [x]}, b: {image: i}, c: {image: i}}\nnetworks: {x: }\n");
    files.texts["/p/o.yaml"] =
        "services: {a: {depends_on: {b: {condition: service_started, restart: true}, c: }, networks: {x: {aliases: "
        "[n]}}}}\n";
    files.options.files = {"/p/compose.yaml", "/p/o.yaml"};
    const Service a = files.project().services.at("a");
    EXPECT_TRUE(a.depends_on.at("b").restart);
    EXPECT_EQ(a.depends_on.size(), 2u);
    EXPECT_EQ(a.networks[0].second.aliases, std::vector<std::string>{"n"});
}

TEST(MergeFiles, SaysWhereKindsClash) {
    const Files files = two_files("ulimits: {a: 1}", "ulimits: [a]");
    EXPECT_EQ(files.errors(), "over.yaml:4:14: a list cannot be merged with a map\n");
    EXPECT_THAT(files.errors(DiagnosticFormat::rich), testing::HasSubstr("::: compose.yaml:4:14"));
}

TEST(MergeFiles, TakesDocumentsAndOverrideFilesInOrder) {
    Files files("services: {a: {image: one, user: u}}\n---\nservices: {a: {image: two}}\n");
    EXPECT_EQ(files.project().services.at("a").image, "two");
    files.texts["/p/compose.override.yaml"] = "services: {a: {image: three}}\n";
    const Project p = files.project();
    EXPECT_EQ(p.services.at("a").image, "three");
    EXPECT_EQ(p.services.at("a").user, "u");
    EXPECT_EQ(p.config_files, (std::vector<std::string>{"/p/compose.yaml", "/p/compose.override.yaml"}));
}

TEST(FindFiles, SearchesUpwardsAndWarnsAboutASecond) {
    Files files;
    files.texts = {{"/p/docker-compose.yml", "services: {a: {image: i}}"},
                   {"/p/compose.yml", "services: {b: {image: i}}"}};
    files.options.working_directory = "/p/deep/er";
    EXPECT_EQ(files.project().working_dir, "/p");
    EXPECT_EQ(files.project().services.count("b"), 1u);
    EXPECT_EQ(
        files.warnings(),
        "/p/docker-compose.yml: warning: /p/docker-compose.yml is not used, because /p/compose.yml is there too\n");
    files.options.environment["COMPOSE_FILE"] = "../../docker-compose.yml";
    EXPECT_EQ(files.project().services.count("a"), 1u);
}

TEST(Extends, LaysTheBaseBelow) {
    Files files(
        "services:\n  a: {extends: {service: base, file: sub/base.yaml}, environment: [B=2]}\n  c: {extends: a, image: "
        "!reset null, build: .}\n");
    files.texts["/p/sub/base.yaml"] =
        "services:\n  base: {extends: root, environment: {A: 1, B: 1}, volumes: ['./d:/d']}\n  root: {image: i, user: "
        "u}\n";
    const Service a = files.project().services.at("a");
    EXPECT_EQ(a.image, "i");
    EXPECT_EQ(a.user, "u");
    EXPECT_EQ(a.environment.at("A"), "1");
    EXPECT_EQ(a.environment.at("B"), "2");
    EXPECT_EQ(a.mounts[0].source, "/p/sub/d");
    EXPECT_EQ(files.project().services.at("c").image, "p-c");
}

TEST(Extends, SaysWhatIsWrong) {
    EXPECT_EQ(Files("services:\n  a: {extends: bb, image: i}\n  b: {image: i}\n").errors(),
              "compose.yaml:2:16: service \"a\" extends \"bb\", which compose.yaml does not define\n");
    EXPECT_EQ(Files("services:\n  a: {extends: b}\n  b: {extends: a}\n").errors().substr(0, 17), "compose.yaml:2:16");
    EXPECT_EQ(Files("services:\n  a: {extends: {file: x.yaml, service: b}}\n").errors(),
              "compose.yaml:2:23: there is no file x.yaml\n");
}

TEST(Include, HasItsOwnDirectoryAndVariables) {
    Files files("include: [sub/compose.yaml]\nservices: {a: {image: i, depends_on: [b]}}\n");
    files.texts["/p/sub/compose.yaml"] = "name: other\nservices: {b: {image: \"$X-$Y\", volumes: ['./d:/d']}}\n";
    files.texts["/p/sub/.env"] = "X=sub\nY=sub\n";
    files.texts["/p/.env"] = "X=top\n";
    const Project p = files.project();
    EXPECT_EQ(p.name, "p");
    EXPECT_EQ(p.services.at("b").image, "top-sub");
    EXPECT_EQ(p.services.at("b").mounts[0].source, "/p/sub/d");
    files.texts["/p/sub/compose.yaml"] = "include: [../compose.yaml]\n";
    EXPECT_THAT(files.errors(), testing::HasSubstr("compose.yaml includes itself"));
    files.texts.erase("/p/sub/compose.yaml");
    EXPECT_EQ(files.errors(), "compose.yaml:1:11: there is no file sub/compose.yaml\n");
}

TEST(Profiles, EnableServices) {
    Files files(
        "services:\n  a: {image: i}\n  b: {image: i, profiles: [debug, x]}\n  c: {image: i, profiles: [x]}\nvolumes: "
        "{unused: }\n");
    const auto names = [&] {
        std::string all;
        for (const auto& [name, service] : files.project().services) all += name;
        return all;
    };
    EXPECT_EQ(names(), "a");
    EXPECT_TRUE(files.project().volumes.empty());
    files.options.profiles = {"debug"};
    EXPECT_EQ(names(), "ab");
    files.options.profiles = {"*"};
    EXPECT_EQ(names(), "abc");
    files.options.profiles = {};
    files.options.services = {"c"};
    EXPECT_EQ(names(), "abc");
    files.options.services = {};
    files.options.environment["COMPOSE_PROFILES"] = "debug, other";
    EXPECT_EQ(names(), "ab");
    files.options.services = {"d"};
    EXPECT_THAT(files.errors(), testing::HasSubstr("there is no service \"d\""));
}

TEST(ProjectName, IsChosenInOrder) {
    Files files("name: from-file # c\nservices: {a: {image: [broken\n");
    const auto name = [&] { return project_name_of(files.options, files.reader()); };
    EXPECT_EQ(name(), "from-file");
    files.options.environment["COMPOSE_PROJECT_NAME"] = "from-env";
    EXPECT_EQ(name(), "from-env");
    files.options.project_name = "given";
    EXPECT_EQ(name(), "given");
    files.options.project_name = "Bad";
    EXPECT_THROW(name(), Error);
    Files bare;
    bare.options.working_directory = "/x/_My Shop.2";
    bare.texts["/x/_My Shop.2/compose.yaml"] = "services: {a: {image: i}}";
    EXPECT_EQ(bare.project().name, "myshop2");
}

TEST(Implied, LinksAndSharedNamespacesAreDependencies) {
    const Project p = Files(
                          "services:\n  a: {image: i, links: ['b:db'], volumes_from: ['c:ro']}\n  b: {image: i}\n  c: "
                          "{image: i, volumes: ['v:/v']}\n  d: {image: i, network_mode: 'service:a'}\nvolumes: {v: }\n")
                          .project();
    EXPECT_TRUE(p.services.at("a").depends_on.at("b").restart);
    EXPECT_FALSE(p.services.at("a").depends_on.at("c").restart);
    EXPECT_TRUE(p.services.at("d").depends_on.at("a").restart);
    EXPECT_EQ(p.services.at("b").networks[0].second.aliases, std::vector<std::string>{"db"});
    EXPECT_TRUE(p.services.at("a").mounts.at(0).read_only);
    EXPECT_TRUE(p.services.at("d").networks.empty());
    EXPECT_EQ(dependency_order(p), (std::vector<std::string>{"b", "c", "a", "d"}));
}

}  // namespace
}  // namespace hoist::compose
