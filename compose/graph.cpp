// SPDX-License-Identifier: Apache-2.0
#include "compose/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace hoist::compose {
namespace {

const char* condition_word(Dependency::Condition condition) {
    constexpr const char* words[] = {"started", "healthy", "completed"};
    return words[static_cast<std::size_t>(condition)];
}

std::string escaped(const std::string& text, bool xml) {
    std::string out;
    for (const char c : text) {
        if (xml && c == '<')
            out += "&lt;";
        else if (xml && c == '&')
            out += "&amp;";
        else if (!xml && (c == '"' || c == '\\'))
            out += std::string("\\") + c;
        else
            out += c;
    }
    return out;
}

class TextGraph {
public:
    explicit TextGraph(const Project& project) : project_(project) {}

    std::string run() {
        std::set<std::string> needed;
        for (const auto& [name, service] : project_.services)
            for (const auto& [other, how] : service.depends_on) needed.insert(other);
        for (const auto& [name, service] : project_.services)
            if (!needed.count(name)) {
                out_ += name + "\n";
                below(service, "");
            }
        return out_;
    }

private:
    void below(const Service& service, const std::string& indent) {
        std::size_t left = service.depends_on.size();
        for (const auto& [other, how] : service.depends_on) {
            const bool last = --left == 0;
            const auto found = project_.services.find(other);
            // What is shown with all below it once is only named again.
            const bool again =
                found != project_.services.end() && !found->second.depends_on.empty() && !shown_.insert(other).second;
            out_ +=
                fmt::format("{}{} {} ({}{}{}){}\n", indent, last ? "└─" : "├─", other, condition_word(how.condition),
                            how.restart ? ", restart" : "", how.required ? "" : ", optional", again ? " ..." : "");
            if (found != project_.services.end() && !again) below(found->second, indent + (last ? "   " : "│  "));
        }
    }

    const Project& project_;
    std::set<std::string> shown_;
    std::string out_;
};

/// How many services are below each, at most.
std::map<std::string, int> levels_of(const Project& project) {
    std::map<std::string, int> levels;
    for (const auto& name : dependency_order(project)) {
        int level = 0;
        for (const auto& [other, how] : project.services.at(name).depends_on)
            if (const auto below = levels.find(other); below != levels.end())
                level = std::max(level, below->second + 1);
        levels[name] = level;
    }
    return levels;
}

struct Box {
    int x = 0, y = 0, width = 0;
};
constexpr int box_height = 36, row = 96, gap = 28, letter = 8, margin = 20;

/// Boxes in rows by level, dependencies at the bottom.
std::map<std::string, Box> place(const Project& project, int& width, int& height) {
    const auto levels = levels_of(project);
    int highest = 0;
    for (const auto& [name, level] : levels) highest = std::max(highest, level);
    std::vector<int> next(static_cast<std::size_t>(highest) + 1, margin);
    std::map<std::string, Box> boxes;
    for (const auto& [name, level] : levels) {
        int& x = next[static_cast<std::size_t>(level)];
        const int wide = std::max(60, static_cast<int>(name.size()) * letter + 24);
        boxes[name] = {x, margin + (highest - level) * row, wide};
        x += wide + gap;
        width = std::max(width, x - gap + margin);
    }
    height = highest * row + box_height + 2 * margin;
    return boxes;
}

}  // namespace

std::string graph_text(const Project& project) {
    return TextGraph(project).run();
}

std::string graph_dot(const Project& project) {
    std::string out =
        fmt::format("digraph \"{}\" {{\n  rankdir=TB;\n  node [shape=box];\n", escaped(project.name, false));
    for (const auto& [name, service] : project.services) out += fmt::format("  \"{}\";\n", escaped(name, false));
    for (const auto& [name, service] : project.services)
        for (const auto& [other, how] : service.depends_on)
            out += fmt::format("  \"{}\" -> \"{}\" [label=\"{}\"{}];\n", escaped(name, false), escaped(other, false),
                               condition_word(how.condition), how.required ? "" : ", style=dashed");
    return out + "}\n";
}

std::string graph_svg(const Project& project) {
    int width = 2 * margin, height = 2 * margin;
    const auto boxes = place(project, width, height);
    std::string out = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
        "font-family=\"sans-serif\" font-size=\"13\">\n"
        "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" "
        "orient=\"auto\"><path d=\"M0,0 L8,4 L0,8 z\" fill=\"#555\"/></marker></defs>\n",
        width, height);
    for (const auto& [name, service] : project.services)
        for (const auto& [other, how] : service.depends_on) {
            if (!boxes.count(other)) continue;
            const Box &from = boxes.at(name), &to = boxes.at(other);
            const int x1 = from.x + from.width / 2, y1 = from.y + box_height, x2 = to.x + to.width / 2, y2 = to.y;
            out += fmt::format(
                "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"#555\"{} marker-end=\"url(#tip)\"/>\n", x1, y1,
                x2, y2, how.required ? "" : " stroke-dasharray=\"4 3\"");
            if (how.condition != Dependency::Condition::started)
                out += fmt::format("<text x=\"{}\" y=\"{}\" font-size=\"10\" fill=\"#555\">{}</text>\n",
                                   (x1 + x2) / 2 + 4, (y1 + y2) / 2, condition_word(how.condition));
        }
    for (const auto& [name, box] : boxes)
        out += fmt::format(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"5\" fill=\"#eef\" stroke=\"#446\"/>\n"
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
            box.x, box.y, box.width, box_height, box.x + box.width / 2, box.y + 23, escaped(name, true));
    return out + "</svg>\n";
}

}  // namespace hoist::compose
