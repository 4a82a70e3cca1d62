// SPDX-License-Identifier: Apache-2.0
// What loading makes of whole projects: tags, override files, extends, include, COMPOSE_* variables, names. The same
// questions that compose-go's loader, override, paths and validation tests ask, in our words.
#include "compose/loader.h"
#include "tests/compose/load.h"

namespace hoist::compose {
namespace {

/// A project and what of service "a" is looked at, as a path into its canonical form.
struct Case {
    std::string name;
    std::map<std::string, std::string> files;
    std::string path, want;
    Environment environment;
};
void PrintTo(const Case& c, std::ostream* out) {
    *out << c.name;
}

std::string seen(const Case& c) {
    test::Files files;
    files.texts = c.files;
    files.options.environment = c.environment;
    try {
        const auto document = canonical(files.project());
        const nlohmann::ordered_json::json_pointer pointer(c.path);
        if (!document.contains(pointer)) return "absent";
        const auto& value = document.at(pointer);
        return value.is_string() ? value.get<std::string>() : value.dump();
    } catch (const LoadError& problem) {
        return render(problem.diagnostics, DiagnosticFormat::brief, false);
    } catch (const Error& problem) {
        return problem.what();
    }
}

class Loading : public testing::TestWithParam<Case> {};
TEST_P(Loading, Gives) {
    EXPECT_EQ(seen(GetParam()), GetParam().want) << GetParam().name;
}

std::map<std::string, std::string> two(const std::string& base, const std::string& over) {
    const auto file = [](const std::string& keys) { return "services:\n  a:\n    image: i\n    " + keys + "\n"; };
    return {{"/p/compose.yaml", file(base)}, {"/p/compose.override.yaml", file(over)}};
}

INSTANTIATE_TEST_SUITE_P(
    Tags, Loading,
    testing::Values(
        Case{"reset of a list", two("ports: ['80']", "ports: !reset []"), "/services/a/ports", "absent"},
        Case{"reset of a scalar", two("user: u", "user: !reset null"), "/services/a/user", "absent"},
        Case{"reset of a key in a map", two("environment: {A: 1, B: 2}", "environment: {A: !reset null}"),
             "/services/a/environment", R"({"B":"2"})"},
        Case{"override of a list", two("dns: [10.0.0.1]", "dns: !override [10.0.0.2]"), "/services/a/dns",
             R"(["10.0.0.2"])"},
        Case{"override of a map", two("labels: {a: b}", "labels: !override {c: d}"), "/services/a/labels",
             R"({"c":"d"})"},
        Case{"null keeps what was there", two("user: u", "user:"), "/services/a/user", "u"},
        Case{"an empty list adds nothing", two("dns: [10.0.0.1]", "dns: []"), "/services/a/dns", R"(["10.0.0.1"])"},
        Case{"an empty command clears", two("command: x", "command: []"), "/services/a/command", "[]"},
        Case{"another logging driver replaces all",
             two("logging: {driver: json-file, options: {max-size: 1m}}", "logging: {driver: journald}"),
             "/services/a/logging", R"({"driver":"journald"})"},
        Case{"the same logging driver merges",
             two("logging: {driver: json-file, options: {max-size: 1m}}", "logging: {options: {max-file: 2}}"),
             "/services/a/logging/options", R"({"max-file":"2","max-size":"1m"})"},
        Case{"hooks append", two("post_start: [{command: [a]}]", "post_start: [{command: [b]}]"),
             "/services/a/post_start", R"([{"command":["a"]},{"command":["b"]}])"},
        Case{"one mount a target", two("volumes: ['./a:/d']", "volumes: ['./b:/d']"), "/services/a/volumes/0/source",
             "/p/b"},
        Case{"ports by what they publish", two("ports: ['80:80']", "ports: ['80:80', '81:80']"),
             "/services/a/ports/1/published", "81"}),
    [](const auto& info) { return std::to_string(info.index); });

const std::string base_file =
    "services:\n  base:\n    image: b\n    env_file: ./v.env\n    volumes: ['./data:/d']\n    build: ./ctx\n";

INSTANTIATE_TEST_SUITE_P(
    Files, Loading,
    testing::Values(
        Case{"an extended file's paths start from it",
             {{"/p/compose.yaml", "services: {a: {extends: {file: sub/base.yaml, service: base}}}\n"},
              {"/p/sub/base.yaml", base_file},
              {"/p/sub/v.env", "X=1\n"}},
             "/services/a/volumes/0/source",
             "/p/sub/data"},
        Case{"and its env_file is found there",
             {{"/p/compose.yaml", "services: {a: {extends: {file: sub/base.yaml, service: base}}}\n"},
              {"/p/sub/base.yaml", base_file},
              {"/p/sub/v.env", "X=1\n"}},
             "/services/a/environment/X",
             "1"},
        Case{"an include's paths start from it",
             {{"/p/compose.yaml", "include: [sub/compose.yaml]\nservices: {z: {image: z}}\n"},
              {"/p/sub/compose.yaml", "services: {a: {image: i, volumes: ['./data:/d']}}\n"}},
             "/services/a/volumes/0/source",
             "/p/sub/data"},
        Case{"unless it has another project_directory",
             {{"/p/compose.yaml",
               "include: [{path: sub/compose.yaml, project_directory: .}]\nservices: {z: {image: z}}\n"},
              {"/p/sub/compose.yaml", "services: {a: {image: i, volumes: ['./data:/d']}}\n"}},
             "/services/a/volumes/0/source",
             "/p/data"},
        Case{"an include has its own .env",
             {{"/p/compose.yaml", "include: [sub/compose.yaml]\nservices: {z: {image: z}}\n"},
              {"/p/sub/.env", "TAG=sub\n"},
              {"/p/sub/compose.yaml", "services: {a: {image: 'i:${TAG}'}}\n"}},
             "/services/a/image",
             "i:sub"},
        Case{"which loses against the including project's",
             {{"/p/compose.yaml", "include: [sub/compose.yaml]\nservices: {z: {image: z}}\n"},
              {"/p/.env", "TAG=top\n"},
              {"/p/sub/.env", "TAG=sub\n"},
              {"/p/sub/compose.yaml", "services: {a: {image: 'i:${TAG}'}}\n"}},
             "/services/a/image",
             "i:top"},
        Case{"several paths of one include are merged",
             {{"/p/compose.yaml", "include: [{path: [one.yaml, two.yaml]}]\nservices: {z: {image: z}}\n"},
              {"/p/one.yaml", "services: {a: {image: one, user: u}}\n"},
              {"/p/two.yaml", "services: {a: {image: two}}\n"}},
             "/services/a/image",
             "two"},
        Case{"the including file wins",
             {{"/p/compose.yaml", "include: [one.yaml]\nservices: {a: {image: own}}\n"},
              {"/p/one.yaml", "services: {a: {image: one, user: u}}\n"}},
             "/services/a",
             R"({"image":"own","user":"u","networks":{"default":null}})"},
        Case{"documents of one file are merged in order",
             {{"/p/compose.yaml", "services: {a: {image: one, user: u}}\n---\nservices: {a: {image: two}}\n"}},
             "/services/a/image",
             "two"},
        Case{"COMPOSE_FILE names the files",
             {{"/p/x.yaml", "services: {a: {image: x}}\n"}, {"/p/y.yaml", "services: {a: {user: y}}\n"}},
             "/services/a/user",
             "y",
             {{"COMPOSE_FILE", "x.yaml:y.yaml"}}},
        Case{"with another separator",
             {{"/p/x.yaml", "services: {a: {image: x}}\n"}, {"/p/y.yaml", "services: {a: {user: y}}\n"}},
             "/services/a/user",
             "y",
             {{"COMPOSE_FILE", "x.yaml,y.yaml"}, {"COMPOSE_PATH_SEPARATOR", ","}}},
        Case{"COMPOSE_PROFILES enables services",
             {{"/p/compose.yaml", "services: {a: {image: i, profiles: [x]}, b: {image: i}}\n"}},
             "/services/a/image",
             "i",
             {{"COMPOSE_PROFILES", "y,x"}}},
        Case{"COMPOSE_DISABLE_ENV_FILE leaves .env out",
             {{"/p/compose.yaml", "services: {a: {image: 'i:${TAG:-none}'}}\n"}, {"/p/.env", "TAG=env\n"}},
             "/services/a/image",
             "i:none",
             {{"COMPOSE_DISABLE_ENV_FILE", "1"}}},
        Case{"COMPOSE_ENV_FILES takes others, the later stronger",
             {{"/p/compose.yaml", "services: {a: {image: 'i:${TAG}'}}\n"},
              {"/p/.env", "TAG=env\n"},
              {"/p/one", "TAG=one\n"},
              {"/p/two", "TAG=two\n"}},
             "/services/a/image",
             "i:two",
             {{"COMPOSE_ENV_FILES", "one,two"}}},
        Case{"COMPOSE_PROJECT_NAME is seen by the files",
             {{"/p/compose.yaml", "name: mine\nservices: {a: {image: 'i:${COMPOSE_PROJECT_NAME}'}}\n"}},
             "/services/a/image",
             "i:mine"},
        Case{"the name of the project names its objects",
             {{"/p/compose.yaml", "name: mine\nservices: {a: {image: i, volumes: ['v:/v']}}\nvolumes: {v: }\n"}},
             "/volumes/v/name",
             "mine_v"},
        Case{"a bad name is refused",
             {{"/p/compose.yaml", "name: My Project\nservices: {a: {image: i}}\n"}},
             "/name",
             "project name \"My Project\": it must begin with a-z or 0-9 and hold only a-z, 0-9, - and _"}),
    [](const auto& info) { return std::to_string(info.index); });

TEST(Options, LeavePathsAndCheckingOut) {
    test::Files files = test::one_service("volumes: ['./a:/a']\nnetworks: [nowhere]");
    files.options.check = false, files.options.resolve_paths = false;
    const Project project = files.project();
    EXPECT_EQ(project.services.at("a").mounts.at(0).source, "./a");
}

TEST(Options, KeepWhatNoServiceUses) {
    test::Files files("services: {a: {image: i}}\nvolumes: {v: }\n");
    EXPECT_TRUE(files.project().volumes.empty());
    files.options.keep_unused = true;
    EXPECT_EQ(files.project().volumes.at("v").name, "p_v");
}

}  // namespace
}  // namespace hoist::compose
