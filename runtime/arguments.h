#pragma once
// SPDX-License-Identifier: Apache-2.0
// Arguments of hoist-runtime's commands, in the forms that runc's and crun's users write them.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hoist::runtime {

struct OptionSpec {
    std::string_view name;        ///< "--bundle"
    std::string_view letter;      ///< "-b" or ""
    std::string_view value;       ///< what stands for its value in the help ("DIR"); empty: it is a switch
    std::string_view about = "";  ///< one line for the help
};

/// What was written, by long name.
class Arguments {
public:
    /// Reads options up to the end, or, with `stop_early`, to the first word that is none. Understood are --name VALUE,
    /// --name=VALUE, -name (as Go's programs have it), -n VALUE, -nVALUE, -n=VALUE, and switches together (-dt).
    /// @throws Error(invalid) for an option that is not in `specs`, or that lacks its value
    static Arguments parse(const std::vector<std::string>& words, const std::vector<OptionSpec>& specs,
                           bool stop_early);

    bool has(const std::string& option) const { return options_.count(option) != 0; }
    std::string value(const std::string& option, const std::string& fallback = "") const;
    std::vector<std::string> values(const std::string& option) const;
    /// @throws Error(invalid) if it is no number from 0 on
    int number(const std::string& option, int fallback) const;
    const std::vector<std::string>& words() const { return words_; }
    /// The n-th word that is no option. @throws Error(invalid) that names what is missing
    const std::string& word(std::size_t n, const char* meaning) const;

private:
    class Reader;
    std::map<std::string, std::vector<std::string>> options_;
    std::vector<std::string> words_;
};

}  // namespace hoist::runtime
