// SPDX-License-Identifier: Apache-2.0
#include "storage/database_file.h"

#include <sys/stat.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/units.h"
#include "storage/schema.h"

namespace hoist::storage {
namespace {

std::string backup_of(const std::string& path) {
    return path + ".backup";
}

[[noreturn]] void fail_damaged(const std::string& path, const std::string& why) {
    struct stat info {};
    const std::string backup = backup_of(path);
    std::string advice = "there is no backup; move it aside (with -wal) to start with an empty state";
    if (::stat(backup.c_str(), &info) == 0)
        advice = fmt::format("to go back to the backup of {}, move it aside (with -wal) and copy {} in its place",
                             format_time(TimePoint(std::chrono::seconds(info.st_mtime))), backup);
    fail(Kind::internal, "state database {} is damaged ({}); it was left as it is, running containers go on; {}", path,
         why, advice);
}

/// The file must exist with its mode before SQLite makes it with its own; its -wal then gets the same.
void make_file(const std::string& path) {
    const Fd file = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    check(::fchmod(file.get(), 0600), "set the mode of {}", path);
}

/// Settings of the connection that change nothing in the file.
void configure(Sqlite& db) {
    sqlite3_db_config(db.raw(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);  // until it is known to be sound
    sqlite3_db_config(db.raw(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(db.raw(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_busy_timeout(db.raw(), 1000);
    // Nobody else opens the file: two connections that both checkpoint can lose commits in this SQLite. It also keeps
    // the WAL's index in memory.
    db.execute("PRAGMA locking_mode=EXCLUSIVE");
    db.execute("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-1024");  // KiB
}

int version_of(Sqlite& db) {
    return std::stoi(db.value("PRAGMA user_version"));
}

/// Refuses what must not be touched. @return the schema's version
int inspect(Sqlite& db, const std::string& path) {
    try {
        configure(db);
        const int version = version_of(db);
        if (version > static_cast<int>(migrations.size()))
            fail(Kind::conflict,
                 "state database {} was written by a newer hoist (schema {}, this one knows {}); use that version, or "
                 "another --root",
                 path, version, migrations.size());
        const auto damage = find_damage(db, "PRAGMA quick_check(10)");
        if (!damage.empty()) fail_damaged(path, damage.front());
        return version;
    } catch (const SqliteError& error) {
        const int code = error.code & 0xff;
        if (code == SQLITE_BUSY)
            fail(Kind::conflict, "state database {} is in use by another process; is another hoistd running?", path);
        if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) fail_damaged(path, error.message());
        throw;
    }
}

void sync_file(const std::string& path, int flags) {
    const Fd file = open_file(path, flags);
    check(::fsync(file.get()), "sync {}", path);
}

/// Writes a consistent copy, in one step.
void back_up(Sqlite& db, const std::string& path) {
    const std::string part = backup_of(path) + ".part";
    ::unlink(part.c_str());
    make_file(part);
    db.prepare("VACUUM INTO ?").bind(part).run();
    sync_file(part, O_RDONLY);
    check(::rename(part.c_str(), backup_of(path).c_str()), "rename {}", part);
}

bool backup_is_old(const std::string& path) {
    struct stat info {};
    if (::stat(backup_of(path).c_str(), &info) != 0) return true;
    return now() - TimePoint(std::chrono::seconds(info.st_mtime)) > std::chrono::hours(24);
}

void migrate(Sqlite& db, int from) {
    for (int version = from; version < static_cast<int>(migrations.size()); ++version) {
        db.execute("BEGIN IMMEDIATE");
        db.execute(migrations[static_cast<std::size_t>(version)]);
        db.execute(fmt::format("PRAGMA user_version={}", version + 1));
        db.execute("COMMIT");
    }
}

}  // namespace

std::vector<std::string> find_damage(Sqlite& db, const char* check) {
    std::vector<std::string> found;
    auto pages = db.prepare(check);
    while (pages.step())
        if (const auto line = pages.text(0); line != "ok") found.push_back(line);
    auto keys = db.prepare("PRAGMA foreign_key_check");
    while (keys.step())
        found.push_back(fmt::format("a row of {} points to a missing row of {}", keys.text(0), keys.text(2)));
    return found;
}

std::unique_ptr<Sqlite> open_database_file(const std::string& path) {
    make_file(path);
    auto db = std::make_unique<Sqlite>(path);
    const int version = inspect(*db, path);
    db->execute("PRAGMA journal_mode=WAL; PRAGMA journal_size_limit=4194304");
    const bool behind = version < static_cast<int>(migrations.size());
    if (version > 0 && (behind || backup_is_old(path))) back_up(*db, path);
    migrate(*db, version);
    if (version == 0) sync_file(split_path(path).parent, O_RDONLY | O_DIRECTORY);
    sqlite3_db_config(db->raw(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
    return db;
}

}  // namespace hoist::storage
