// SPDX-License-Identifier: Apache-2.0
// A Compose file, and a .env beside it (behind a line "%%%"): loaded, and what loads is printed and loaded again.
#include <cstdint>
#include <cstdlib>

#include "base/error.h"
#include "compose/loader.h"

namespace hoist::compose {
namespace {

std::map<std::string, std::string> files_of(std::string_view text) {
    constexpr std::string_view mark = "\n%%%\n";
    const auto end = text.find(mark);
    if (end == std::string_view::npos) return {{"/p/compose.yaml", std::string(text)}};
    return {{"/p/compose.yaml", std::string(text.substr(0, end + 1))},
            {"/p/.env", std::string(text.substr(end + mark.size()))}};
}

Loaded load(const std::map<std::string, std::string>& files) {
    const LoadOptions options{.working_directory = "/p", .environment = {{"HOME", "/root"}}};
    const FileReader reader = [&](const std::string& path) -> std::optional<std::string> {
        const auto found = files.find(path);
        return found == files.end() ? std::nullopt : std::optional(found->second);
    };
    return load_project(options, reader);
}

}  // namespace
}  // namespace hoist::compose

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hoist;
    using namespace hoist::compose;
    std::string canonical;
    try {
        canonical = to_yaml(load(files_of({reinterpret_cast<const char*>(data), size})).project);
    } catch (const LoadError& problem) {
        (void)render(problem.diagnostics, DiagnosticFormat::rich, false);
        return 0;
    } catch (const Error&) {
        return 0;
    }
    std::string again;
    try {
        again = to_yaml(load({{"/p/compose.yaml", canonical}}).project);
    } catch (const Error& problem) {
        std::fprintf(stderr, "%s\n---\n%s", problem.what(), canonical.c_str());
        std::abort();
    }
    if (again != canonical) {
        std::fprintf(stderr, "%s\n--- is not ---\n%s", again.c_str(), canonical.c_str());
        std::abort();
    }
    return 0;
}
