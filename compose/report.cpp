// SPDX-License-Identifier: Apache-2.0
#include "compose/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace hoist::compose {
namespace {

// More is of no use to a reader, and a hostile file could ask for any number.
constexpr std::size_t most_diagnostics = 1000;
// Of the way that a value came, what is nearest to its use.
constexpr std::size_t most_steps = 4;

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
        Diagnostic{severity, code, std::move(message), sources_.span(where), way_to(where), std::move(help)});
}

/// How the value came to be used: through an alias, a merge key, `extends`, `include`.
std::vector<Span> Report::way_to(const Origin& where) const {
    std::vector<Span> spans;
    const auto add = [&](const Origin& step, const std::string& label) {
        if (step.file != 0 && spans.size() < most_steps) spans.push_back(sources_.span(step, label));
    };
    for (const auto& step : sources_.trail(where)) {
        if (step.kind == TrailStep::Kind::alias) add(step.where, "used here");
        if (step.kind == TrailStep::Kind::merge_key) add(step.where, "merged here");
        if (step.kind == TrailStep::Kind::extends) add(step.where, "extended here");
        if (step.kind == TrailStep::Kind::variable) add(step.where, fmt::format("{} is set here", step.name));
    }
    for (Origin from = sources_.file(where).named_at; from.file != 0; from = sources_.file(from).named_at)
        add(from, "in a file named here");
    return spans;
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
