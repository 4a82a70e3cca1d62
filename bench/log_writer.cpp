// SPDX-License-Identifier: Apache-2.0
// log_writer blocks|lines COUNT: COUNT lines of 104 bytes to standard output, in blocks of 64 KiB or each in a write of
// its own. The loudest container there is.
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace {

constexpr std::size_t line_size = 104, block_size = 64 << 10;

bool put(const char* bytes, std::size_t size) {
    while (size > 0) {
        const ssize_t written = ::write(1, bytes, size);
        if (written <= 0) return false;
        bytes += written;
        size -= static_cast<std::size_t>(written);
    }
    return true;
}

}  // namespace

int main(int count, char** words) {
    if (count != 3) return 2;
    const bool blocks = std::strcmp(words[1], "blocks") == 0;
    static char lines[2 * block_size];
    for (std::size_t i = 0; i < sizeof lines; ++i) lines[i] = i % line_size == line_size - 1 ? '\n' : 'y';
    std::size_t left = std::strtoul(words[2], nullptr, 10) * line_size, offset = 0;
    while (left > 0) {
        const std::size_t wanted = blocks ? block_size : line_size, size = wanted < left ? wanted : left;
        if (!put(lines + offset, size)) return 1;
        left -= size;
        offset = (offset + size) % line_size;
    }
    return 0;
}
