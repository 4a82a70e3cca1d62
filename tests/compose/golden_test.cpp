// SPDX-License-Identifier: Apache-2.0
// Whole reports for the mistakes that people make, one file each. UPDATE_GOLDEN=1 writes them anew, to be reviewed.
#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "tests/compose/load.h"

namespace hoist::compose {
namespace {

const std::string folder = std::string(SOURCE_DIR) + "/tests/golden/compose/";

std::vector<std::string> cases() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem());
    std::sort(names.begin(), names.end());
    return names;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, Reports) {
    test::Files files(read_file(folder + GetParam() + ".yaml"));
    files.texts["/p/.env"] = read_file(folder + "env");
    std::string got = files.errors(DiagnosticFormat::rich);
    if (got.empty()) {
        const Loaded loaded = files.load();
        got = render(loaded.warnings, DiagnosticFormat::rich, false) + "---\n" + to_yaml(loaded.project);
    }
    const std::string expected = folder + GetParam() + ".txt";
    if (std::getenv("UPDATE_GOLDEN")) write_file_atomic(expected, got, 0644, Durable::no);
    EXPECT_EQ(got, read_file_if_exists(expected).value_or("(no file)"));
}

INSTANTIATE_TEST_SUITE_P(Mistakes, Golden, testing::ValuesIn(cases()), [](const auto& info) { return info.param; });

}  // namespace
}  // namespace hoist::compose
