#pragma once
// SPDX-License-Identifier: Apache-2.0
// Go's text/template, as `--format '{{.State.Status}}'` uses it, over JSON values.

#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"

namespace hoist::cli {

/// A parsed template. Understands fields, variables, pipelines, parentheses, if, else, range, with, trim marks and
/// comments; the built-in functions, and Docker's json, join, split, lower, upper, title, pad and truncate.
/// A field that is not there in this spelling is looked up without regard to case, for fields that Docker's types and
/// its JSON spell differently (ID, Id). @see Go "text/template"; docs.docker.com "Format command and log output"
class Template {
public:
    /// @throws UsageError that shows where the mistake is
    explicit Template(std::string_view text);
    ~Template();
    Template(Template&&) noexcept;

    /// @param dot  what "." means; its member "Labels" as an object also answers `.Label "name"`
    /// @throws UsageError if a function does not fit its arguments
    std::string render(const Json& dot) const;

    struct Node;

private:
    std::shared_ptr<const Node> root_;
};

}  // namespace hoist::cli
