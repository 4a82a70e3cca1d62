#pragma once
// SPDX-License-Identifier: Apache-2.0
// What the words of a command mean: services of this project, or containers.

#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "wire/filters.h"

namespace hoist::cli {

/// A container as the list shows it.
struct ListedContainer {
    std::string id, name, service;
    int number = 0;
    Json entry;  ///< of GET /containers/json
    bool running() const;
};

/// The containers of a project (or all), by service and number.
std::vector<ListedContainer> list_containers(Context& context, const std::optional<std::string>& project, bool all,
                                             wire::Filters filters = {});

/// "service-1", as the log prefix shows it, or the name.
std::string label_of(const ListedContainer& container);

struct Targets {
    std::optional<std::string> project;  ///< set if all words (or none) are services of it
    std::vector<std::string> services;
    std::vector<std::string> containers;  ///< names or ids, else
};
/// Tells services from containers. Without words: the project. @throws Error if there is neither
Targets find_targets(Context& context, const std::vector<std::string>& words);

/// One container: a service's replica (`index`, or the first that runs), or a container by name or id.
std::string find_container(Context& context, const std::string& word, std::optional<long> index);

/// "/containers/<name>/<action>", escaped.
std::string container_path(const std::string& name, const std::string& action = {});

}  // namespace hoist::cli
