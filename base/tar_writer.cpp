// SPDX-License-Identifier: Apache-2.0
#include "base/tar_writer.h"

#include <array>
#include <cstring>

#include "base/error.h"
#include "base/tar_format.h"

namespace hoist {
namespace {

constexpr std::size_t buffer_size = 256 * 1024;

/// @see pax(1) "ustar Interchange Format"
struct Header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[6], version[2],
        user[32], group[32], major[8], minor[8], prefix[155], unused[12];
};
static_assert(sizeof(Header) == tar_block);

template <std::size_t size>
bool fits(const char (&)[size], std::int64_t value) {
    return value >= 0 && value < std::int64_t{1} << (3 * (size - 1));
}
template <std::size_t size>
bool fits(const char (&)[size], const std::string& text) {
    return text.size() <= size;
}

template <std::size_t size>
void set(char (&field)[size], std::int64_t value) {
    const std::string digits = fmt::format("{:0{}o}", fits(field, value) ? value : 0, size - 1);
    std::memcpy(field, digits.data(), digits.size());
}
template <std::size_t size>
void set(char (&field)[size], const std::string& text) {
    std::memcpy(field, text.data(), std::min(size, text.size()));
}

std::string sealed(Header& header) {
    std::memcpy(header.magic, "ustar", 6);
    std::memcpy(header.version, "00", 2);
    std::memset(header.checksum, ' ', sizeof header.checksum);
    std::array<unsigned char, tar_block> bytes{};
    std::memcpy(bytes.data(), &header, tar_block);
    unsigned sum = 0;
    for (const auto byte : bytes) sum += byte;
    const std::string digits = fmt::format("{:06o}", sum);
    std::memcpy(header.checksum, digits.data(), digits.size());
    header.checksum[6] = '\0';
    return {reinterpret_cast<const char*>(&header), tar_block};
}

/// "<length> key=value\n", where the length counts its own digits.
std::string pax_record(const std::string& key, const std::string& value) {
    const std::size_t rest = key.size() + value.size() + 3;
    std::size_t length = rest + 1;
    while (fmt::formatted_size("{}", length) + rest != length) length = fmt::formatted_size("{}", length) + rest;
    return fmt::format("{} {}={}\n", length, key, value);
}

/// What the header's fields cannot hold.
std::string pax_records(const TarMember& member) {
    const Header header{};
    std::map<std::string, std::string> records;
    if (!fits(header.name, member.name)) records["path"] = member.name;
    if (!fits(header.link, member.link)) records["linkpath"] = member.link;
    if (!fits(header.uid, member.uid)) records["uid"] = std::to_string(member.uid);
    if (!fits(header.gid, member.gid)) records["gid"] = std::to_string(member.gid);
    if (!fits(header.size, member.size)) records["size"] = std::to_string(member.size);
    if (!fits(header.mtime, member.mtime)) records["mtime"] = std::to_string(member.mtime);
    for (const auto& [name, value] : member.xattrs) records["SCHILY.xattr." + name] = value;
    std::string text;
    for (const auto& [key, value] : records) text += pax_record(key, value);
    return text;
}

std::string header_of(const TarMember& member) {
    Header header{};
    set(header.name, member.name);
    set(header.mode, member.mode & 07777);
    set(header.uid, member.uid);
    set(header.gid, member.gid);
    set(header.size, member.size);
    set(header.mtime, member.mtime);
    header.type = member.type;
    set(header.link, member.link);
    if (member.type == '3' || member.type == '4') {
        set(header.major, member.major);
        set(header.minor, member.minor);
    }
    return sealed(header);
}

}  // namespace

void TarWriter::begin(const TarMember& member) {
    if (missing_ != 0) fail(Kind::internal, "a member of the archive is {} bytes short", missing_);
    put(std::string(std::exchange(padding_, 0), '\0'));
    if (const std::string records = pax_records(member); !records.empty()) {
        TarMember extended;
        extended.name = "PaxHeaders.0/" + member.name.substr(0, 80);
        extended.type = 'x';
        extended.size = static_cast<std::int64_t>(records.size());
        put(header_of(extended));
        put(records);
        put(std::string(tar_padding(extended.size), '\0'));
    }
    put(header_of(member));
    missing_ = member.type == '0' ? member.size : 0;
    padding_ = tar_padding(missing_);
}

void TarWriter::content(std::string_view bytes) {
    missing_ -= static_cast<std::int64_t>(bytes.size());
    if (missing_ < 0) fail(Kind::internal, "a member of the archive got more content than its size");
    put(bytes);
}

void TarWriter::add(TarMember member, std::string_view bytes) {
    member.size = static_cast<std::int64_t>(bytes.size());
    begin(member);
    content(bytes);
}

void TarWriter::finish() {
    put(std::string(std::exchange(padding_, 0) + 2 * tar_block, '\0'));
    flush();
}

void TarWriter::put(std::string_view bytes) {
    if (buffer_.size() + bytes.size() > buffer_size) flush();
    if (bytes.size() >= buffer_size)
        sink_(bytes);
    else
        buffer_ += bytes;
}

void TarWriter::flush() {
    if (!buffer_.empty()) sink_(buffer_);
    buffer_.clear();
}

}  // namespace hoist
