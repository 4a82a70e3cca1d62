#pragma once
// SPDX-License-Identifier: Apache-2.0
// Whole files: reading with a limit, replacing atomically, removing trees.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace hoist {

/// Reads a whole file. @throws Error(invalid) if it holds more than `limit` bytes
std::string read_file(const std::string& path, std::size_t limit = 64u << 20);
/// As read_file; nullopt if there is no such file.
std::optional<std::string> read_file_if_exists(const std::string& path, std::size_t limit = 64u << 20);
/// Reads what is left of an open file.
std::string read_all(const Fd& fd, std::size_t limit = 64u << 20);
/// Writes all bytes, going on after short writes and EINTR. @throws Error
void write_all(const Fd& fd, std::string_view data, const std::string& name_for_errors);

/// Whether a replaced file must be on the disk before the call returns.
enum class Durable { no, yes };
/// Replaces a file in one step: a temporary file beside it, then (if durable) fsync, then rename(2), then fsync of
/// the directory. A reader sees the old content or the new, never a part. @throws Error; then nothing has changed
void write_file_atomic(const std::string& path, std::string_view data, mode_t mode, Durable durable);

/// mkdir -p; existing directories keep their mode. @throws Error
void make_directories(const std::string& path, mode_t mode = 0755);
/// Removes a file or a whole tree without following symbolic links or crossing mounts; an absent path is fine.
/// Goes on after a failure and throws one Error at the end.
void remove_tree(const std::string& path);

}  // namespace hoist
