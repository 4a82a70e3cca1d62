#pragma once
// SPDX-License-Identifier: Apache-2.0
// Command lines read by tables.

#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace hoist::cli {

/// A command line that cannot be understood: exit status 2.
struct UsageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct Option {
    std::string_view names;  ///< "-d, --detach"; the last one, without dashes, is the key in Arguments
    std::string_view value;  ///< name of its value in the help; empty: a flag
    std::string_view help;
};
using Options = std::vector<Option>;

/// What was read.
class Arguments {
public:
    bool has(const std::string& key) const { return values_.contains(key); }
    /// Given, and not as "--flag=false".
    bool flag(const std::string& key) const;
    std::string get(const std::string& key, std::string fallback = {}) const;  ///< the last one given
    std::vector<std::string> all(const std::string& key) const;
    /// @throws UsageError if given and no whole number
    std::optional<long> number(const std::string& key) const;
    std::vector<std::string> words;  ///< what is no option

    void add(const std::string& key, std::string value) { values_[key].push_back(std::move(value)); }

private:
    std::map<std::string, std::vector<std::string>> values_;
};

/// Where options end: nowhere (they may follow words), or at the first word (exec, run, and before a command's name).
enum class OptionsEnd { nowhere, first_word };

/// Reads "-d", "-dit", "-n5", "-n 5", "--tail=5", "--tail 5", "--". @throws UsageError that suggests the nearest option
Arguments parse_arguments(const Options& options, const std::vector<std::string>& text, OptionsEnd end);

/// The key of an option: "detach" for "-d, --detach".
std::string key_of(const Option& option);
/// Aligned lines for --help.
std::string describe(const Options& options);

}  // namespace hoist::cli
