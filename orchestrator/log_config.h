#pragma once
// SPDX-License-Identifier: Apache-2.0
// Log drivers and their options, as Docker names them.

#include <string>
#include <vector>

#include "orchestrator/container.h"
#include "runtime/log_settings.h"
#include "runtime/log_store.h"

namespace hoist::orchestrator {

/// The names of log drivers, for lists and refusals.
std::vector<std::string> log_drivers();

/// @throws Error(invalid) for a driver or an option that does not exist here, with the list of those that do
void check_log(const ContainerSpec& spec);

/// What the monitor is told of a container's log.
/// @param environment  of the container, for the option `env`
/// @throws Error(invalid) as check_log
runtime::LogSettings log_settings(const ContainerView& view, const std::vector<std::string>& environment);

/// The file, or the directory, where a container's log is; empty if it keeps none here.
std::string log_path(const ContainerView& view);

/// Reads a container's log. @throws Error(conflict) if its driver keeps nothing that could be read
runtime::LogReader open_log(const ContainerView& view, const runtime::LogQuery& query);

}  // namespace hoist::orchestrator
