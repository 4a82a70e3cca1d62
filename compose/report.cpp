// SPDX-License-Identifier: Apache-2.0
#include "compose/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace hoist::compose {
namespace {

// More is of no use to a reader, and a hostile file could ask for any number.
constexpr std::size_t most_diagnostics = 1000;

std::vector<Diagnostic> sorted(const std::vector<Diagnostic>& all, Diagnostic::Severity severity) {
    std::vector<Diagnostic> chosen;
    std::copy_if(all.begin(), all.end(), std::back_inserter(chosen),
                 [&](const Diagnostic& d) { return d.severity == severity; });
    std::stable_sort(chosen.begin(), chosen.end(), [](const Diagnostic& a, const Diagnostic& b) {
        return std::tie(a.where.file, a.where.line, a.where.column) <
               std::tie(b.where.file, b.where.line, b.where.column);
    });
    return chosen;
}

}  // namespace

Diagnostic& Report::add(Diagnostic::Severity severity, const char* code, std::string message, const Origin& where,
                        std::string help) {
    if (severity == Diagnostic::Severity::error) failed_ = true;
    if (diagnostics_.size() >= most_diagnostics || !seen_.emplace(where.file, where.pos, message).second) {
        ignored_ = {};
        return ignored_;
    }
    return diagnostics_.emplace_back(
        Diagnostic{severity, code, std::move(message), sources_.span(where), {}, std::move(help)});
}

Diagnostic& Report::error(const char* code, std::string message, const Origin& where, std::string help) {
    return add(Diagnostic::Severity::error, code, std::move(message), where, std::move(help));
}

Diagnostic& Report::warning(const char* code, std::string message, const Origin& where, std::string help) {
    return add(Diagnostic::Severity::warning, code, std::move(message), where, std::move(help));
}

void Report::end_phase() const {
    if (failed_) throw LoadError{sorted(diagnostics_, Diagnostic::Severity::error)};
}

std::vector<Diagnostic> Report::warnings() const {
    return sorted(diagnostics_, Diagnostic::Severity::warning);
}

std::string nearest(std::string_view name, const std::vector<std::string>& known) {
    std::string best;
    std::size_t least = name.size() < 4 ? 2 : 3;
    if (name.size() > 64) return best;
    for (const auto& candidate : known) {
        if (candidate.size() > name.size() + 2 || name.size() > candidate.size() + 2) continue;
        const std::size_t distance = edit_distance(name, candidate);
        if (distance < least && distance < std::max(name.size(), candidate.size())) least = distance, best = candidate;
    }
    return best;
}

std::string suggest(std::string_view name, const std::vector<std::string>& known) {
    if (const std::string meant = nearest(name, known); !meant.empty())
        return fmt::format("did you mean \"{}\"?", meant);
    if (known.empty() || known.size() > 8) return {};
    return "there is: " + join(known, ", ");
}

}  // namespace hoist::compose
