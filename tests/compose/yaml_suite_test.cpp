// SPDX-License-Identifier: Apache-2.0
// The YAML project's own test suite: good documents are read, bad ones refused. What YAML allows and a Compose file
// does not (keys that are not text, a key twice) is counted apart.
#include <filesystem>

#include "base/file.h"
#include "compose/yaml.h"
#include "tests/compose/load.h"
#include "tests/compose/test_data.h"
#include "tests/support/temp_dir.h"

namespace hoist::compose {
namespace {

namespace fs = std::filesystem;

struct Tally {
    int read = 0, refused = 0, not_for_compose = 0;
    std::string names;
};

bool is_ours(const std::string& message) {
    return message.find("cannot be a key") != std::string::npos ||
           message.find("is there twice") != std::string::npos || message.find("merges a map") != std::string::npos;
}

void take(const fs::path& folder, Tally& tally) {
    Sources sources("/");
    Report report(sources);
    std::string text = read_file(folder / "in.yaml");
    if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
    read_yaml(sources.add("/in.yaml", std::move(text), "/", nullptr), sources, report);
    try {
        report.end_phase();
        ++tally.read;
        tally.names += folder.lexically_relative(folder.parent_path().parent_path()).string() + " ";
    } catch (const LoadError& problem) {
        ++(is_ours(problem.diagnostics.at(0).message) ? tally.not_for_compose : tally.refused);
    }
}

TEST(YamlSuite, GoodIsReadAndBadRefused) {
    const std::string archive = test::data("yaml-test-suite-2022-01-17.tar.gz");
    if (archive.empty()) GTEST_SKIP() << "no YAML suite at hand";
    const hoist::test::TempDir dir;
    if (std::system(fmt::format("tar -xzf '{}' -C '{}'", archive, dir.path()).c_str()) != 0)
        GTEST_SKIP() << "tar cannot unpack the YAML suite";
    Tally good, bad;
    for (const auto& entry : fs::recursive_directory_iterator(dir.path()))
        if (entry.path().filename() == "in.yaml")
            take(entry.path().parent_path(), fs::exists(entry.path().parent_path() / "error") ? bad : good);
    RecordProperty("good_read", good.read), RecordProperty("good_not_for_compose", good.not_for_compose);
    RecordProperty("bad_refused", bad.refused), RecordProperty("bad_read", bad.names);
    EXPECT_GE(good.read + good.not_for_compose, 257) << good.refused << " good ones are refused";
    EXPECT_GE(bad.refused + bad.not_for_compose, 78) << "read though bad: " << bad.names;
}

}  // namespace
}  // namespace hoist::compose
