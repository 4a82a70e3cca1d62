// SPDX-License-Identifier: Apache-2.0
// Dockerfiles, their words with variables, and .dockerignore.
#include <cstdint>

#include "base/error.h"
#include "builder/dockerfile.h"
#include "builder/expand.h"
#include "builder/ignore.h"

namespace {

std::optional<std::string> value_of(const std::string& name) {
    if (name == "a") return "value.of.a";
    return std::nullopt;
}

/// What is refused must be refused by an Error.
template <class Work>
void attempt(Work work) {
    try {
        work();
    } catch (const hoist::Error&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hoist::builder;
    if (size > 4096) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    attempt([&] { parse_dockerfile(text, "Dockerfile"); });
    attempt([&] { expand(text, value_of); });
    attempt([&] { expand_words(text, value_of, {.escape = '`', .raw_quotes = true}); });
    attempt([&] { IgnoreRules::parse(text, ".dockerignore").leaves_out("dir/of/a/file.txt"); });
    return 0;
}
