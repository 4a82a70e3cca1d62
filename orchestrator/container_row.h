#pragma once
// SPDX-License-Identifier: Apache-2.0
// A container's row in the database.

#include "orchestrator/container.h"
#include "storage/database.h"

namespace hoist::orchestrator {

/// The label by which a container belongs to a project.
std::string project_of(const ContainerSpec& spec);
/// @param spec_text  to_json(view.spec) as text: it never changes, so it is made once
storage::ContainerRow container_row(const ContainerView& view, const std::string& spec_text);
/// @throws Error(invalid) if the row is damaged
ContainerView view_of(const storage::ContainerRow& row);

}  // namespace hoist::orchestrator
