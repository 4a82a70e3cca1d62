// SPDX-License-Identifier: Apache-2.0
#include "storage/layer_archive.h"

#include <dirent.h>
#include <sys/stat.h>
#include <zlib.h>

#include <array>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "storage/archive_stream.h"
#include "storage/digest.h"
#include "storage/layer_recipe.h"
#include "storage/layer_tar.h"

namespace hoist::storage {
namespace {

std::string directory_of(const Layout& layout, const std::string& diff_id) {
    return split_path(layout.layer(diff_id)).parent;
}

bool exists(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0;
}

/// The digest of some kept archive; empty if there is none.
std::string kept_digest(const std::string& directory) {
    constexpr std::string_view prefix = "blob-";
    std::string found;
    if (DIR* dir = ::opendir(directory.c_str())) {
        while (const dirent* entry = ::readdir(dir)) {
            const std::string_view name = entry->d_name;
            if (name.starts_with(prefix) && name.size() == prefix.size() + 64)
                found = fmt::format("sha256:{}", name.substr(prefix.size()));
        }
        ::closedir(dir);
    }
    return found;
}

/// The mtime in a gzip's header stays 0, so that equal layers have equal digests.
class Gzip {
public:
    explicit Gzip(TarWriter::Sink sink) : sink_(std::move(sink)) {
        constexpr int with_gzip_header = 15 + 16;
        if (deflateInit2(&stream_, 6, Z_DEFLATED, with_gzip_header, 9, Z_DEFAULT_STRATEGY) != Z_OK)
            fail(Kind::internal, "gzip: out of memory");
    }
    ~Gzip() { deflateEnd(&stream_); }
    Gzip(const Gzip&) = delete;

    void put(std::string_view bytes, int flush = Z_NO_FLUSH) {
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        stream_.avail_in = static_cast<uInt>(bytes.size());
        do {
            stream_.next_out = reinterpret_cast<Bytef*>(room_.data());
            stream_.avail_out = static_cast<uInt>(room_.size());
            deflate(&stream_, flush);
            sink_({room_.data(), room_.size() - stream_.avail_out});
        } while (stream_.avail_out == 0);
    }

private:
    TarWriter::Sink sink_;
    z_stream stream_{};
    std::array<char, 65536> room_{};
};

std::string media_type_of(const std::string& blob) {
    const Fd file = open_file(blob, O_RDONLY);
    std::array<char, magic_size> first{};
    const auto got = check(::read(file.get(), first.data(), first.size()), "read {}", blob);
    const auto compression = compression_of({first.data(), static_cast<std::size_t>(got)});
    return fmt::format("application/vnd.oci.image.layer.v1.tar+{}", compression == Compression::zstd ? "zstd" : "gzip");
}

Json descriptor_of(const std::string& blob, const std::string& digest) {
    struct stat info {};
    check(::stat(blob.c_str(), &info), "look at {}", blob);
    return {{"mediaType", media_type_of(blob)}, {"digest", digest}, {"size", info.st_size}};
}

}  // namespace

std::string blob_path(const std::string& layer_directory, const std::string& digest) {
    return layer_directory + "/blob-" + digest.substr(digest.find(':') + 1);
}

void write_layer_archive(const Layout& layout, const std::string& diff_id, const TarWriter::Sink& sink) {
    const std::string directory = directory_of(layout, diff_id);
    Sha256 hash;
    const auto hashed = [&](std::string_view bytes) {
        hash.update(bytes);
        sink(bytes);
    };
    try {
        if (const auto digest = kept_digest(directory); !digest.empty()) {
            const Fd file = open_file(blob_path(directory, digest), O_RDONLY);
            ArchiveStream stream(file, {.hash = false});
            for (auto bytes = stream.next(); !bytes.empty(); bytes = stream.next()) hashed(bytes);
        } else if (exists(directory + "/recipe")) {
            write_from_recipe(directory + "/recipe", directory + "/fs", hashed);
        } else {
            write_layer_tar(directory + "/fs", hashed);
        }
        if (hash.finish() != diff_id) fail(Kind::invalid, "its files have changed since they were unpacked");
    } catch (Error& error) {
        throw error.during("make the archive of layer {}", diff_id);
    }
}

/// A kept archive is compared with its name; the files then with what is in it, member by member.
void verify_layer(const Layout& layout, const std::string& diff_id) {
    const std::string directory = directory_of(layout, diff_id);
    const auto ignore = [](std::string_view) {};
    const auto digest = kept_digest(directory);
    if (digest.empty()) return write_layer_archive(layout, diff_id, ignore);
    const std::string blob = blob_path(directory, digest), recipe = layout.layers_tmp() + "/" + random_hex_id();
    const Fd file = open_file(blob, O_RDONLY);
    Sha256 hash;
    std::string part(256 * 1024, '\0');
    while (const ssize_t got = check(::read(file.get(), part.data(), part.size()), "read {}", blob))
        hash.update({part.data(), static_cast<std::size_t>(got)});
    if (hash.finish() != digest) fail(Kind::invalid, "its compressed archive has changed since it came");
    struct Remove {
        const std::string& path;
        ~Remove() { ::unlink(path.c_str()); }
    } remove{recipe};
    {
        RecipeWriter writer(open_file(recipe, O_WRONLY | O_CREAT | O_EXCL, 0600));
        write_layer_archive(layout, diff_id, [&](std::string_view bytes) { writer.take(bytes); });
        writer.finish();
    }
    Sha256 again;
    write_from_recipe(recipe, directory + "/fs", [&](std::string_view bytes) { again.update(bytes); });
    if (again.finish() != diff_id) fail(Kind::invalid, "its files have changed since they were unpacked");
}

std::optional<std::string> find_blob(const Layout& layout, const std::string& diff_id, const std::string& digest) {
    const std::string path = blob_path(directory_of(layout, diff_id), digest);
    if (!exists(path)) return std::nullopt;
    return path;
}

std::optional<Json> kept_descriptor(const Layout& layout, const std::string& diff_id) {
    const std::string directory = directory_of(layout, diff_id);
    const auto digest = kept_digest(directory);
    if (digest.empty()) return std::nullopt;
    return descriptor_of(blob_path(directory, digest), digest);
}

Json compress_layer(const Layout& layout, const std::string& diff_id) {
    const std::string directory = directory_of(layout, diff_id);
    const std::string part = layout.layers_tmp() + "/" + random_hex_id();
    const Fd file = open_file(part, O_WRONLY | O_CREAT | O_EXCL, 0600);
    try {
        Sha256 hash;
        {
            Gzip gzip([&](std::string_view bytes) {
                hash.update(bytes);
                write_all(file, bytes, part);
            });
            write_layer_archive(layout, diff_id, [&](std::string_view bytes) { gzip.put(bytes); });
            gzip.put({}, Z_FINISH);
        }
        check(::fsync(file.get()), "sync {}", part);
        const std::string digest = hash.finish(), to = blob_path(directory, digest);
        check(::rename(part.c_str(), to.c_str()), "move {} to {}", part, to);
        return descriptor_of(to, digest);
    } catch (...) {
        ::unlink(part.c_str());
        throw;
    }
}

}  // namespace hoist::storage
