#pragma once
// SPDX-License-Identifier: Apache-2.0
// The files that the engine writes for one container before its start. Blocking.

#include <string>
#include <vector>

#include "orchestrator/container.h"
#include "orchestrator/oci_spec.h"
#include "orchestrator/seccomp_files.h"
#include "runtime/monitor_protocol.h"
#include "storage/layout.h"

namespace hoist::orchestrator {

/// Everything that a start is prepared from, by value: it is used on a worker thread.
struct StartInput {
    ContainerView view;
    storage::ImageConfig image;
    std::vector<std::string> lower;
    StartFacts facts;
    std::string host_resolv_conf;
    std::vector<std::string> shared_directories;  ///< that containers write to
};

/// /etc/hosts of a container: loopback, its own addresses, extra_hosts (host-gateway is its first gateway). Pure.
std::string hosts_file(const ContainerView& view);
/// /etc/resolv.conf: the embedded resolver if the container is on a network of ours, else the host's text. Pure.
std::string resolv_conf_file(const ContainerView& view, const std::string& host_text);

/// Writes hosts and resolv.conf of a container, in place: a running one has the files themselves mounted.
void write_network_files(const ContainerView& view, const std::string& directory, const std::string& host_resolv_conf);

/// Writes hostname, hosts, resolv.conf, secrets and spec.json, and looks devices up.
/// @param before  what spec.json says already, which is then not written again
/// @return the text of spec.json
std::string write_container_files(StartInput input, const storage::Layout& layout, SeccompFiles& seccomp,
                                  const std::string& before);

/// What a view of the container's files shows while it does not run: root, volumes and bind mounts. Makes no file.
runtime::MonitorSpec root_view_spec(StartInput input, const storage::Layout& layout);

}  // namespace hoist::orchestrator
