#pragma once
// SPDX-License-Identifier: Apache-2.0
// Loading from a table of texts, without a disk.

#include "base/error.h"
#include "compose/loader.h"

namespace hoist::compose::test {

/// Files by absolute path; the project is in /p.
struct Files {
    std::map<std::string, std::string> texts;
    LoadOptions options{.working_directory = "/p"};

    Files() = default;
    explicit Files(const std::string& compose_yaml) { texts["/p/compose.yaml"] = compose_yaml; }

    FileReader reader() const {
        return [this](const std::string& path) -> std::optional<std::string> {
            const auto found = texts.find(path);
            return found == texts.end() ? std::nullopt : std::optional(found->second);
        };
    }
    Loaded load() const { return load_project(options, reader()); }
    Project project() const { return load().project; }
    /// What the loader reports, one line each; empty if it loads.
    std::string errors(DiagnosticFormat format = DiagnosticFormat::brief) const {
        try {
            load();
            return "";
        } catch (const LoadError& problem) {
            return render(problem.diagnostics, format, false);
        } catch (const Error& problem) {
            return std::string(problem.what()) + "\n";
        }
    }
    std::string warnings() const { return render(load().warnings, DiagnosticFormat::brief, false); }
};

/// The service "a" whose keys are `keys` (each line of it indented by four).
inline Files one_service(const std::string& keys) {
    std::string text = "services:\n  a:\n    image: i\n    ";
    for (const char c : keys) text += c == '\n' ? std::string("\n    ") : std::string(1, c);
    return Files(text + "\n");
}

}  // namespace hoist::compose::test
