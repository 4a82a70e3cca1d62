// SPDX-License-Identifier: Apache-2.0
// The parser against the parse trees, refusals and tables of the Dockerfile frontend's own tests, where they lie beside
// the project.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "builder/dockerfile.h"
#include "builder/expand.h"

namespace hoist::builder {
namespace {

const std::filesystem::path data = SOURCE_DIR "/../shared/data/dockerfile";

/// A text as Go's %q writes it.
std::string quoted(const std::string& text) {
    std::string made = "\"";
    for (const char c : text) {
        switch (c) {
            case '"':
                made += "\\\"";
                break;
            case '\\':
                made += "\\\\";
                break;
            case '\b':
                made += "\\b";
                break;
            case '\f':
                made += "\\f";
                break;
            case '\n':
                made += "\\n";
                break;
            case '\r':
                made += "\\r";
                break;
            case '\t':
                made += "\\t";
                break;
            default:
                made += static_cast<unsigned char>(c) < 0x20 ? fmt::format("\\x{:02x}", c) : std::string(1, c);
        }
    }
    return made + "\"";
}

std::string tree(const Node& node) {
    std::string text = node.name;
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    std::vector<std::string> flags;
    for (const auto& flag : node.flags) flags.push_back(quoted(flag));
    if (!flags.empty()) text += " [" + join(flags, " ") + "]";
    if (node.child) return text + " (" + tree(*node.child) + ")";
    for (const auto& word : node.words) text += " " + quoted(word);
    return text;
}

std::vector<std::filesystem::path> folders(const char* name) {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(data / name)) found.push_back(entry.path());
    return found;
}

TEST(DockerfileData, ParseTrees) {
    if (!std::filesystem::exists(data)) GTEST_SKIP() << data << " is not there";
    for (const auto& folder : folders("testfiles")) {
        Mistakes mistakes("Dockerfile", "");
        std::vector<std::string> lines;
        for (const auto& node : parse_syntax(read_file(folder / "Dockerfile"), mistakes).nodes)
            lines.push_back("(" + tree(node) + ")");
        EXPECT_TRUE(mistakes.empty()) << folder << ": " << mistakes.text();
        EXPECT_EQ(join(lines, "\n"), trim(read_file(folder / "result"))) << folder;
    }
}

TEST(DockerfileData, Refusals) {
    if (!std::filesystem::exists(data)) GTEST_SKIP() << data << " is not there";
    for (const auto& folder : folders("testfiles-negative")) {
        const auto file = folder / "Dockerfile";
        const auto text = std::filesystem::exists(file) ? read_file(file) : "";
        EXPECT_THROW(parse_dockerfile(text, "Dockerfile"), Error) << folder;
    }
}

struct Row {
    std::string text, wanted;
};

/// "A|text | wanted", without comments; only what holds on Linux.
std::vector<Row> rows_of_variables() {
    std::vector<Row> rows;
    for (const auto& line : split(read_file(data / "envVarTest"), '\n')) {
        const auto bar = line.rfind('|');
        if (line.size() < 3 || (line[0] != 'A' && line[0] != 'U') || line[1] != '|' || bar < 2) continue;
        rows.push_back({std::string(trim(line.substr(2, bar - 2))), std::string(trim(line.substr(bar + 1)))});
    }
    return rows;
}

TEST(DockerfileData, Variables) {
    if (!std::filesystem::exists(data)) GTEST_SKIP() << data << " is not there";
    const std::map<std::string, std::string> set = {
        {"PWD", "/home"}, {"SHELL", "bash"}, {"KOREAN", "한국어"}, {"NULL", ""}};
    const auto lookup = [&](const std::string& name) {
        const auto it = set.find(name);
        return it == set.end() ? std::nullopt : std::optional(it->second);
    };
    const auto rows = rows_of_variables();
    EXPECT_GT(rows.size(), 150u);
    for (const auto& [text, wanted] : rows) {
        if (wanted == "error")
            EXPECT_THROW(expand(text, lookup), Error) << text;
        else
            EXPECT_EQ(expand(text, lookup), wanted) << text;
    }
}

TEST(DockerfileData, Words) {
    if (!std::filesystem::exists(data)) GTEST_SKIP() << data << " is not there";
    std::map<std::string, std::string> set;
    const auto lookup = [&](const std::string& name) {
        const auto it = set.find(name);
        return it == set.end() ? std::nullopt : std::optional(it->second);
    };
    int seen = 0;
    for (const auto& line : split(read_file(data / "wordsTest"), '\n')) {
        if (line.starts_with("#")) continue;
        if (line.starts_with("ENV ")) {
            const auto equals = line.find('=');
            set[line.substr(4, equals - 4)] = line.substr(equals + 1);
            continue;
        }
        const auto bar = line.find('|');
        if (bar == std::string::npos) continue;
        ++seen;
        const auto text = line.substr(0, bar - 1), wanted = line.substr(bar + 2);
        if (trim(wanted) == "error")
            EXPECT_THROW(expand_words(text, lookup), Error) << line;
        else
            EXPECT_EQ(join(expand_words(text, lookup), ","), wanted) << line;
    }
    EXPECT_GT(seen, 20);
}

}  // namespace
}  // namespace hoist::builder
