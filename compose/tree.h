#pragma once
// SPDX-License-Identifier: Apache-2.0
// From files to one merged tree: parse, interpolate, include, extends, merge.

#include <map>
#include <string>
#include <vector>

#include "compose/files.h"
#include "compose/interpolate.h"
#include "compose/node.h"

namespace hoist::compose {

class TreeLoader {
public:
    explicit TreeLoader(Context& context) : context_(context), interpolator_(context.report) {}

    /// Loads files that are merged onto one another. Relative paths in them start from `project_dir`.
    /// @throws LoadError with all mistakes of the first phase that has any
    Node load(const std::vector<std::string>& files, const std::string& project_dir,
              std::shared_ptr<const Variables> variables);

private:
    struct Including {
        std::string path;
        Origin where;
    };
    struct Extending {
        std::string file, service;
        Origin where;
    };

    std::vector<Node> read_documents(const std::string& path, const std::string& base_dir,
                                     std::shared_ptr<const Variables> variables, const Origin& named_at);
    void include_all(Node& document, Node& merged);
    void include(const Node& entry, Node& merged);
    void extend_all(Node& document, const Node& merged);
    Node extended(const std::string& name, const Node& document, const Node& merged, std::vector<Extending> chain);
    const Node* base_document(const Node& file, const Node& document, std::string& path);
    void merge_file(Node& merged, Node document);

    Context& context_;
    Interpolator interpolator_;
    std::vector<Including> including_;
    std::map<std::string, Node> foreign_;  ///< files that are extended from, by path
    std::size_t copied_ = 0;               ///< nodes copied by `extends`
};

}  // namespace hoist::compose
