#pragma once
// SPDX-License-Identifier: Apache-2.0
// SQLite as this folder uses it: one connection that keeps its prepared statements, and typed access to a row.

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/error.h"

namespace hoist::storage {

/// A failed SQLite call; `code` is SQLite's extended result code.
class SqliteError : public Error {
public:
    SqliteError(int code, std::string message);
    int code;
};

/// A prepared statement lent by a connection for one scope; reset at its end.
class Statement {
public:
    Statement(sqlite3* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}
    ~Statement();
    Statement(const Statement&) = delete;

    /// Binds the parameters in order. Text must outlive the statement's scope.
    template <class... Values>
    Statement& bind(const Values&... values) {
        int at = 0;
        (bind_one(++at, values), ...);
        return *this;
    }
    /// Goes to the next row. @return false after the last one @throws SqliteError
    bool step();
    /// Runs a statement that has no rows.
    void run() {
        while (step()) {
        }
    }
    std::string text(int column) const;
    std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }

private:
    void bind_one(int at, std::string_view value);
    void bind_one(int at, std::int64_t value);

    sqlite3* db_;
    sqlite3_stmt* statement_;
};

class Sqlite {
public:
    /// Opens or makes a file. Nothing is read or written yet. @throws SqliteError
    explicit Sqlite(const std::string& path);
    Sqlite(const Sqlite&) = delete;
    ~Sqlite();

    /// `sql` must be a literal: statements are kept by its address.
    Statement prepare(const char* sql);
    /// Runs one or several statements without parameters, ignoring rows. @throws SqliteError
    void execute(const std::string& sql);
    /// The first column of the first row; empty if there is none.
    std::string value(const std::string& sql);
    /// The rows that the last statement changed.
    int changes() const { return sqlite3_changes(db_); }
    bool in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }
    sqlite3* raw() const { return db_; }

private:
    sqlite3* db_ = nullptr;
    std::unordered_map<const char*, sqlite3_stmt*> statements_;
};

}  // namespace hoist::storage
