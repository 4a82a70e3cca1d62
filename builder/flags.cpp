// SPDX-License-Identifier: Apache-2.0
#include "builder/flags.h"

#include "base/error.h"
#include "base/text.h"

namespace hoist::builder {
namespace {

std::string name_of(const std::string& flag) {
    return flag.substr(2, flag.find('=') == std::string::npos ? std::string::npos : flag.find('=') - 2);
}

std::string value_of(const std::string& flag) {
    const auto equals = flag.find('=');
    return equals == std::string::npos ? "" : flag.substr(equals + 1);
}

}  // namespace

void Flags::refuse(std::string message, std::string word, std::string advice) {
    failed_ = true;
    mistakes_.add({node_.lines, node_.name + ": " + std::move(message), std::move(word), std::move(advice)});
}

bool Flags::has(const std::string& name) {
    known_.insert(name);
    for (const auto& flag : node_.flags)
        if (name_of(flag) == name) return true;
    return false;
}

std::vector<std::string> Flags::list(const std::string& name) {
    known_.insert(name);
    std::vector<std::string> values;
    for (const auto& flag : node_.flags) {
        if (name_of(flag) != name) continue;
        if (value_of(flag).empty())
            refuse(fmt::format("--{} needs a value", name), "--" + name, fmt::format("write --{}=...", name));
        values.push_back(value_of(flag));
    }
    return values;
}

std::string Flags::text(const std::string& name) {
    const auto values = list(name);
    if (values.size() > 1) refuse(fmt::format("--{} is given twice", name), "--" + name, "keep one of them");
    return values.empty() ? "" : values.front();
}

bool Flags::yes(const std::string& name) {
    known_.insert(name);
    bool yes = false;
    for (const auto& flag : node_.flags) {
        if (name_of(flag) != name) continue;
        const auto value = value_of(flag);
        yes = value.empty() || value == "true" || value == "1";
        if (!yes && value != "false" && value != "0")
            refuse(fmt::format("--{} is true or false, not \"{}\"", name, value), value, "");
    }
    return yes;
}

std::optional<Nanoseconds> Flags::duration(const std::string& name) {
    const auto value = text(name);
    if (value.empty()) return std::nullopt;
    const auto duration = value == "0" ? Nanoseconds(0) : parse_duration(value);
    if (!duration || (duration->count() != 0 && *duration < std::chrono::milliseconds(1))) {
        refuse(fmt::format("--{} needs a duration of at least 1ms, not \"{}\"", name, value), value,
               "as in 30s or 1m30s");
        return std::nullopt;
    }
    return duration;
}

std::optional<int> Flags::count(const std::string& name) {
    const auto value = text(name);
    if (value.empty()) return std::nullopt;
    if (value.size() > 6 || value.find_first_not_of("0123456789") != std::string::npos) {
        refuse(fmt::format("--{} needs a number, not \"{}\"", name, value), value, "");
        return std::nullopt;
    }
    return std::stoi(value);
}

void Flags::refuse_rest() {
    for (const auto& flag : node_.flags) {
        const auto name = name_of(flag);
        if (known_.contains(name)) continue;
        const std::vector<std::string> names(known_.begin(), known_.end());
        const auto meant = nearest(name, names);
        refuse(fmt::format("unknown flag --{}", name), "--" + name,
               !meant.empty()  ? fmt::format("did you mean --{}?", meant)
               : names.empty() ? "it has no flags"
                               : "its flags are --" + join(names, ", --"));
    }
}

}  // namespace hoist::builder
