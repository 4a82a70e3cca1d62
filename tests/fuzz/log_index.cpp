// SPDX-License-Identifier: Apache-2.0
// A log whose files a power failure, a full disk or somebody else left in any state. An input is the index' length in
// two bytes, the index, and the log's bytes.
#include <stdlib.h>
#include <unistd.h>

#include <cstdint>

#include "base/error.h"
#include "base/file.h"
#include "runtime/log_index.h"
#include "runtime/log_store.h"

namespace hoist::runtime {
namespace {

struct LogDirectory {
    std::string path = "/dev/shm/fuzz-log-XXXXXX";
    LogDirectory() {
        if (!::mkdtemp(path.data())) fail_errno(errno, "make a directory");
    }
    ~LogDirectory() { remove_tree(path); }
};

/// Records whose sum is right go further into the reader: every second one is made so.
std::string with_right_sums(std::string index) {
    for (std::size_t at = 0; at + sizeof(IndexRecord) <= index.size(); at += 2 * sizeof(IndexRecord)) {
        IndexRecord record;
        std::memcpy(&record, index.data() + at, sizeof record);
        record.offset %= 1 << 16;
        record.check = checksum(record);
        std::memcpy(index.data() + at, &record, sizeof record);
    }
    return index;
}

void read_all_of(const std::string& directory, LogQuery query) {
    LogReader reader(directory, std::move(query));
    // Never more lines than bytes.
    for (int lines = 0; reader.next(); ++lines)
        if (lines > 1 << 20) std::abort();
}

}  // namespace
}  // namespace hoist::runtime

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hoist;
    using namespace hoist::runtime;
    if (size < 2 || size > 1 << 16) return 0;
    static const LogDirectory directory;
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto length = std::min<std::size_t>(size - 2, static_cast<std::size_t>(data[0] | data[1] << 8));
    write_file_atomic(index_path(directory.path, 1), with_right_sums(text.substr(2, length)), 0600, Durable::no);
    write_file_atomic(segment_path(directory.path, 1), text.substr(2 + length), 0600, Durable::no);
    try {
        read_all_of(directory.path, {});
        read_all_of(directory.path, {.tail = data[0]});
        read_all_of(directory.path, {.since = TimePoint(Nanoseconds(data[1])), .want_stderr = false});
    } catch (const Error&) {
    }
    return 0;
}
