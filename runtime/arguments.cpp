// SPDX-License-Identifier: Apache-2.0
#include "runtime/arguments.h"

#include <array>
#include <charconv>
#include <optional>

#include "base/error.h"
#include "base/text.h"

namespace hoist::runtime {
namespace {

/// As Go's flags read a switch's value; nullopt for other words.
std::optional<bool> parse_switch(std::string_view text) {
    for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"}) {
        if (text == yes) return true;
    }
    for (const char* no : {"0", "f", "F", "false", "FALSE", "False"}) {
        if (text == no) return false;
    }
    return std::nullopt;
}

[[noreturn]] void refuse_unknown(std::string_view option) {
    fail(Kind::invalid, "unknown option {}", escape_for_terminal(option));
}

}  // namespace

/// One pass over the words.
class Arguments::Reader {
public:
    Reader(const std::vector<std::string>& words, const std::vector<OptionSpec>& specs)
        : words_(words), specs_(specs) {}

    Arguments read(bool stop_early) {
        for (; at_ < words_.size(); ++at_) {
            const std::string& word = words_[at_];
            const bool option = word.size() > 1 && word[0] == '-';
            if (option && word != "--") {
                read_option(word);
                continue;
            }
            if (option || stop_early) {
                if (option) ++at_;
                made_.words_.insert(made_.words_.end(), words_.begin() + static_cast<std::ptrdiff_t>(at_),
                                    words_.end());
                break;
            }
            made_.words_.push_back(word);
        }
        return std::move(made_);
    }

private:
    const OptionSpec* find_long(std::string_view name) const {
        for (const auto& spec : specs_) {
            if (spec.name == name) return &spec;
        }
        return nullptr;
    }
    const OptionSpec* find_letter(char letter) const {
        for (const auto& spec : specs_) {
            if (!spec.letter.empty() && spec.letter[1] == letter) return &spec;
        }
        return nullptr;
    }

    void read_option(const std::string& word) {
        const bool two_dashes = word[1] == '-';
        const auto equals = word.find('=');
        const std::string name = (two_dashes ? "" : "-") + word.substr(0, equals);
        const OptionSpec* spec = two_dashes || name.size() > 3 ? find_long(name) : nullptr;
        if (!spec && !two_dashes) return read_letters(word);
        if (!spec) refuse_unknown(name);
        set(*spec, equals == std::string::npos ? std::nullopt : std::optional(word.substr(equals + 1)));
    }

    /// "-d", "-dt", "-b DIR", "-bDIR", "-b=DIR".
    void read_letters(const std::string& word) {
        for (std::size_t at = 1; at < word.size(); ++at) {
            const OptionSpec* spec = find_letter(word[at]);
            if (!spec) refuse_unknown(word.size() == 2 ? word : fmt::format("-{} (in {})", word[at], word));
            const bool last = at + 1 == word.size();
            const bool assigned = !last && word[at + 1] == '=';
            if (spec->value.empty() && !assigned) {
                set(*spec, std::nullopt);
                continue;
            }
            return set(*spec, last ? std::nullopt : std::optional(word.substr(at + (assigned ? 2 : 1))));
        }
    }

    void set(const OptionSpec& spec, std::optional<std::string> value) {
        if (spec.value.empty()) {
            const auto on = parse_switch(value.value_or("true"));
            if (!on) fail(Kind::invalid, "option {} is a switch: \"{}\" is neither true nor false", spec.name, *value);
            if (!*on) {
                made_.options_.erase(std::string(spec.name));
                return;
            }
        } else if (!value) {
            if (at_ + 1 == words_.size()) fail(Kind::invalid, "option {} needs a value", spec.name);
            value = words_[++at_];
        }
        made_.options_[std::string(spec.name)].push_back(value.value_or(""));
    }

    const std::vector<std::string>& words_;
    const std::vector<OptionSpec>& specs_;
    std::size_t at_ = 0;
    Arguments made_;
};

Arguments Arguments::parse(const std::vector<std::string>& words, const std::vector<OptionSpec>& specs,
                           bool stop_early) {
    return Reader(words, specs).read(stop_early);
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
        fail(Kind::invalid, "option {}: \"{}\" is not a number", option, escape_for_terminal(text));
    return number;
}

const std::string& Arguments::word(std::size_t n, const char* meaning) const {
    if (n >= words_.size()) fail(Kind::invalid, "{} is missing", meaning);
    return words_[n];
}

}  // namespace hoist::runtime
