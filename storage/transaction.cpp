// SPDX-License-Identifier: Apache-2.0
// Rows in and out of the tables. Upserts update in place: REPLACE would delete the row first, and with it, through the
// foreign keys, what belongs to it.
#include "storage/database.h"
#include "storage/sqlite.h"

namespace hoist::storage {
namespace {

/// Runs a write and puts a broken rule of the schema into words.
void write(Statement& statement, Kind broken, const std::string& in_words) {
    try {
        statement.run();
    } catch (const SqliteError& error) {
        if ((error.code & 0xff) == SQLITE_CONSTRAINT) throw Error(broken, in_words);
        throw;
    }
}

void remove_by_key(Sqlite& db, const char* sql, const std::string& key) {
    db.prepare(sql).bind(key).run();
}

TimePoint time_of(std::int64_t nanoseconds) {
    return TimePoint(Nanoseconds(nanoseconds));
}

}  // namespace

void Transaction::put(const ContainerRow& row) {
    auto statement = db_.prepare(
        "INSERT INTO containers(id, name, project, spec, state) VALUES(?,?,?,?,?) ON CONFLICT(id) DO UPDATE SET "
        "name=excluded.name, project=excluded.project, spec=excluded.spec, state=excluded.state");
    statement.bind(row.id.str(), row.name, row.project, row.spec, row.state);
    write(statement, Kind::conflict, fmt::format("the container name \"{}\" is already in use", row.name));
}

void Transaction::remove_container(const ContainerId& id) {
    remove_by_key(db_, "DELETE FROM containers WHERE id=?", id.str());
}

std::vector<ContainerRow> Transaction::containers() {
    std::vector<ContainerRow> rows;
    auto found = db_.prepare("SELECT id, name, project, spec, state FROM containers ORDER BY id");
    while (found.step())
        rows.push_back({ContainerId(found.text(0)), found.text(1), found.text(2), found.text(3), found.text(4)});
    return rows;
}

void Transaction::put(const NetworkRow& row) {
    auto statement = db_.prepare(
        "INSERT INTO networks(id, name, project, spec) VALUES(?,?,?,?) ON CONFLICT(id) DO UPDATE SET "
        "name=excluded.name, project=excluded.project, spec=excluded.spec");
    statement.bind(row.id.str(), row.name, row.project, row.spec);
    write(statement, Kind::conflict, fmt::format("the network name \"{}\" is already in use", row.name));
}

void Transaction::remove_network(const NetworkId& id) {
    remove_by_key(db_, "DELETE FROM networks WHERE id=?", id.str());
}

std::vector<NetworkRow> Transaction::networks() {
    std::vector<NetworkRow> rows;
    auto found = db_.prepare("SELECT id, name, project, spec FROM networks ORDER BY id");
    while (found.step()) rows.push_back({NetworkId(found.text(0)), found.text(1), found.text(2), found.text(3)});
    return rows;
}

void Transaction::put(const LeaseRow& row) {
    auto statement = db_.prepare(
        "INSERT INTO leases(network, container, address) VALUES(?,?,?) ON CONFLICT(network, address) DO UPDATE SET "
        "container=excluded.container WHERE container=excluded.container");
    statement.bind(row.network.str(), row.container.str(), row.address);
    write(statement, Kind::not_found,
          fmt::format("lease of {}: container {} or network {} is not recorded", row.address, row.container.shortened(),
                      row.network.shortened()));
    if (db_.changes() == 0)
        fail(Kind::conflict, "address {} is already in use on network {}", row.address, row.network.shortened());
}

void Transaction::take(const LeaseRow& row) {
    db_.prepare("DELETE FROM leases WHERE network=? AND address=? AND container!=?")
        .bind(row.network.str(), row.address, row.container.str())
        .run();
    put(row);
}

void Transaction::remove_lease(const NetworkId& network, const ContainerId& container) {
    db_.prepare("DELETE FROM leases WHERE container=? AND network=?").bind(container.str(), network.str()).run();
}

std::vector<LeaseRow> Transaction::leases() {
    std::vector<LeaseRow> rows;
    auto found = db_.prepare("SELECT network, container, address FROM leases ORDER BY network, address");
    while (found.step()) rows.push_back({NetworkId(found.text(0)), ContainerId(found.text(1)), found.text(2)});
    return rows;
}

void Transaction::put(const VolumeRow& row) {
    db_.prepare(
           "INSERT INTO volumes(name, project, spec) VALUES(?,?,?) ON CONFLICT(name) DO UPDATE SET "
           "project=excluded.project, spec=excluded.spec")
        .bind(row.name, row.project, row.spec)
        .run();
}

void Transaction::remove_volume(const std::string& name) {
    remove_by_key(db_, "DELETE FROM volumes WHERE name=?", name);
}

std::vector<VolumeRow> Transaction::volumes() {
    std::vector<VolumeRow> rows;
    auto found = db_.prepare("SELECT name, project, spec FROM volumes ORDER BY name");
    while (found.step()) rows.push_back({found.text(0), found.text(1), found.text(2)});
    return rows;
}

void Transaction::put(const ProjectRow& row) {
    db_.prepare(
           "INSERT INTO projects(name, desired, running) VALUES(?,?,?) ON CONFLICT(name) DO UPDATE SET "
           "desired=excluded.desired, running=excluded.running")
        .bind(row.name, row.desired, row.running)
        .run();
}

void Transaction::remove_project(const std::string& name) {
    remove_by_key(db_, "DELETE FROM projects WHERE name=?", name);
}

std::vector<ProjectRow> Transaction::projects() {
    std::vector<ProjectRow> rows;
    auto found = db_.prepare("SELECT name, desired, running FROM projects ORDER BY name");
    while (found.step()) rows.push_back({found.text(0), found.text(1), found.integer(2) != 0});
    return rows;
}

void Transaction::put(const ImageRow& row) {
    db_.prepare(
           "INSERT INTO images(id, config, manifest, size, created) VALUES(?,?,?,?,?) ON CONFLICT(id) DO UPDATE "
           "SET config=excluded.config, manifest=excluded.manifest, size=excluded.size, created=excluded.created")
        .bind(row.id, row.config, row.manifest, row.size.count, std::int64_t{row.created.time_since_epoch().count()})
        .run();
}

void Transaction::remove_image(const std::string& id) {
    remove_by_key(db_, "DELETE FROM images WHERE id=?", id);
}

std::vector<ImageRow> Transaction::images() {
    std::vector<ImageRow> rows;
    auto found = db_.prepare("SELECT id, config, manifest, size, created FROM images ORDER BY id");
    while (found.step())
        rows.push_back(
            {found.text(0), found.text(1), found.text(2), Bytes{found.integer(3)}, time_of(found.integer(4))});
    return rows;
}

void Transaction::put(const TagRow& row) {
    auto statement = db_.prepare(
        "INSERT INTO tags(reference, image) VALUES(?,?) ON CONFLICT(reference) DO UPDATE SET image=excluded.image");
    statement.bind(row.reference, row.image_id);
    write(statement, Kind::not_found, fmt::format("tag {}: no such image: {}", row.reference, row.image_id));
}

void Transaction::remove_tag(const std::string& reference) {
    remove_by_key(db_, "DELETE FROM tags WHERE reference=?", reference);
}

std::vector<TagRow> Transaction::tags() {
    std::vector<TagRow> rows;
    auto found = db_.prepare("SELECT reference, image FROM tags ORDER BY reference");
    while (found.step()) rows.push_back({found.text(0), found.text(1)});
    return rows;
}

void Transaction::put(const LayerRow& row) {
    db_.prepare(
           "INSERT INTO layers(diff_id, size, archive_size) VALUES(?,?,?) ON CONFLICT(diff_id) DO UPDATE SET "
           "size=excluded.size, archive_size=excluded.archive_size")
        .bind(row.diff_id, row.size.count, row.archive_size.count)
        .run();
}

void Transaction::remove_layer(const std::string& diff_id) {
    remove_by_key(db_, "DELETE FROM layers WHERE diff_id=?", diff_id);
}

std::vector<LayerRow> Transaction::layers() {
    std::vector<LayerRow> rows;
    auto found = db_.prepare("SELECT diff_id, size, archive_size FROM layers ORDER BY diff_id");
    while (found.step()) rows.push_back({found.text(0), Bytes{found.integer(1)}, Bytes{found.integer(2)}});
    return rows;
}

void Transaction::put(const BuildCacheRow& row) {
    auto statement = db_.prepare(
        "INSERT INTO build_cache(key, kind, diff_id, note, size, created, used) VALUES(?,?,?,?,?,?,?) ON CONFLICT(key) "
        "DO UPDATE SET kind=excluded.kind, diff_id=excluded.diff_id, note=excluded.note, size=excluded.size, "
        "created=excluded.created, used=excluded.used");
    statement.bind(row.key, row.kind, row.diff_id, row.note, row.size.count, row.created.time_since_epoch().count(),
                   row.used.time_since_epoch().count());
    statement.run();
}

void Transaction::remove_build_cache(const std::string& key) {
    remove_by_key(db_, "DELETE FROM build_cache WHERE key=?", key);
}

std::vector<BuildCacheRow> Transaction::build_cache() {
    std::vector<BuildCacheRow> rows;
    auto found = db_.prepare("SELECT key, kind, diff_id, note, size, created, used FROM build_cache ORDER BY key");
    while (found.step())
        rows.push_back({found.text(0), found.text(1), found.text(2), found.text(3), Bytes{found.integer(4)},
                        time_of(found.integer(5)), time_of(found.integer(6))});
    return rows;
}

}  // namespace hoist::storage
