// SPDX-License-Identifier: Apache-2.0
#include "compose/source.h"

#include <algorithm>

#include "base/path.h"

namespace hoist::compose {
namespace {

// A longer line is not shown: it would only fill memory and screen.
constexpr std::size_t longest_shown_line = 16 << 10;

int characters(std::string_view text) {
    return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::size_t line_index(const Sources::File& file, std::size_t pos) {
    return static_cast<std::size_t>(std::upper_bound(file.lines.begin(), file.lines.end(), pos) - file.lines.begin()) -
           1;
}

std::string_view line_text(const Sources::File& file, std::size_t index) {
    const std::size_t begin = file.lines[index];
    std::size_t end = file.text.find('\n', begin);
    if (end == std::string::npos) end = file.text.size();
    if (end > begin && file.text[end - 1] == '\r') --end;
    return std::string_view(file.text).substr(begin, end - begin);
}

}  // namespace

Sources::Sources(std::string working_directory) : working_directory_(std::move(working_directory)) {
    add("", "", working_directory_, nullptr);
}

std::uint32_t Sources::add(std::string path, std::string text, std::string base_dir,
                           std::shared_ptr<const Variables> variables, const Origin& named_at) {
    auto file = std::make_unique<File>();
    file->path = std::move(path), file->text = std::move(text), file->base_dir = std::move(base_dir);
    file->variables = std::move(variables), file->named_at = named_at;
    file->lines = {0};
    for (std::size_t at = 0; (at = file->text.find('\n', at)) != std::string::npos;) file->lines.push_back(++at);
    files_.push_back(std::move(file));
    return static_cast<std::uint32_t>(files_.size() - 1);
}

Origin Sources::through(Origin where, TrailStep::Kind kind, const Origin& step, std::string name) {
    steps_.push_back({kind, step, std::move(name), where.trail});
    where.trail = static_cast<std::uint32_t>(steps_.size() - 1);
    return where;
}

std::vector<TrailStep> Sources::trail(const Origin& where) const {
    std::vector<TrailStep> steps;
    for (std::uint32_t at = where.trail; at != 0; at = steps_[at].next) steps.push_back(steps_[at]);
    return steps;
}

std::string Sources::shown(const std::string& path) const {
    const std::string prefix = working_directory_ == "/" ? "/" : working_directory_ + "/";
    if (working_directory_.empty() || !path.starts_with(prefix) || path.size() == prefix.size()) return path;
    return path.substr(prefix.size());
}

int Sources::line(const Origin& where) const {
    return static_cast<int>(line_index(file(where), std::min<std::size_t>(where.pos, file(where).text.size()))) + 1;
}

std::string Sources::place(const Origin& where) const {
    if (where.file == 0) return "the command line";
    return shown(file(where).path) + ":" + std::to_string(line(where));
}

Span Sources::span(const Origin& where, std::string label) const {
    Span span;
    span.label = std::move(label);
    const File& source = file(where);
    span.file = shown(source.path);
    if (where.file == 0 || source.text.empty()) return span;
    const std::size_t pos = std::min<std::size_t>(where.pos, source.text.size());
    const std::size_t index = line_index(source, pos);
    const std::string_view text = line_text(source, index);
    const std::size_t from = std::min(pos - source.lines[index], text.size());
    std::string_view marked = text.substr(from);
    if (where.length > 0) {
        marked = marked.substr(0, where.length);
    } else {
        if (const auto comment = marked.find(" #"); comment != std::string_view::npos)
            marked = marked.substr(0, comment);
        const auto last = marked.find_last_not_of(" \t");
        marked = marked.substr(0, last == std::string_view::npos ? 0 : last + 1);
    }
    span.line = static_cast<int>(index) + 1;
    span.column = characters(text.substr(0, from)) + 1;
    span.length = std::max(1, characters(marked));
    if (text.size() <= longest_shown_line) span.text = text;
    return span;
}

std::string resolve_path(const std::string& base, std::string_view path, const std::string& home) {
    std::string full(path);
    if (full == "~" || full.starts_with("~/")) full = home + full.substr(1);
    if (!full.starts_with("/")) full = base + "/" + full;
    return clean_path(full);
}

}  // namespace hoist::compose
