#pragma once
// SPDX-License-Identifier: Apache-2.0
// The schema of the state database, as the steps that lead to it.

#include <array>

namespace hoist::storage {

/// Step n brings a database from version n to n+1 (PRAGMA user_version). Steps are only ever added. The columns of a
/// key come first: SQLite 3.40's quick_check takes a WITHOUT ROWID table of another order for damaged.
inline constexpr std::array migrations = {
    R"(
CREATE TABLE containers(id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, project TEXT NOT NULL, spec TEXT NOT NULL,
                        state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE networks(id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, project TEXT NOT NULL, spec TEXT NOT NULL)
                        WITHOUT ROWID;
CREATE TABLE leases(network TEXT NOT NULL REFERENCES networks(id) ON DELETE CASCADE, address TEXT NOT NULL,
                    container TEXT NOT NULL REFERENCES containers(id) ON DELETE CASCADE,
                    PRIMARY KEY(network, address)) WITHOUT ROWID;
CREATE INDEX leases_by_container ON leases(container);
CREATE TABLE volumes(name TEXT PRIMARY KEY, project TEXT NOT NULL, spec TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE projects(name TEXT PRIMARY KEY, desired TEXT NOT NULL, running INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE images(id TEXT PRIMARY KEY, config TEXT NOT NULL, manifest TEXT NOT NULL, size INTEGER NOT NULL,
                    created INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE tags(reference TEXT PRIMARY KEY, image TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE)
                    WITHOUT ROWID;
CREATE INDEX tags_by_image ON tags(image);
CREATE TABLE layers(diff_id TEXT PRIMARY KEY, size INTEGER NOT NULL) WITHOUT ROWID;
)",
    "ALTER TABLE layers ADD COLUMN archive_size INTEGER NOT NULL DEFAULT 0;",
    R"(
CREATE TABLE build_cache(key TEXT PRIMARY KEY, kind TEXT NOT NULL, diff_id TEXT NOT NULL, note TEXT NOT NULL,
                         size INTEGER NOT NULL, created INTEGER NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;
)",
};

}  // namespace hoist::storage
