#pragma once
// SPDX-License-Identifier: Apache-2.0
// Tables for people.

#include <string>
#include <vector>

namespace hoist::cli {

using Row = std::vector<std::string>;

/// Aligned columns, three blanks apart; every cell is escaped for the terminal. (SEC-52)
std::string format_table(const Row& titles, const std::vector<Row>& rows);

/// The first twelve digits of an id, without "sha256:".
std::string short_id(const std::string& id);
/// Cut to `width` characters, the last one "…".
std::string shorten(const std::string& text, std::size_t width);
/// Columns that a text takes on the screen: code points, wide ones not counted twice.
std::size_t display_width(const std::string& text);

}  // namespace hoist::cli
