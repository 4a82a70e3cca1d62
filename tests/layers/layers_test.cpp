// SPDX-License-Identifier: Apache-2.0
// Holds the includes of every folder to the table in ARCHITECTURE.md.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <regex>
#include <set>

#include "base/file.h"
#include "base/text.h"

namespace hoist {
namespace {

using Table = std::map<std::string, std::set<std::string>>;

std::set<std::string> words(const std::string& text) {
    std::set<std::string> found;
    static const std::regex word("[a-z]+");
    for (std::sregex_iterator it(text.begin(), text.end(), word), end; it != end; ++it) found.insert(it->str());
    return found;
}

/// Rows "| folders | may include |" of the page's table.
Table read_table() {
    Table table;
    bool inside = false;
    for (const auto& line : split(read_file(SOURCE_DIR "/ARCHITECTURE.md"), '\n')) {
        if (line.starts_with("| folder | may include |")) inside = true;
        if (!inside || line.starts_with("|---")) continue;
        if (!line.starts_with("|")) break;
        const auto cells = split(line, '|');
        for (const auto& folder : words(cells[1])) table[folder] = words(cells[2]);
    }
    table.erase("folder");
    table.erase("may");
    return table;
}

TEST(Layers, EveryIncludeIsAllowedByTheTable) {
    const Table table = read_table();
    ASSERT_GE(table.size(), 10u);
    static const std::regex include("^#include \"([a-z]+)/");
    int seen = 0;
    for (const auto& [folder, allowed] : table) {
        const std::filesystem::path root = std::filesystem::path(SOURCE_DIR) / folder;
        if (!std::filesystem::exists(root)) continue;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
            const auto extension = entry.path().extension();
            if (extension != ".h" && extension != ".cpp") continue;
            for (const auto& line : split(read_file(entry.path()), '\n')) {
                std::smatch match;
                if (!std::regex_search(line, match, include)) continue;
                ++seen;
                const std::string target = match[1];
                EXPECT_TRUE(target == folder || allowed.count("everything") || allowed.count(target))
                    << entry.path() << ": " << line << "\n"
                    << folder << "/ may not include " << target << "/";
            }
        }
    }
    EXPECT_GT(seen, 20);
}

TEST(Layers, NoFolderIsMissingFromTheTable) {
    const Table table = read_table();
    const std::set<std::string> others = {"tests", "bench", "examples", "cmake", "build", "docs", "packaging"};
    for (const auto& entry : std::filesystem::directory_iterator(SOURCE_DIR)) {
        const std::string name = entry.path().filename();
        if (!entry.is_directory() || name[0] == '.' || others.count(name)) continue;
        EXPECT_TRUE(table.count(name)) << name << "/ has no row in ARCHITECTURE.md";
    }
}

}  // namespace
}  // namespace hoist
