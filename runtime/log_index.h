#pragma once
// SPDX-License-Identifier: Apache-2.0
// The files of a log (log_store.h) and the records of their index; shared by the log's writer and its readers.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"

namespace hoist::runtime {

/// "From this offset on, the bytes are of this stream and were read at this time", until the next record says
/// otherwise. A record is written before its bytes, so that every byte a reader can see is accounted for.
struct IndexRecord {
    enum Flag : std::uint8_t {
        stdout_open = 1,  ///< at this offset the last line of stdout has no end yet
        stderr_open = 2,
        boundary = 4,  ///< unfinished lines end here: the run is over, or bytes are missing
        note = 8,      ///< the bytes are hoist's own words
        opened = 16,   ///< a writer began here; `value` tells the boot it ran in
    };
    std::uint64_t offset = 0;
    std::int64_t time = 0;  ///< nanoseconds since 1970
    std::uint32_t value = 0;
    std::uint8_t stream = 0;
    std::uint8_t flags = 0;
    std::uint16_t check = 0;  ///< of all the above; never right in a record of zeros
};
static_assert(sizeof(IndexRecord) == 24);

std::uint16_t checksum(const IndexRecord& record);

/// Reads records by number.
class IndexFile {
public:
    IndexFile() = default;
    explicit IndexFile(Fd fd) : fd_(std::move(fd)) {}
    /// How many whole records there are by now.
    std::uint64_t count() const;
    /// nullopt if it is torn or damaged.
    std::optional<IndexRecord> at(std::uint64_t number);

private:
    Fd fd_;
    std::vector<IndexRecord> cached_;  ///< a run of records from first_ on
    std::uint64_t first_ = 0;
};

std::string segment_path(const std::string& directory, std::uint64_t number);
std::string index_path(const std::string& directory, std::uint64_t number);
/// The numbers of the segments that exist, ascending. An absent directory has none.
std::vector<std::uint64_t> list_segments(const std::string& directory);

/// A number for the present boot of the machine.
std::uint32_t boot_number();
/// The size of a segment's sound part. What was written before a power failure may end in zeros that nobody wrote:
/// after another boot than the writer's, trailing zeros are not counted. (REL-15)
std::uint64_t sound_size(const Fd& data, IndexFile& index);
std::uint64_t file_size(const Fd& fd);

}  // namespace hoist::runtime
