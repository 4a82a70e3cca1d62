// SPDX-License-Identifier: Apache-2.0
// A recipe is a sequence of pieces, each a byte and a little-endian length: 'K' and bytes to take as they are, or 'F',
// the size of a file and its name. All of it is one zstd frame.
#include "storage/layer_recipe.h"

#include <sys/stat.h>

#include <array>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/tar_format.h"
#include "base/text.h"
#include "storage/byte_source.h"
#include "storage/entry_name.h"

namespace hoist::storage {
namespace {

constexpr std::int64_t smallest_file = 512;  // a smaller one takes less room in the recipe than its name
constexpr std::size_t largest_piece = 128 * 1024;
constexpr std::int64_t largest_extended = 1 << 20;

std::string field(const std::string& header, std::size_t at, std::size_t size) {
    const std::string_view raw(header.data() + at, size);
    return std::string(raw.substr(0, raw.find('\0')));
}

/// A number of a header: octal, or binary with the first bit set. -1: malformed
std::int64_t number(const std::string& header, std::size_t at, std::size_t size) {
    const auto first = static_cast<unsigned char>(header[at]);
    if (first & 0x80) {
        std::int64_t value = first & 0x7f;
        for (std::size_t i = 1; i < size; ++i) {
            if (value >> 54) return -1;
            value = value << 8 | static_cast<unsigned char>(header[at + i]);
        }
        return value;
    }
    const std::string digits(trim(field(header, at, size)));
    std::int64_t value = 0;
    for (const char c : digits) {
        if (c < '0' || c > '7') return -1;
        value = value * 8 + (c - '0');
    }
    return value;
}

bool is_sound(const std::string& header) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < header.size(); ++i)
        sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(header[i]);
    return number(header, 148, 8) == sum;
}

std::string length_bytes(std::uint64_t value) {
    std::string bytes(8, '\0');
    for (auto& byte : bytes) {
        byte = static_cast<char>(value & 0xff);
        value >>= 8;
    }
    return bytes;
}

