// SPDX-License-Identifier: Apache-2.0
#include "cli/format.h"

#include "base/text.h"
#include "cli/table.h"
#include "cli/template.h"
#include "cli/terminal.h"

namespace hoist::cli {
namespace {

/// "\t" and "\n" as typed in a shell's quotes.
std::string with_escapes(std::string text) {
    for (const auto& [written, meant] : {std::pair{"\\t", "\t"}, {"\\n", "\n"}})
        for (auto at = text.find(written); at != std::string::npos; at = text.find(written, at))
            text.replace(at, 2, meant);
    return text;
}

/// Lines and tabs are the template's; everything else that moves a cursor is not.
std::string escape_lines(const std::string& text) {
    std::vector<std::string> lines;
    for (const auto& line : split(text, '\n')) {
        std::vector<std::string> cells;
        for (const auto& cell : split(line, '\t')) cells.push_back(escape_for_terminal(cell));
        lines.push_back(join(cells, "\t"));
    }
    return join(lines, "\n");
}

void print_table_of(const Template& format, const FieldTitles& titles, const std::vector<Json>& rows) {
    Json names = Json::object(), labels = Json::object();
    for (const auto& [field, title] : titles) names[std::string(field)] = title;
    const Row head = split(format.render(names), '\t');
    std::vector<Row> lines;
    for (const auto& row : rows) lines.push_back(split(format.render(row), '\t'));
    print(format_table(head, lines));
}

}  // namespace

bool print_by_template(const Arguments& arguments, const FieldTitles& titles, const std::vector<Json>& rows) {
    std::string text = with_escapes(arguments.get("format"));
    if (text.find("{{") == std::string::npos) return false;
    const bool table = text.rfind("table ", 0) == 0;
    if (table) text.erase(0, 6);
    const Template format(text);
    if (table) {
        print_table_of(format, titles, rows);
        return true;
    }
    for (const auto& row : rows) print(escape_lines(format.render(row)) + "\n");
    return true;
}

}  // namespace hoist::cli
