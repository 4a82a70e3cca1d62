#pragma once
// SPDX-License-Identifier: Apache-2.0
// Collects what is wrong, so that a phase can go on and report everything at once.

#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "compose/diagnostic.h"
#include "compose/source.h"

namespace hoist::compose {

class Report {
public:
    explicit Report(Sources& sources) : sources_(sources) {}

    /// Notes an error or a warning; the same one at the same place only once. The reference is good until the next.
    Diagnostic& error(const char* code, std::string message, const Origin& where, std::string help = {});
    Diagnostic& warning(const char* code, std::string message, const Origin& where, std::string help = {});

    bool failed() const { return failed_; }
    /// Ends a phase. @throws LoadError with the errors so far, sorted by place, if there is any
    void end_phase() const;
    std::vector<Diagnostic> warnings() const;
    Sources& sources() const { return sources_; }

private:
    Diagnostic& add(Diagnostic::Severity severity, const char* code, std::string message, const Origin& where,
                    std::string help);

    std::vector<Span> way_to(const Origin& where) const;

    Sources& sources_;
    std::vector<Diagnostic> diagnostics_;
    std::set<std::tuple<std::uint32_t, std::uint32_t, std::string>> seen_;
    Diagnostic ignored_;
    bool failed_ = false;
};

/// The name of `known` that `name` is probably meant to be: at most two edits away (one in a short word). Empty: none.
std::string nearest(std::string_view name, const std::vector<std::string>& known);
/// "did you mean \"x\"?", or a list of what there is, or nothing.
std::string suggest(std::string_view name, const std::vector<std::string>& known);

}  // namespace hoist::compose
