#pragma once
// SPDX-License-Identifier: Apache-2.0
// The tree on disk; the only place that builds its paths.
//
//   <root>/                          0711  /var/lib/hoist
//     state.db                       0600  storage/database.h
//     layers/sha256/<diffID>/
//       fs                                 one unpacked layer, without its parents
//       blob-<hex>                         its archive, compressed, by digest; or
//       recipe                             how to make its archive of the files (storage/layer_recipe.h)
//     layers/tmp/<random>                  being unpacked; emptied at start
//     downloads/<hex>                      compressed layers that have not come whole yet
//     builds/<random>/                     a build's context, mounts and layers being written; emptied at start
//     build-mounts/<hash>                  what RUN --mount=type=cache keeps
//     containers/<id>/               0710
//       upper, work                        the overlay's writable layer
//       exit.json, log.N, log.N.index,
//       <id>-json.log, <id>-json.log.N     the monitor's
//       hostname, hosts, resolv.conf       bind-mounted into the container
//     volumes/<name>/_data                 0701, one volume
//     seccomp/<hash>                       compiled profiles
//     secrets/<name>, configs/<name> 0600  storage/kept_objects.h, in directories of 0700
//     trash/<random>                       renamed away, deleted in the background
//   <run>/                           0711  /run/hoist, a tmpfs
//     hoist.sock, hoistd.pid (locked)
//     builds/<random>/               0700  secrets of a build in flight; emptied at start
//     containers/<id>/               0700
//       spec.json, monitor.sock, secrets/<n>

#include <string>

#include "base/id.h"

namespace hoist::storage {

class Layout {
public:
    Layout(std::string root, std::string run) : root_(std::move(root)), run_(std::move(run)) {}
    /// Makes the fixed directories with their modes, and empties those that hold what is in the making. @throws Error
    void make() const;

    const std::string& root() const { return root_; }
    const std::string& run() const { return run_; }
    std::string database() const { return root_ + "/state.db"; }
    std::string download(const std::string& digest) const;
    std::string downloads() const { return root_ + "/downloads"; }
    std::string layer(const std::string& diff_id) const;  ///< .../fs
    std::string layers_tmp() const { return root_ + "/layers/tmp"; }
    std::string container(const ContainerId& id) const { return root_ + "/containers/" + id.str(); }
    std::string builds() const { return root_ + "/builds"; }
    std::string build_mounts() const { return root_ + "/build-mounts"; }
    std::string builds_run() const { return run_ + "/builds"; }
    std::string containers() const { return root_ + "/containers"; }
    std::string volumes() const { return root_ + "/volumes"; }
    std::string volume(const std::string& name) const { return root_ + "/volumes/" + name; }
    std::string volume_data(const std::string& name) const { return volume(name) + "/_data"; }
    std::string secrets() const { return root_ + "/secrets"; }
    std::string configs() const { return root_ + "/configs"; }
    std::string seccomp() const { return root_ + "/seccomp"; }
    std::string trash() const { return root_ + "/trash"; }
    std::string socket() const { return run_ + "/hoist.sock"; }
    std::string pid_file() const { return run_ + "/hoistd.pid"; }
    std::string container_run(const ContainerId& id) const { return run_ + "/containers/" + id.str(); }
    std::string containers_run() const { return run_ + "/containers"; }

private:
    std::string root_, run_;
};

}  // namespace hoist::storage
