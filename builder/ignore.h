#pragma once
// SPDX-License-Identifier: Apache-2.0
// .dockerignore: which files of a build context a build cannot see. @see the Docker documentation, ".dockerignore
// files"

#include <string>
#include <string_view>
#include <vector>

namespace hoist::builder {

class IgnoreRules {
public:
    IgnoreRules() = default;
    /// @param name  of the file, for errors. @throws Error(invalid) with file:line for a pattern that is none
    static IgnoreRules parse(std::string_view text, const std::string& name);
    /// Rules from COPY's --exclude. @throws Error(invalid)
    static IgnoreRules of(const std::vector<std::string>& patterns);

    /// Whether a path ("dir/file", no leading "/") is left out: the last rule that matches it, or a directory above
    /// it, decides.
    bool leaves_out(std::string_view path) const;
    /// Whether something below a directory that is left out may yet be let in by a "!" rule.
    bool may_let_in_below(std::string_view directory) const;
    bool empty() const { return rules_.empty(); }
    /// The rules as text, for keys of caches.
    std::string text() const;

private:
    struct Rule {
        std::string pattern;
        bool lets_in = false;
    };
    void add(std::string_view line);
    std::vector<Rule> rules_;
};

}  // namespace hoist::builder
