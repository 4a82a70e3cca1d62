#pragma once
// SPDX-License-Identifier: Apache-2.0
// The state database: one SQLite file, one connection, one thread. Writes of many callers that wait at the same time
// share one commit (one fsync). (REL-47)

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/units.h"

namespace hoist::storage {

class Sqlite;

struct ContainerRow {
    ContainerId id;
    std::string name;
    std::string project;  ///< empty: belongs to none
    std::string spec;     ///< JSON, the orchestrator's
    std::string state;    ///< JSON, the orchestrator's
};
struct NetworkRow {
    NetworkId id;
    std::string name;
    std::string project;
    std::string spec;  ///< JSON, the orchestrator's
};
/// An address in use on a network. Unique per network and address.
struct LeaseRow {
    NetworkId network;
    ContainerId container;
    std::string address;
};
struct VolumeRow {
    std::string name;
    std::string project;
    std::string spec;  ///< JSON: labels, driver options, created
};
struct ProjectRow {
    std::string name;
    std::string desired;  ///< JSON: the resolved model as last applied
    bool running = true;  ///< false after `stop`: not brought back at the daemon's start
};
struct ImageRow {
    std::string id;        ///< "sha256:..." of the image configuration
    std::string config;    ///< the OCI image configuration, exact bytes
    std::string manifest;  ///< the OCI manifest, exact bytes
    Bytes size;
    TimePoint created;
};
struct TagRow {
    std::string reference;  ///< canonical, "docker.io/library/nginx:latest"
    std::string image_id;
};
struct LayerRow {
    std::string diff_id;
    Bytes size;          ///< of its files
    Bytes archive_size;  ///< of its tar; 0: recorded by an older hoist
};

/// One entry of the build cache.
struct BuildCacheRow {
    std::string key;      ///< "sha256:..." of all that the step depends on
    std::string kind;     ///< "step", "image", "mount"
    std::string diff_id;  ///< of the layer that it came to; empty: it changed nothing
    std::string note;     ///< the instruction, for people
    Bytes size;
    TimePoint created, used;
};

/// One transaction. Everything done through it happens or none of it. Upserts replace a row with the same key.
class Transaction {
public:
    explicit Transaction(Sqlite& db) : db_(db) {}

    void put(const ContainerRow& row);             ///< @throws Error(conflict) if another container has the name
    void remove_container(const ContainerId& id);  ///< and its leases
    std::vector<ContainerRow> containers();
    void put(const NetworkRow& row);  ///< @throws Error(conflict) if another network has the name
    void remove_network(const NetworkId& id);
    std::vector<NetworkRow> networks();
    /// @throws Error(conflict) if another container has the address, Error(not_found) without container or network
    void put(const LeaseRow& row);
    /// As put, but takes the address from whoever has it.
    void take(const LeaseRow& row);
    void remove_lease(const NetworkId& network, const ContainerId& container);
    std::vector<LeaseRow> leases();
    void put(const VolumeRow& row);
    void remove_volume(const std::string& name);
    std::vector<VolumeRow> volumes();
    void put(const ProjectRow& row);
    void remove_project(const std::string& name);
    std::vector<ProjectRow> projects();
    void put(const ImageRow& row);
    void remove_image(const std::string& id);  ///< and its tags
    std::vector<ImageRow> images();
    void put(const TagRow& row);  ///< @throws Error(not_found) without the image
    void remove_tag(const std::string& reference);
    std::vector<TagRow> tags();
    void put(const LayerRow& row);
    void remove_layer(const std::string& diff_id);
    std::vector<LayerRow> layers();
    void put(const BuildCacheRow& row);
    void remove_build_cache(const std::string& key);
    std::vector<BuildCacheRow> build_cache();

private:
    Sqlite& db_;
};

class Database {
public:
    /// Opens or makes the file (0600), checks it (quick_check, foreign keys), brings its schema to this version. No
    /// other process can open it meanwhile. A copy is kept beside it (".backup", at most a day old at the start).
    /// @throws Error(conflict) if another process has it open; Error if the file is damaged (it is left as it is, and
    /// the message says where a backup lies and what to do) or was written by a newer hoist
    explicit Database(const std::string& path);
    ~Database();  ///< finishes what was submitted
    Database(const Database&) = delete;

    /// Runs `work` in a transaction on the database's thread; calls `done` there after the commit is on the disk, with
    /// null, or with what `work` or the commit threw. Submissions run in order; many share a commit, and one that
    /// throws is rolled back alone (savepoint). `done` must not throw.
    void submit(std::function<void(Transaction&)> work, std::function<void(std::exception_ptr)> done);
    /// submit, and wait. For start-up, tests and worker threads.
    void run(const std::function<void(Transaction&)>& work);
    /// Everything that a full check finds wrong (pages, indexes, foreign keys); empty if all is well. Slow.
    std::vector<std::string> check_integrity();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hoist::storage
