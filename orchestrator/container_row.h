#pragma once
// SPDX-License-Identifier: Apache-2.0
// A container's row in the database.

#include "orchestrator/container.h"
#include "storage/database.h"

namespace hoist::orchestrator {

/// The label by which a container belongs to a project.
std::string project_of(const ContainerSpec& spec);
/// A spec as the row holds it.
std::string text_of(const ContainerSpec& spec);
/// @param spec_text  text_of(view.spec), which changes so rarely that it is kept
storage::ContainerRow container_row(const ContainerView& view, const std::string& spec_text);
/// @throws Error(invalid) if the row is damaged
ContainerView view_of(const storage::ContainerRow& row);

}  // namespace hoist::orchestrator
