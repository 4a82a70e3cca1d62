#pragma once
// SPDX-License-Identifier: Apache-2.0
// Secrets or configs that are kept on this host for projects that name them `external`: one file each, root's alone.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"

namespace hoist::storage {

struct KeptObject {
    std::string id, name;
    std::map<std::string, std::string> labels;
    TimePoint created, updated;
};

class KeptObjects {
public:
    /// @param kind  "secret" or "config", for messages
    KeptObjects(std::string directory, std::string kind) : directory_(std::move(directory)), kind_(std::move(kind)) {}

    /// @throws Error(invalid) for a bad name or over 500 kB; Error(conflict) if there is one of that name
    KeptObject create(const std::string& name, const std::string& content, std::map<std::string, std::string> labels);
    /// New content under the same name and id. @throws Error(not_found)
    KeptObject replace(const std::string& name_or_id, const std::string& content);
    void remove(const std::string& name_or_id);
    std::vector<KeptObject> list() const;
    /// By name, id or unique beginning of an id.
    std::optional<KeptObject> find(const std::string& name_or_id) const;
    /// @throws Error(not_found)
    std::string content(const std::string& name_or_id) const;

private:
    KeptObject get(const std::string& name_or_id) const;
    void write(const KeptObject& object, const std::string& content) const;

    std::string directory_, kind_;
};

}  // namespace hoist::storage
