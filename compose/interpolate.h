#pragma once
// SPDX-License-Identifier: Apache-2.0
// ${VARIABLES} in Compose files. @see compose-spec 12-interpolation.md

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compose/node.h"
#include "compose/report.h"

namespace hoist::compose {

/// Something found while expanding; offset and length are bytes of the text that was given.
struct TemplateIssue {
    enum class Type { unset, required, malformed };
    Type type = Type::unset;
    std::string name;     ///< the variable
    std::string message;  ///< required: the file's own words; malformed: what is wrong
    std::size_t offset = 0, length = 0;
};
using Lookup = std::function<std::optional<std::string>(const std::string& name)>;

/// Replaces $V, ${V}, ${V:-d}, ${V-d}, ${V:?e}, ${V?e}, ${V:+r}, ${V+r} (nested in d, e and r) and $$. Values are not
/// looked into again. `$` before anything else stays. Runs nothing.
std::string expand(std::string_view text, const Lookup& lookup, std::vector<TemplateIssue>& issues);

/// Expands all values (never keys) of a tree with the variables of the file that each was written in.
class Interpolator {
public:
    explicit Interpolator(Report& report) : report_(report) {}
    void run(Node& tree);

private:
    void expand_scalar(Node& node);
    void tell(const Node& node, const TemplateIssue& issue, const Variables& variables);

    Report& report_;
    std::set<std::string> warned_;
    std::size_t bytes_ = 0;
};

}  // namespace hoist::compose
