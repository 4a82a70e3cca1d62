// SPDX-License-Identifier: Apache-2.0
// A layer's tar, plain or compressed, unpacked below a folder beside which nothing may change.
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>

#include "base/error.h"
#include "base/file.h"
#include "storage/unpack.h"

namespace hoist::storage {
namespace {

/// .../root is unpacked into, .../victim lies beside it.
struct Place {
    std::string path = "/dev/shm/fuzz-archive-XXXXXX";
    Place() {
        if (!::mkdtemp(path.data())) fail_errno(errno, "make a directory");
        write_file_atomic(path + "/victim", "untouched", 0644, Durable::no);
    }
    ~Place() { remove_tree(path); }
    void check_victim() const {
        struct stat info {};
        const bool same = ::stat((path + "/victim").c_str(), &info) == 0 && info.st_nlink == 1 &&
                          (info.st_mode & 07777) == 0644 && read_file(path + "/victim") == "untouched";
        if (!same) std::abort();
    }
};

void unpack(const std::string& bytes, const std::string& root) {
    const Fd file(check(::memfd_create("archive", MFD_CLOEXEC), "make a memfd"));
    write_all(file, bytes, "memfd");
    check(::lseek(file.get(), 0, SEEK_SET), "rewind");
    const UnpackLimits limits{.archive_bytes = 8 << 20, .content_bytes = 8 << 20, .entries = 1000};
    ArchiveStream stream(file, {.limit = limits.archive_bytes});
    unpack_layer(stream, root, limits);
    (void)stream.finish();
}

}  // namespace
}  // namespace hoist::storage

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hoist;
    using namespace hoist::storage;
    static const Place place;
    const std::string root = place.path + "/root";
    make_directories(root);
    try {
        unpack({reinterpret_cast<const char*>(data), size}, root);
    } catch (const Error&) {  // the proper answer to nonsense
    }
    remove_tree(root);
    place.check_victim();
    return 0;
}
