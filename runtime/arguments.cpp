// SPDX-License-Identifier: Apache-2.0
#include "runtime/arguments.h"

#include <charconv>

#include "base/error.h"

namespace hoist::runtime {

Arguments Arguments::parse(const std::vector<std::string>& words, const std::vector<OptionSpec>& specs,
                           bool stop_early) {
    Arguments made;
    for (std::size_t at = 0; at < words.size(); ++at) {
        const std::string& word = words[at];
        const bool option = word.size() > 1 && word[0] == '-';
        if (!option || word == "--") {
            const std::size_t rest = word == "--" ? at + 1 : at;
            if (stop_early || word == "--") {
                made.words_.insert(made.words_.end(), words.begin() + static_cast<std::ptrdiff_t>(rest), words.end());
                return made;
            }
            made.words_.push_back(word);
            continue;
        }
        const auto equals = word.rfind("--", 0) == 0 ? word.find('=') : std::string::npos;
        const std::string name = word.substr(0, equals);
        const OptionSpec* found = nullptr;
        for (const auto& spec : specs) {
            if (name == spec.name || (!spec.letter.empty() && name == spec.letter)) found = &spec;
        }
        if (!found) fail(Kind::invalid, "unknown option {}", name);
        std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
        if (found->has_value && equals == std::string::npos) {
            if (at + 1 == words.size()) fail(Kind::invalid, "option {} needs a value", name);
            value = words[++at];
        }
        if (!found->has_value && value == "false") continue;
        made.options_[std::string(found->name)].push_back(value);
    }
    return made;
}

std::string Arguments::value(const std::string& option, const std::string& fallback) const {
    const auto it = options_.find(option);
    return it == options_.end() ? fallback : it->second.back();
}

std::vector<std::string> Arguments::values(const std::string& option) const {
    const auto it = options_.find(option);
    return it == options_.end() ? std::vector<std::string>{} : it->second;
}

int Arguments::number(const std::string& option, int fallback) const {
    if (!has(option)) return fallback;
    const std::string text = value(option);
    int number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc() || end != text.data() + text.size() || number < 0)
        fail(Kind::invalid, "option {}: \"{}\" is not a number", option, text);
    return number;
}

const std::string& Arguments::word(std::size_t n, const char* meaning) const {
    if (n >= words_.size()) fail(Kind::invalid, "{} is missing", meaning);
    return words_[n];
}

}  // namespace hoist::runtime
