// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite.h"

namespace hoist::storage {
namespace {

Kind kind_of_result(int code) {
    switch (code & 0xff) {
        case SQLITE_CONSTRAINT:
            return Kind::conflict;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return Kind::conflict;
        case SQLITE_PERM:
        case SQLITE_AUTH:
        case SQLITE_READONLY:
            return Kind::denied;
        default:
            return Kind::internal;
    }
}

[[noreturn]] void fail_sqlite(sqlite3* db, int code, std::string_view doing) {
    throw SqliteError(db ? sqlite3_extended_errcode(db) : code,
                      fmt::format("{}: {}", doing, db ? sqlite3_errmsg(db) : sqlite3_errstr(code)));
}

void check_sqlite(sqlite3* db, int code, std::string_view doing) {
    if (code != SQLITE_OK) fail_sqlite(db, code, doing);
}

}  // namespace

SqliteError::SqliteError(int sqlite_code, std::string message)
    : Error(kind_of_result(sqlite_code), std::move(message)), code(sqlite_code) {}

Statement::~Statement() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

bool Statement::step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) fail_sqlite(db_, code, "state database");
    return false;
}

std::string Statement::text(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    const int size = sqlite3_column_bytes(statement_, column);
    return bytes ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}

void Statement::bind_one(int at, std::string_view value) {
    const char* bytes = value.data() ? value.data() : "";  // a null pointer would bind NULL
    check_sqlite(db_, sqlite3_bind_text64(statement_, at, bytes, value.size(), SQLITE_STATIC, SQLITE_UTF8), "bind");
}

void Statement::bind_one(int at, std::int64_t value) {
    check_sqlite(db_, sqlite3_bind_int64(statement_, at, value), "bind");
}

Sqlite::Sqlite(const std::string& path) {
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(path.c_str(), &db_, flags, nullptr);
    if (code == SQLITE_OK) return;
    const std::string why = db_ ? sqlite3_errmsg(db_) : sqlite3_errstr(code);
    sqlite3_close(db_);
    throw SqliteError(code, fmt::format("open {}: {}", path, why));
}

Sqlite::~Sqlite() {
    for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
    sqlite3_close(db_);
}

Statement Sqlite::prepare(const char* sql) {
    auto& statement = statements_[sql];
    if (!statement)
        check_sqlite(db_, sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr), sql);
    return Statement(db_, statement);
}

void Sqlite::execute(const std::string& sql) {
    check_sqlite(db_, sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr), sql.substr(0, 60));
}

std::string Sqlite::value(const std::string& sql) {
    sqlite3_stmt* raw = nullptr;
    check_sqlite(db_, sqlite3_prepare_v2(db_, sql.c_str(), -1, &raw, nullptr), sql);
    const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> owner(raw, sqlite3_finalize);
    const int code = sqlite3_step(raw);
    if (code == SQLITE_DONE) return {};
    if (code != SQLITE_ROW) fail_sqlite(db_, code, sql);
    const auto* text = sqlite3_column_text(raw, 0);
    return text ? reinterpret_cast<const char*>(text) : "";
}

}  // namespace hoist::storage
