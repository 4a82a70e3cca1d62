// SPDX-License-Identifier: Apache-2.0
// Against other people's files, where they are at hand (test_data.h): compose-spec, compose-go and
// compose-conformance. Skipped without.
#include <filesystem>

#include "base/file.h"
#include "base/json.h"
#include "compose/draft.h"
#include "tests/compose/load.h"
#include "tests/compose/test_data.h"

namespace hoist::compose {
namespace {

namespace fs = std::filesystem;

using test::data;

std::set<std::string> properties(const Json& object) {
    std::set<std::string> names;
    for (const auto& [name, value] : object.at("properties").items()) names.insert(name);
    return names;
}

TEST(ComposeSpec, EveryServiceKeyIsKnown) {
    const std::string folder = data("compose-spec");
    if (folder.empty()) GTEST_SKIP() << "no compose-spec at hand";
    const Json schema = parse_json(read_file(folder + "/compose-spec.json"), "schema");
    std::set<std::string> ours;
    for (const auto& key : service_keys()) ours.insert(key.name);
    for (const auto& name : properties(schema.at("definitions").at("service"))) EXPECT_TRUE(ours.count(name)) << name;
}

/// Loads a file from the disk, as a user would in its folder.
std::string load(const fs::path& path, std::string* yaml = nullptr) {
    LoadOptions options{.files = {path.string()}, .working_directory = path.parent_path().string()};
    try {
        const Project project = load_project(options, disk_reader()).project;
        const std::string first = to_yaml(project);
        if (yaml) *yaml = first;
        const FileReader with = [&](const std::string& name) {
            return name == path.string() ? std::optional(first) : disk_reader()(name);
        };
        EXPECT_EQ(to_yaml(load_project(options, with).project), first) << path << ": config of config differs";
        return "";
    } catch (const LoadError& problem) {
        return render(problem.diagnostics, DiagnosticFormat::brief, false);
    }
}

TEST(ComposeConformance, AllStacksLoad) {
    const std::string folder = data("compose-conformance");
    if (folder.empty()) GTEST_SKIP() << "no stacks at hand";
    for (const auto& entry : fs::directory_iterator(folder)) {
        const fs::path file = entry.path() / "compose.yaml";
        if (fs::exists(file)) {
            EXPECT_EQ(load(file), "") << file;
        }
    }
}

TEST(ComposeGo, FilesLoadOrFailForTheReasonThatTheyAreThereFor) {
    const std::string folder = data("compose-go");
    if (folder.empty()) GTEST_SKIP() << "no files at hand";
    const std::map<std::string, std::string> wrong = {{"compose-depends-on-profile-no-cycle.yaml", "in a circle"},
                                                      {"compose-depends-on-cycle.yaml", "in a circle"},
                                                      {"compose-depends-on-self.yaml", "in a circle"},
                                                      {"compose-include-cycle.yaml", "includes itself"},
                                                      {"extends/base.yaml", "service \"nil\": a service is a map"},
                                                      {"empty.yaml", "there are no services"},
                                                      {"include/dir/compose.yaml", "there is no file"}};
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.path().extension() != ".yaml") continue;
        std::string want;
        for (const auto& [suffix, text] : wrong)
            if (entry.path().string().ends_with("/" + suffix)) want = text;
        const std::string got = load(entry.path());
        EXPECT_EQ(got.empty(), want.empty()) << entry.path() << "\n" << got;
        EXPECT_THAT(got, testing::HasSubstr(want)) << entry.path();
    }
}

TEST(Examples, Load) {
    const fs::path path = std::string(SOURCE_DIR) + "/examples/lnmp/compose.yaml";
    if (!fs::exists(path)) GTEST_SKIP() << path << " is not there";
    LoadOptions options{.files = {path.string()}, .working_directory = path.parent_path().string()};
    options.all_profiles = true;  // the password file is made by a script
    EXPECT_EQ(load_project(options, disk_reader()).project.services.size(), 3u);
}

}  // namespace
}  // namespace hoist::compose
