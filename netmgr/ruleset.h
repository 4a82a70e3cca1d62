#pragma once
// SPDX-License-Identifier: Apache-2.0
// The table as a constant set of rules over sets and maps whose elements are the state: pure. For netmgr's own sources.

#include <map>
#include <set>
#include <string>

#include "netmgr/firewall.h"

namespace hoist::netmgr {

/// Set or map name -> its elements as nft writes them ("tcp . 8080 : 10.213.0.2 . 80").
using Elements = std::map<std::string, std::set<std::string>>;

/// What the sets and maps hold for a state. Every set is named, empty ones too.
Elements elements_of(const FirewallState& state);

/// The table without elements, as a script that replaces an older one.
std::string render_skeleton();

/// The commands that turn `old` into `wanted`, in one transaction; empty if they are equal.
std::string render_difference(const Elements& old, const Elements& wanted);

}  // namespace hoist::netmgr
