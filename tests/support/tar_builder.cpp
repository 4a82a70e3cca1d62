// SPDX-License-Identifier: Apache-2.0
#include "tests/support/tar_builder.h"

#include <fmt/format.h>

#include <cstring>

namespace hoist::test {
namespace {

void put(std::string& block, std::size_t at, std::size_t size, const std::string& text) {
    std::memcpy(block.data() + at, text.data(), std::min(size, text.size()));
}

/// Octal; what does not fit is written in base 256.
void put_number(std::string& block, std::size_t at, std::size_t size, std::int64_t value) {
    const std::string octal = fmt::format("{:0{}o}", value, size - 1);
    if (octal.size() < size) return put(block, at, size, octal);
    for (std::size_t i = size; i-- > 1; value >>= 8) block[at + i] = static_cast<char>(value & 0xff);
    block[at] = static_cast<char>(0x80);
}

/// "<length> key=value\n", where the length counts itself.
std::string pax_record(const std::string& key, const std::string& value) {
    const std::string rest = " " + key + "=" + value + "\n";
    std::size_t size = rest.size() + 1;
    while (size != rest.size() + std::to_string(size).size()) ++size;
    return std::to_string(size) + rest;
}

}  // namespace

void TarBuilder::header(const TarEntry& entry, std::int64_t size) {
    std::string block(512, '\0');
    put(block, 0, 100, entry.name);
    put_number(block, 100, 8, entry.mode);
    put_number(block, 108, 8, entry.uid);
    put_number(block, 116, 8, entry.gid);
    put_number(block, 124, 12, size);
    put_number(block, 136, 12, entry.mtime);
    block[156] = entry.type;
    put(block, 157, 100, entry.link);
    put(block, 257, 8, std::string("ustar\00000", 8));
    put_number(block, 329, 8, entry.major);
    put_number(block, 337, 8, entry.minor);
    unsigned sum = 8 * ' ';
    for (const char c : block) sum += static_cast<unsigned char>(c);
    put(block, 148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
    bytes_ += block;
}

void TarBuilder::pad() {
    bytes_.resize((bytes_.size() + 511) / 512 * 512, '\0');
}

TarBuilder& TarBuilder::add(const TarEntry& entry) {
    auto records = entry.pax;
    if (entry.name.size() > 100) records["path"] = entry.name;
    if (entry.link.size() > 100) records["linkpath"] = entry.link;
    if (!records.empty()) {
        std::string body;
        for (const auto& [key, value] : records) body += pax_record(key, value);
        header({"pax", 'x'}, static_cast<std::int64_t>(body.size()));
        bytes_ += body;
        pad();
    }
    header(entry, entry.claimed_size >= 0 ? entry.claimed_size : static_cast<std::int64_t>(entry.content.size()));
    bytes_ += entry.content;
    pad();
    return *this;
}

}  // namespace hoist::test
