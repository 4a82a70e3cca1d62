#pragma once
// SPDX-License-Identifier: Apache-2.0
// The lines of a Dockerfile: directives, comments, continued lines and here-documents.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/syntax.h"

namespace hoist::builder {

class LineReader {
public:
    LineReader(std::string_view text, Mistakes& mistakes);

    struct Instruction {
        std::string text;
        Lines lines;
    };
    /// The next instruction, its continued lines joined; nullopt at the end.
    std::optional<Instruction> next();
    /// Takes the documents that an instruction's text asks for ("<<EOF") from the lines after it; `lines` grows.
    std::vector<Heredoc> heredocs(std::string_view text, Lines& lines);

    char escape() const { return escape_; }
    const std::map<std::string, std::string>& directives() const { return directives_; }

private:
    std::optional<std::string_view> take_line();  ///< without its end
    void read_directives();
    void apply_directive(const std::string& name, const std::string& value, const std::string& line);
    bool strip_continuation(std::string_view& line) const;

    std::string_view left_;
    int number_ = 0;
    char escape_ = '\\';
    std::map<std::string, std::string> directives_;
    Mistakes& mistakes_;
};

/// What "<<EOF" in an instruction's text asks for, in order; without content yet.
std::vector<Heredoc> find_heredocs(std::string_view text);

}  // namespace hoist::builder
