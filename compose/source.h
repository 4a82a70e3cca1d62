#pragma once
// SPDX-License-Identifier: Apache-2.0
// The files that were read, and places in them.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compose/diagnostic.h"

namespace hoist::compose {

/// A stretch of bytes in a file. File 0 is none (the command line, the environment).
struct Origin {
    std::uint32_t file = 0, pos = 0;
    std::uint32_t length = 0;  ///< 0: to the end of the line
    std::uint32_t trail = 0;   ///< how the value came from there to where it is used: Sources::trail; 0: directly
};

/// One step on a value's way from where it was written to where it counts.
struct TrailStep {
    enum class Kind { alias, merge_key, extends, replaced, variable };
    Kind kind = Kind::alias;
    Origin where;
    std::string name;        ///< of the anchor, the service, the variable
    std::uint32_t next = 0;  ///< the step before this one
};

/// A variable of the project's environment and where it was set.
struct Variable {
    std::string value;
    Origin where;
};
using Variables = std::map<std::string, Variable>;

/// Every text that was read, kept as long as places in it may be shown.
class Sources {
public:
    struct File {
        std::string path;  ///< absolute
        std::string text;
        std::string base_dir;                        ///< what relative paths written in it start from
        std::shared_ptr<const Variables> variables;  ///< what ${} in it sees
        std::vector<std::size_t> lines;              ///< where each line begins
        Origin named_at;                             ///< the `include` or `extends` that names it; file 0: none
    };

    /// @param working_directory  paths below it are shown relative to it
    explicit Sources(std::string working_directory);
    std::uint32_t add(std::string path, std::string text, std::string base_dir,
                      std::shared_ptr<const Variables> variables, const Origin& named_at = {});
    const File& file(std::uint32_t index) const { return *files_[index]; }
    const File& file(const Origin& where) const { return *files_[where.file]; }
    /// `where` with one more step on its way.
    Origin through(Origin where, TrailStep::Kind kind, const Origin& step, std::string name = {});
    /// The steps of a value, the last one first.
    std::vector<TrailStep> trail(const Origin& where) const;
    std::string shown(const std::string& path) const;
    Span span(const Origin& where, std::string label = {}) const;
    /// "compose.yaml:3", for use in a sentence.
    std::string place(const Origin& where) const;
    int line(const Origin& where) const;

private:
    std::string working_directory_;
    std::vector<std::unique_ptr<File>> files_;
    std::vector<TrailStep> steps_{1};
};

/// `path` as seen from `base`: "~" is `home`, "./x" and "x" start from `base`, an absolute path is only cleaned.
std::string resolve_path(const std::string& base, std::string_view path, const std::string& home);

}  // namespace hoist::compose
