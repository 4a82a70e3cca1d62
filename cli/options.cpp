// SPDX-License-Identifier: Apache-2.0
#include "cli/options.h"

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"

namespace hoist::cli {
namespace {

std::vector<std::string> names_of(const Option& option) {
    std::vector<std::string> names;
    for (const auto& name : split(option.names, ',')) names.emplace_back(trim(name));
    return names;
}

const Option* find_option(const Options& options, const std::string& name) {
    for (const auto& option : options)
        for (const auto& candidate : names_of(option))
            if (candidate == name) return &option;
    return nullptr;
}

[[noreturn]] void fail_unknown(const Options& options, const std::string& name) {
    std::string nearest;
    std::size_t best = 3;
    for (const auto& option : options)
        for (const auto& candidate : names_of(option)) {
            const auto distance = edit_distance(candidate, name);
            if (candidate.size() > 2 && distance < best) {
                best = distance;
                nearest = candidate;
            }
        }
    throw UsageError(fmt::format("unknown option '{}'{}", escape_for_terminal(name),
                                 nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest)));
}

/// Goes through the words of a command line.
class Reader {
public:
    Reader(const Options& options, const std::vector<std::string>& text) : options_(options), text_(text) {}

    Arguments read(OptionsEnd end) {
        while (at_ < text_.size()) {
            const std::string& word = text_[at_++];
            if (word == "--") break;
            if (word.rfind("--", 0) == 0) {
                read_long(word);
            } else if (word.size() > 1 && word[0] == '-') {
                read_short(word);
            } else {
                result_.words.push_back(word);
                if (end == OptionsEnd::first_word) break;
            }
        }
        result_.words.insert(result_.words.end(), text_.begin() + static_cast<std::ptrdiff_t>(at_), text_.end());
        return std::move(result_);
    }

private:
    std::string next_value(const std::string& name) {
        if (at_ == text_.size()) throw UsageError(fmt::format("{} needs a value", name));
        return text_[at_++];
    }

    void read_long(const std::string& word) {
        const auto equals = word.find('=');
        const std::string name = word.substr(0, equals);
        const Option* option = find_option(options_, name);
        if (!option) fail_unknown(options_, name);
        if (equals != std::string::npos)
            result_.add(key_of(*option), word.substr(equals + 1));
        else
            result_.add(key_of(*option), option->value.empty() ? "true" : next_value(name));
    }

    /// "-dit" is three flags; what follows an option with a value is its value.
    void read_short(const std::string& word) {
        for (std::size_t i = 1; i < word.size(); ++i) {
            const std::string name = {'-', word[i]};
            const Option* option = find_option(options_, name);
            if (!option) fail_unknown(options_, name);
            if (option->value.empty()) {
                result_.add(key_of(*option), "true");
                continue;
            }
            std::string rest = word.substr(i + 1);
            if (!rest.empty() && rest.front() == '=') rest.erase(0, 1);
            result_.add(key_of(*option), rest.empty() ? next_value(name) : rest);
            return;
        }
    }

    const Options& options_;
    const std::vector<std::string>& text_;
    std::size_t at_ = 0;
    Arguments result_;
};

}  // namespace

bool Arguments::flag(const std::string& key) const {
    const auto value = get(key, "false");
    if (value == "true" || value == "1") return true;
    if (value == "false" || value == "0") return false;
    throw UsageError(fmt::format("--{}: '{}' is neither true nor false", key, escape_for_terminal(value)));
}

std::string Arguments::get(const std::string& key, std::string fallback) const {
    const auto found = values_.find(key);
    return found == values_.end() ? std::move(fallback) : found->second.back();
}

std::vector<std::string> Arguments::all(const std::string& key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? std::vector<std::string>{} : found->second;
}

std::optional<long> Arguments::number(const std::string& key) const {
    if (!has(key)) return std::nullopt;
    const std::string text = get(key);
    long value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || end != text.data() + text.size())
        throw UsageError(fmt::format("--{}: '{}' is not a whole number", key, escape_for_terminal(text)));
    return value;
}

Arguments parse_arguments(const Options& options, const std::vector<std::string>& text, OptionsEnd end) {
    return Reader(options, text).read(end);
}

std::string key_of(const Option& option) {
    const auto name = names_of(option).back();
    return name.substr(name.find_first_not_of('-'));
}

std::string describe(const Options& options) {
    std::vector<std::string> left;
    std::size_t width = 0;
    for (const auto& option : options) {
        const bool no_short = option.names.rfind("--", 0) == 0;
        left.push_back(fmt::format("{}{}{}{}", no_short ? "    " : "", option.names, option.value.empty() ? "" : " ",
                                   option.value));
        width = std::max(width, left.back().size());
    }
    std::string text;
    for (std::size_t i = 0; i < options.size(); ++i)
        text += fmt::format("  {:<{}}  {}\n", left[i], width, options[i].help);
    return text;
}

}  // namespace hoist::cli
