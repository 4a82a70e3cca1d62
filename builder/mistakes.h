#pragma once
// SPDX-License-Identifier: Apache-2.0
// What is wrong with a Dockerfile, shown with the line that says it.

#include <string>
#include <string_view>
#include <vector>

namespace hoist::builder {

/// Lines of a file, counted from 1.
struct Lines {
    int first = 0, last = 0;
};

struct Mistake {
    Lines lines;
    std::string message;
    std::string word;    ///< as written in one of the lines; the caret goes below it. Empty: below the line's start
    std::string advice;  ///< what to write instead; may be empty
};

/// The text of a Dockerfile and the mistakes found in it.
class Mistakes {
public:
    /// @param name  as the user knows the file, "Dockerfile"
    Mistakes(std::string name, std::string_view text);

    void add(Mistake mistake) { found_.push_back(std::move(mistake)); }
    bool empty() const { return found_.empty(); }
    /// All mistakes in the order of their lines: "error: ..." with file:line:column, the line, a caret, the advice.
    std::string text() const;
    /// @throws Error(invalid) with text(), if there is any mistake
    void fail_if_any() const;
    /// "Dockerfile:3"
    std::string place(Lines lines) const;

private:
    std::string show(const Mistake& mistake) const;

    std::string name_;
    std::vector<std::string> lines_;
    std::vector<Mistake> found_;
};

/// The one of `known` that `word` is probably meant to be; empty if none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace hoist::builder
