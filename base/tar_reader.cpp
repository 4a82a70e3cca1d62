// SPDX-License-Identifier: Apache-2.0
#include "base/tar_reader.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/tar_format.h"

namespace hoist {
namespace {

constexpr std::int64_t largest_records = 2 << 20;

[[noreturn]] void fail_damaged(const char* what) {
    fail(Kind::invalid, "the archive is damaged: {}", what);
}

std::string text_of(std::string_view field) {
    return std::string(field.substr(0, field.find('\0')));
}

template <class Number>
Number number_of(std::string_view digits, int base) {
    Number number = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
    if (problem != std::errc() || end != digits.data() + digits.size() || digits.empty() || number < 0)
        fail_damaged("a number is none");
    return number;
}

std::int64_t octal(std::string_view header, std::size_t offset, std::size_t size) {
    const auto digits = text_of(header.substr(offset, size));
    return digits.empty() ? 0 : number_of<std::int64_t>(digits, 8);
}

void check_sum(std::string_view header) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < tar_block; ++i)
        sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(header[i]);
    const auto digits = text_of(header.substr(148, 8));
    if (number_of<std::int64_t>(digits.substr(0, digits.find(' ')), 8) != sum) fail_damaged("a checksum is wrong");
}

TarMember member_of(std::string_view header) {
    check_sum(header);
    TarMember member;
    member.name = text_of(header.substr(0, 100));
    if (const auto prefix = text_of(header.substr(345, 155)); !prefix.empty()) member.name = prefix + "/" + member.name;
    member.mode = static_cast<mode_t>(octal(header, 100, 8));
    member.uid = static_cast<std::uint32_t>(octal(header, 108, 8));
    member.gid = static_cast<std::uint32_t>(octal(header, 116, 8));
    member.size = octal(header, 124, 12);
    member.mtime = octal(header, 136, 12);
    member.type = header[156] == '\0' ? '0' : header[156];
    member.link = text_of(header.substr(157, 100));
    member.major = static_cast<unsigned>(octal(header, 329, 8));
    member.minor = static_cast<unsigned>(octal(header, 337, 8));
    return member;
}

void set_record(TarMember& member, const std::string& key, std::string_view value) {
    constexpr std::string_view xattr = "SCHILY.xattr.";
    if (key == "path") member.name = value;
    if (key == "linkpath") member.link = value;
    if (key == "uid") member.uid = number_of<std::uint32_t>(value, 10);
    if (key == "gid") member.gid = number_of<std::uint32_t>(value, 10);
    if (key == "size") member.size = number_of<std::int64_t>(value, 10);
    if (key == "mtime") std::from_chars(value.data(), value.data() + value.size(), member.mtime);
    if (key.starts_with(xattr)) member.xattrs[key.substr(xattr.size())] = value;
}

/// "<length> key=value\n" ...
void apply_records(TarMember& member, std::string_view records) {
    while (!records.empty()) {
        const auto blank = records.find(' ');
        if (blank == std::string_view::npos) fail_damaged("a PAX record has no length");
        const auto length = number_of<std::size_t>(records.substr(0, blank), 10);
        if (length > records.size() || length < blank + 3 || records[length - 1] != '\n')
            fail_damaged("a PAX record has a wrong length");
        const auto record = records.substr(blank + 1, length - blank - 2);
        const auto equals = record.find('=');
        if (equals == std::string_view::npos) fail_damaged("a PAX record has no value");
        set_record(member, std::string(record.substr(0, equals)), record.substr(equals + 1));
        records.remove_prefix(length);
    }
}

}  // namespace

std::string_view TarReader::some(std::int64_t most) {
    if (at_ == bytes_.size()) {
        bytes_.clear();
        at_ = 0;
        while (bytes_.empty())
            if (!source_(bytes_) && bytes_.empty()) fail(Kind::invalid, "the archive ends too early");
    }
    const auto size =
        static_cast<std::size_t>(std::min<std::int64_t>(most, std::ssize(bytes_) - static_cast<std::ptrdiff_t>(at_)));
    at_ += size;
    return std::string_view(bytes_).substr(at_ - size, size);
}

std::string_view TarReader::take(std::size_t size) {
    while (bytes_.size() - at_ < size) {
        bytes_.erase(0, std::exchange(at_, 0));
        const auto before = bytes_.size();
        if (!source_(bytes_) && bytes_.size() == before) fail(Kind::invalid, "the archive ends too early");
    }
    at_ += size;
    return std::string_view(bytes_).substr(at_ - size, size);
}

void TarReader::skip_content() {
    while (!content().empty()) {
    }
    take(std::exchange(padding_, 0));
}

std::optional<TarMember> TarReader::next() {
    skip_content();
    std::string records;
    for (;;) {
        const auto header = take(tar_block);
        if (std::all_of(header.begin(), header.end(), [](char byte) { return byte == '\0'; })) return std::nullopt;
        TarMember member = member_of(header);
        if (member.type == 'x') {
            if (member.size > largest_records) fail_damaged("PAX records without measure");
            records = take(static_cast<std::size_t>(member.size));
            take(tar_padding(member.size));
            continue;
        }
        apply_records(member, records);
        left_ = member.type == '0' ? member.size : 0;
        padding_ = tar_padding(left_);
        return member;
    }
}

std::string_view TarReader::content() {
    if (left_ == 0) return {};
    const auto bytes = some(left_);
    left_ -= static_cast<std::int64_t>(bytes.size());
    return bytes;
}

}  // namespace hoist