/// The reader of a recipe's pieces.
class Pieces {
public:
    explicit Pieces(const std::string& path) : file_(open_file(path, O_RDONLY)), raw_(file_) {
        source_ = open_byte_source(raw_);
    }
    /// The next piece's kind; 0 at the end.
    char next() {
        char kind = 0;
        return source_->read(&kind, 1) == 1 ? kind : '\0';
    }
    std::uint64_t length() {
        const std::string bytes = take(8);
        std::uint64_t value = 0;
        for (std::size_t i = 8; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
        return value;
    }
    std::string take(std::uint64_t size) {
        if (size > largest_piece) fail(Kind::invalid, "the layer's recipe is damaged");
        std::string bytes(size, '\0');
        for (std::size_t have = 0; have < size;) {
            const std::size_t got = source_->read(bytes.data() + have, size - have);
            if (got == 0) fail(Kind::invalid, "the layer's recipe is cut off");
            have += got;
        }
        return bytes;
    }

private:
    Fd file_;
    StoppableReader raw_;
    std::unique_ptr<ByteSource> source_;
};

void write_file(const RootDir& root, const std::string& name, std::int64_t size, const TarWriter::Sink& sink) {
    const EntryName entry = parse_entry_name(name, 1000, 65536);
    const Fd dir = entry.parent.empty() ? root.fd().duplicate() : root.open_in(entry.parent, O_PATH | O_DIRECTORY);
    const Fd file = open_at(dir, entry.last, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    struct stat info {};
    check(::fstat(file.get(), &info), "look at the file");
    if (!S_ISREG(info.st_mode) || info.st_size != size) fail(Kind::invalid, "it is not as it was unpacked");
    std::string buffer(256 * 1024, '\0');
    for (std::int64_t left = size; left > 0;) {
        const auto part = static_cast<std::size_t>(std::min<std::int64_t>(left, std::ssize(buffer)));
        const ssize_t got = check(::read(file.get(), buffer.data(), part), "read");
        if (got == 0) fail(Kind::invalid, "it became shorter");
        sink({buffer.data(), static_cast<std::size_t>(got)});
        left -= got;
    }
}

}  // namespace

RecipeWriter::RecipeWriter(Fd file) : file_(std::move(file)), zstd_(ZSTD_createCCtx()) {
    if (!zstd_) fail(Kind::internal, "zstd: out of memory");
    ZSTD_CCtx_setParameter(zstd_.get(), ZSTD_c_compressionLevel, 1);
}

void RecipeWriter::take(std::string_view bytes) {
    while (!bytes.empty()) bytes.remove_prefix(take_some(bytes));
}

std::size_t RecipeWriter::take_some(std::string_view bytes) {
    const auto size = lost_ ? bytes.size() : static_cast<std::size_t>(std::min<std::int64_t>(std::ssize(bytes), left_));
    const auto some = bytes.substr(0, size);
    if (part_ != Part::skipped || lost_) keep(some);
    if (lost_) return size;
    if (part_ == Part::header) header_ += some;
    if (part_ == Part::extended) extended_ += some;
    left_ -= static_cast<std::int64_t>(size);
    while (left_ == 0 && !lost_) {
        if (part_ == Part::header) {
            read_header();
        } else {
            if (part_ == Part::extended) read_extended();
            left_ = std::exchange(padding_, 0);
            part_ = left_ > 0 ? Part::kept : Part::header;
            if (part_ == Part::header) left_ = tar_block;
        }
    }
    return size;
}

/// Decides what follows a header. When in doubt the rest of the archive is kept as it is.
void RecipeWriter::read_header() {
    const std::string header = std::exchange(header_, {});
    left_ = tar_block;
    if (header.find_first_not_of('\0') == std::string::npos) return;
    std::int64_t size = number(header, 124, 12);
    const char type = header[156];
    if (!is_sound(header) || size < 0 || type == 'S' || type == 'g') {
        lost_ = true;
        return;
    }
    part_ = Part::kept;
    if (type == 'x' || type == 'L') {
        if (size > largest_extended) {
            lost_ = true;
            return;
        }
        part_ = Part::extended;
        extended_type_ = type;
    } else if (type != 'K') {
        const std::string prefix =
            header.compare(257, 6, std::string("ustar\0", 6)) == 0 ? field(header, 345, 155) : "";
        std::string name = (prefix.empty() ? "" : prefix + "/") + field(header, 0, 100);
        if (!long_name_.empty()) name = long_name_;
        if (long_size_ >= 0) size = long_size_;
        // Links, devices and directories have no content, whatever their size says.
        if (type >= '1' && type <= '6') size = 0;
        const bool regular = type == '0' || type == '\0' || type == '7';
        const std::string last = name.substr(name.rfind('/') + 1);
        if (regular && !sparse_ && size >= smallest_file && !last.starts_with(".wh.")) {
            refer(name, size);
            part_ = Part::skipped;
        }
        long_name_.clear();
        long_size_ = -1;
        sparse_ = false;
    }
    left_ = size;
    padding_ = static_cast<std::int64_t>(tar_padding(size));
}

void RecipeWriter::read_extended() {
    const std::string text = std::exchange(extended_, {});
    if (extended_type_ == 'L') {
        long_name_ = text.substr(0, text.find('\0'));
        return;
    }
    for (std::size_t at = 0; at < text.size();) {
        const auto blank = text.find(' ', at), equals = text.find('=', at);
        const auto length = std::strtoul(text.c_str() + at, nullptr, 10);
        if (blank == std::string::npos || equals == std::string::npos || length == 0 || at + length > text.size() ||
            equals > at + length || blank > equals)
            return;
        const std::string key = text.substr(blank + 1, equals - blank - 1);
        const std::string value = text.substr(equals + 1, at + length - equals - 2);
        if (key == "path") long_name_ = value;
        if (key == "size") long_size_ = std::strtoll(value.c_str(), nullptr, 10);
        if (key.starts_with("GNU.sparse")) sparse_ = true;
        at += length;
    }
}

void RecipeWriter::refer(const std::string& name, std::int64_t size) {
    flush_kept();
    write("F" + length_bytes(static_cast<std::uint64_t>(size)) + length_bytes(name.size()) + name, ZSTD_e_continue);
}

void RecipeWriter::keep(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto some = bytes.substr(0, largest_piece - kept_.size());
        kept_ += some;
        bytes.remove_prefix(some.size());
        if (kept_.size() == largest_piece) flush_kept();
    }
}

void RecipeWriter::flush_kept() {
    if (kept_.empty()) return;
    write("K" + length_bytes(kept_.size()), ZSTD_e_continue);
    write(kept_, ZSTD_e_continue);
    kept_.clear();
}

void RecipeWriter::write(std::string_view bytes, ZSTD_EndDirective how) {
    std::array<char, 65536> room{};
    ZSTD_inBuffer in = {bytes.data(), bytes.size(), 0};
    for (;;) {
        ZSTD_outBuffer out = {room.data(), room.size(), 0};
        const auto left = ZSTD_compressStream2(zstd_.get(), &out, &in, how);
        if (ZSTD_isError(left)) fail(Kind::internal, "zstd: {}", ZSTD_getErrorName(left));
        write_all(file_, {room.data(), out.pos}, "the layer's recipe");
        if (how == ZSTD_e_end ? left == 0 : in.pos == in.size) return;
    }
}

void RecipeWriter::finish() {
    flush_kept();
    write({}, ZSTD_e_end);
}

void write_from_recipe(const std::string& recipe, const std::string& tree, const TarWriter::Sink& sink) {
    Pieces pieces(recipe);
    const RootDir root = RootDir::open(tree);
    while (const char kind = pieces.next()) {
        if (kind == 'K') {
            sink(pieces.take(pieces.length()));
            continue;
        }
        const auto size = static_cast<std::int64_t>(pieces.length());
        const std::string name = pieces.take(pieces.length());
        try {
            write_file(root, name, size, sink);
        } catch (Error& error) {
            throw error.during("file {} of the layer", escape_for_terminal(name));
        }
    }
}

}  // namespace hoist::storage
