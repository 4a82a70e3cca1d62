// SPDX-License-Identifier: Apache-2.0
#include "api/router.h"

#include "base/text.h"

namespace hoist::api {
namespace {

using Parts = std::vector<std::string>;
using Parameters = std::map<std::string, std::string>;

std::string decoded(const Parts& parts, std::size_t first, std::size_t count) {
    Parts names;
    for (std::size_t i = first; i < first + count; ++i) names.push_back(wire::percent_decode(parts[i]));
    return join(names, "/");
}

bool is_variable(const std::string& part) {
    return part.size() > 2 && part.front() == '{' && part.back() == '}';
}
bool takes_slashes(const std::string& part) {
    return is_variable(part) && part.find("...") != std::string::npos;
}

std::string variable_name(const std::string& part) {
    return part.substr(1, part.size() - (takes_slashes(part) ? 5 : 2));
}

bool matches(const Parts& pattern, const Parts& path, Parameters& parameters) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const std::size_t needed = pattern.size() - i - 1;  // one segment for each part that follows
        if (path.size() < at + 1 + needed) return false;
        const std::size_t count = takes_slashes(pattern[i]) ? path.size() - at - needed : 1;
        if (is_variable(pattern[i])) {
            auto value = decoded(path, at, count);
            if (value.empty()) return false;
            parameters[variable_name(pattern[i])] = std::move(value);
        } else if (path[at] != pattern[i]) {
            return false;
        }
        at += count;
    }
    return at == path.size();
}

}  // namespace

const Route* find_route(const std::vector<Route>& routes, Request& request) {
    const auto path = split(request.path, '/');
    for (const auto& route : routes) {
        if (route.method != request.method) continue;
        Parameters parameters;
        if (!matches(split(route.pattern, '/'), path, parameters)) continue;
        request.parameters = std::move(parameters);
        return &route;
    }
    return nullptr;
}

}  // namespace hoist::api
