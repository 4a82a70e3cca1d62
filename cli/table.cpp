// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include "base/text.h"

namespace hoist::cli {
namespace {

bool starts_character(char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

}  // namespace

std::size_t display_width(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

std::string shorten(const std::string& text, std::size_t width) {
    if (display_width(text) <= width) return text;
    std::string cut;
    std::size_t characters = 0;
    for (const char c : text) {
        if (starts_character(c) && ++characters >= width) break;
        cut += c;
    }
    return cut + "…";
}

std::string short_id(const std::string& id) {
    const auto colon = id.find(':');
    return id.substr(colon == std::string::npos ? 0 : colon + 1, 12);
}

std::string format_table(const Row& titles, const std::vector<Row>& rows) {
    std::vector<Row> cells = {titles};
    for (const auto& row : rows) {
        Row safe;
        for (const auto& cell : row) {
            std::string text = escape_for_terminal(cell);
            std::replace(text.begin(), text.end(), '\n', ' ');  // a row stays a line
            std::replace(text.begin(), text.end(), '\t', ' ');
            safe.push_back(std::move(text));
        }
        cells.push_back(std::move(safe));
    }
    std::vector<std::size_t> widths(titles.size());
    for (const auto& row : cells)
        for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i)
            widths[i] = std::max(widths[i], display_width(row[i]));
    std::string text;
    for (const auto& row : cells) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += row[i];
            if (i + 1 < row.size()) line.append(widths[i] - display_width(row[i]) + 3, ' ');
        }
        text += std::string(line, 0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return text;
}

}  // namespace hoist::cli
