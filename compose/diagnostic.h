#pragma once
// SPDX-License-Identifier: Apache-2.0
// Errors and warnings with their place: what, where, the line itself, and what to write instead.

#include <string>
#include <vector>

namespace hoist::compose {

/// A place in a file; line and column count from 1 (0: the file as a whole), columns in characters.
struct Span {
    std::string file;
    int line = 0, column = 0, length = 1;
    std::string label;  ///< for secondary spans: "first defined here"
    std::string text;   ///< the line itself, so that rendering needs no file; empty if there is none
};

struct Diagnostic {
    enum class Severity { error, warning, note };
    Severity severity = Severity::error;
    std::string code;     ///< "C03"; classes in docs/diagnostics.md; empty for a note
    std::string message;  ///< one sentence
    Span where;
    std::vector<Span> others;
    std::string help;  ///< a concrete replacement, or empty
};

/// Thrown by the loader: everything that a phase found, sorted by file and line.
struct LoadError {
    std::vector<Diagnostic> diagnostics;
};

enum class DiagnosticFormat { rich, brief, json };
/// Renders diagnostics: rich = severity[CODE], --> file:line:column, source line, caret, help; at most 20 and a count
/// of the rest. Text from files is escaped. `color` adds ANSI colours.
std::string render(const std::vector<Diagnostic>& diagnostics, DiagnosticFormat format, bool color);

}  // namespace hoist::compose
