#pragma once
// SPDX-License-Identifier: Apache-2.0
// The "--name=value" words of an instruction.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/units.h"
#include "builder/syntax.h"

namespace hoist::builder {

class Flags {
public:
    Flags(const Node& node, Mistakes& mistakes) : node_(node), mistakes_(mistakes) {}

    bool has(const std::string& name);
    /// Its value; empty if it is not given. A second one is a mistake.
    std::string text(const std::string& name);
    /// All its values.
    std::vector<std::string> list(const std::string& name);
    /// "--link", "--link=true", "--link=false".
    bool yes(const std::string& name);
    std::optional<Nanoseconds> duration(const std::string& name);
    std::optional<int> count(const std::string& name);
    /// A mistake for every flag that nobody asked for.
    void refuse_rest();
    bool failed() const { return failed_; }

private:
    void refuse(std::string message, std::string word, std::string advice);

    const Node& node_;
    Mistakes& mistakes_;
    std::set<std::string> known_;
    bool failed_ = false;
};

}  // namespace hoist::builder
