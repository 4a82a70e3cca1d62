// SPDX-License-Identifier: Apache-2.0
#include "builder/mistakes.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace hoist::builder {
namespace {

constexpr std::size_t widest_line = 160;

struct WordPlace {
    int line = 0;
    std::size_t column = 0;  ///< from 0
    std::size_t width = 1;
};

/// Where the word stands in the instruction's lines; else the first line's first letter.
WordPlace find_word(const std::vector<std::string>& lines, const Mistake& mistake) {
    const auto line_at = [&](int number) -> std::string_view {
        if (number < 1 || number > static_cast<int>(lines.size())) return {};
        return lines[static_cast<std::size_t>(number) - 1];
    };
    for (int number = mistake.lines.first; !mistake.word.empty() && number <= mistake.lines.last; ++number)
        if (const auto column = line_at(number).find(mistake.word); column != std::string_view::npos)
            return {number, column, mistake.word.size()};
    const auto first = line_at(mistake.lines.first).find_first_not_of(" \t");
    return {mistake.lines.first, first == std::string_view::npos ? 0 : first, 1};
}

}  // namespace

Mistakes::Mistakes(std::string name, std::string_view text) : name_(std::move(name)) {
    for (auto& line : split(text, '\n')) {
        if (line.ends_with('\r')) line.pop_back();
        lines_.push_back(std::move(line));
    }
}

std::string Mistakes::place(Lines lines) const {
    return fmt::format("{}:{}", name_, lines.first);
}

std::string Mistakes::show(const Mistake& mistake) const {
    std::string text = "error: " + escape_for_terminal(mistake.message) + "\n";
    const WordPlace place = find_word(lines_, mistake);
    const std::string number = std::to_string(place.line), indent(number.size(), ' ');
    text += fmt::format("{}--> {}:{}:{}\n", indent, escape_for_terminal(name_), number, place.column + 1);
    if (place.line >= 1 && place.line <= static_cast<int>(lines_.size())) {
        std::string line = lines_[static_cast<std::size_t>(place.line) - 1];
        std::replace(line.begin(), line.end(), '\t', ' ');
        const bool visible = place.column < widest_line;
        text += fmt::format("{} |\n{} | {}\n", indent, number, escape_for_terminal(line.substr(0, widest_line)));
        if (visible)
            text += fmt::format("{} | {}{}\n", indent, std::string(place.column, ' '),
                                std::string(std::min(place.width, widest_line - place.column), '^'));
    }
    if (!mistake.advice.empty()) text += fmt::format("{} = help: {}\n", indent, escape_for_terminal(mistake.advice));
    return text;
}

std::string Mistakes::text() const {
    auto sorted = found_;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& left, const auto& right) { return left.lines.first < right.lines.first; });
    std::string text;
    for (const auto& mistake : sorted) text += show(mistake);
    if (!text.empty()) text.pop_back();
    return text;
}

void Mistakes::fail_if_any() const {
    if (!found_.empty()) throw Error(Kind::invalid, text());
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
    std::string best;
    std::size_t least = std::max<std::size_t>(1, std::min<std::size_t>(3, word.size() / 2)) + 1;
    if (word.size() > 64) return best;
    for (const auto& candidate : known) {
        const auto distance = edit_distance(word, candidate);
        if (distance < least) least = distance, best = candidate;
    }
    return best;
}

}  // namespace hoist::builder
