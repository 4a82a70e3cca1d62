// SPDX-License-Identifier: Apache-2.0
#include "storage/unpack.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <array>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "base/units.h"
#include "storage/entry_name.h"
#include "storage/overlay_marks.h"
#include "storage/tar_reader.h"

namespace hoist::storage {
namespace {

constexpr const char* opaque_xattr = "trusted.overlay.opaque";

/// atime and mtime of an entry.
std::array<timespec, 2> times_of(archive_entry* entry) {
    if (!archive_entry_mtime_is_set(entry)) return {timespec{0, UTIME_NOW}, timespec{0, UTIME_NOW}};
    const timespec time = {archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)};
    return {time, time};
}

class Unpacker {
public:
    /// @param copy  null for a layer
    Unpacker(ArchiveStream& stream, RootDir root, const UnpackLimits& limits, const CopyIn* copy)
        : limits_(limits), copy_(copy), reader_(stream, limits.header_bytes), root_(std::move(root)) {}

    Unpacked run() {
        while (archive_entry* entry = reader_.next()) {
            const char* raw = archive_entry_pathname(entry);
            try {
                if (!raw) fail(Kind::invalid, "it has no name");
                if (++done_.entries > limits_.entries)
                    fail(Kind::invalid, "the archive has more than {} entries", limits_.entries);
                unpack(entry, place(parse_entry_name(raw, limits_.depth, limits_.name_bytes)));
            } catch (Error& error) {
                throw error.during("entry \"{}\"",
                                   escape_for_terminal(std::string_view(raw ? raw : "").substr(0, 200)));
            }
        }
        set_directory_times();
        return done_;
    }

private:
    struct DirectoryTimes {
        std::string path;
        std::array<timespec, 2> times;
    };

    /// Where an entry of this name goes, below the root.
    EntryName place(EntryName name) const {
        if (!copy_ || copy_->below.empty() || name.last.empty()) return name;
        name.parent = name.parent.empty() ? copy_->below : copy_->below + "/" + name.parent;
        return name;
    }

    void unpack(archive_entry* entry, const EntryName& name) {
        // The directory that is copied into is the container's own.
        if (name.last.empty()) return copy_ ? void() : unpack_root(entry);
        enter(name.parent);
        if (!copy_ && name.last.starts_with(".wh.")) return hide(name.last.substr(4));
        if (copy_ && copy_->keep_kinds) check_kind(entry, name.last);
        if (archive_entry_hardlink(entry)) return unpack_hard_link(entry, name);
        switch (archive_entry_filetype(entry)) {
            case AE_IFDIR:
                return unpack_directory(entry, name);
            case AE_IFREG:
                return unpack_file(entry, name);
            case AE_IFLNK:
                return unpack_symbolic_link(entry, name);
            case AE_IFIFO:
            case AE_IFCHR:
            case AE_IFBLK:
                return unpack_node(entry, name);
            default:
                fail(Kind::invalid, "a layer cannot hold this type of file");
        }
    }

    void check_kind(archive_entry* entry, const std::string& name) {
        struct stat info {};
        if (::fstatat(parent_.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return;
        const bool directory = archive_entry_filetype(entry) == AE_IFDIR;
        if (S_ISDIR(info.st_mode) && !directory)
            fail(Kind::invalid, "cannot overwrite a directory with a non-directory");
        if (!S_ISDIR(info.st_mode) && directory)
            fail(Kind::invalid, "cannot overwrite a non-directory with a directory");
    }

    /// Opens the directory that the entry lies in. Archives list a directory's files together: the last one is kept.
    void enter(const std::string& path) {
        if (parent_ && path == parent_path_) return;
        parent_.reset();
        parent_ = open_directory(path);
        parent_path_ = path;
    }

    Fd open_directory(const std::string& path) {
        if (path.empty()) return root_.fd().duplicate();
        try {
            return root_.open_in(path, O_PATH | O_DIRECTORY);
        } catch (const Error& error) {
            if (error.kind() != Kind::not_found) throw;
        }
        return root_.make_directories_in(path, 0755);
    }

    /// Makes room for an entry where an earlier one of the archive lies. @return whether a whiteout was there
    bool clear(const std::string& name) {
        struct stat info {};
        if (::fstatat(parent_.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return false;
        const bool directory = S_ISDIR(info.st_mode);
        check(::unlinkat(parent_.get(), name.c_str(), directory ? AT_REMOVEDIR : 0), "replace an earlier entry");
        forget_parent_ = true;  // the path kept for the next entry may have led through it
        return is_whiteout(info);
    }

    void unpack_root(archive_entry* entry) {
        if (archive_entry_filetype(entry) != AE_IFDIR) fail(Kind::invalid, "the root is not a directory");
        const Fd dir = root_.open_in(".", O_RDONLY | O_DIRECTORY);
        set_metadata(dir, entry);
        remember_times("", entry);
    }

    void unpack_directory(archive_entry* entry, const EntryName& name) {
        bool hidden = false;
        if (::mkdirat(parent_.get(), name.last.c_str(), 0700) != 0) {
            if (errno != EEXIST) fail_errno(errno, "make the directory");
            hidden = make_directory_over(name.last);
        }
        Fd dir = open_at(parent_, name.last, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        // A whiteout and then a directory of that name: what lower layers have in it stays hidden.
        if (hidden) check(::fsetxattr(dir.get(), opaque_xattr, "y", 1, 0), "mark it opaque");
        set_metadata(dir, entry);
        remember_times(name.path(), entry);
        if (forget()) return;
        parent_ = std::move(dir);  // its files come next
        parent_path_ = name.path();
    }

    /// A directory where something is: another directory stays, anything else (a link to one, too) gives way.
    bool make_directory_over(const std::string& name) {
        struct stat info {};
        check(::fstatat(parent_.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW), "look at an earlier entry");
        if (S_ISDIR(info.st_mode)) return false;
        const bool hidden = clear(name);
        check(::mkdirat(parent_.get(), name.c_str(), 0700), "make the directory");
        return hidden;
    }

    void unpack_file(archive_entry* entry, const EntryName& name) {
        const std::int64_t size = archive_entry_size(entry);
        if (size < 0 || size > limits_.content_bytes - done_.content_bytes)
            fail(Kind::invalid, "the files hold more than the limit of {} bytes", limits_.content_bytes);
        constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
        int raw = ::openat(parent_.get(), name.last.c_str(), flags, 0600);
        if (raw < 0 && errno == EEXIST) {
            clear(name.last);
            raw = ::openat(parent_.get(), name.last.c_str(), flags, 0600);
        }
        const Fd file(check(raw, "make the file"));
        write_content(file, size);
        set_metadata(file, entry);
        const auto times = times_of(entry);
        check(::futimens(file.get(), times.data()), "set the times");
        done_.content_bytes += size;
        forget();
    }

    void write_content(const Fd& file, std::int64_t size) {
        TarReader::Piece piece;
        std::int64_t end = 0;
        while (reader_.next_piece(piece)) {
            if (piece.offset < end || piece.offset + static_cast<std::int64_t>(piece.bytes.size()) > size)
                fail(Kind::invalid, "its content lies outside its size of {} bytes", size);
            end = piece.offset + static_cast<std::int64_t>(piece.bytes.size());
            leave_room(piece.bytes.size());
            write_at(file, piece);
        }
        if (end < size) check(::ftruncate(file.get(), size), "set the size");  // the last part is a hole
    }

    static void write_at(const Fd& file, TarReader::Piece piece) {
        while (!piece.bytes.empty()) {
            const ssize_t put = ::pwrite(file.get(), piece.bytes.data(), piece.bytes.size(), piece.offset);
            if (put < 0 && errno == EINTR) continue;
            check(put, "write the file");
            piece.bytes.remove_prefix(static_cast<std::size_t>(put));
            piece.offset += put;
        }
    }

    /// Looks now and then whether the file system is about to be full: containers and the database need the rest.
    void leave_room(std::size_t bytes) {
        constexpr std::int64_t interval = 64 << 20;
        if ((unchecked_ -= static_cast<std::int64_t>(bytes)) > 0) return;
        unchecked_ = interval;
        struct statvfs info {};
        if (::fstatvfs(root_.fd().get(), &info) != 0) return;
        const auto total = info.f_blocks * info.f_frsize, free = info.f_bavail * info.f_frsize;
        const auto reserve = std::min<std::uint64_t>(total / 50, 512u << 20);
        if (free < reserve)
            fail(Kind::unavailable, "the file system is nearly full ({} free); free some space and try again",
                 format_bytes(Bytes{static_cast<std::int64_t>(free)}));
    }

    void unpack_symbolic_link(archive_entry* entry, const EntryName& name) {
        const char* target = archive_entry_symlink(entry);
        if (!target || !*target) fail(Kind::invalid, "a symbolic link without a target");
        if (::symlinkat(target, parent_.get(), name.last.c_str()) != 0) {
            if (errno != EEXIST) fail_errno(errno, "make the symbolic link");
            clear(name.last);
            check(::symlinkat(target, parent_.get(), name.last.c_str()), "make the symbolic link");
        }
        set_metadata_by_name(entry, name.last);
    }

    void unpack_node(archive_entry* entry, const EntryName& name) {
        const mode_t type = archive_entry_filetype(entry);
        const dev_t device = type == AE_IFIFO ? 0 : archive_entry_rdev(entry);
        if (type == AE_IFCHR && device == 0)
            fail(Kind::invalid, "a character device 0:0 would hide a file of a lower layer");
        clear(name.last);
        check(::mknodat(parent_.get(), name.last.c_str(), type | 0600, device), "make the device or fifo");
        set_metadata_by_name(entry, name.last);
    }

    /// Links to a file of this archive. An absolute target starts at the layer's root, as all names in it.
    void unpack_hard_link(archive_entry* entry, const EntryName& name) {
        const EntryName target =
            place(parse_entry_name(archive_entry_hardlink(entry), limits_.depth, limits_.name_bytes));
        if (target.last.empty()) fail(Kind::invalid, "a hard link to the root");
        Fd dir;
        struct stat info {
        }, here{};
        try {
            dir = target.parent.empty() ? root_.fd().duplicate() : root_.open_in(target.parent, O_PATH | O_DIRECTORY);
            check(::fstatat(dir.get(), target.last.c_str(), &info, AT_SYMLINK_NOFOLLOW), "look at its target");
        } catch (const Error&) {
            fail(Kind::invalid, "a hard link to \"{}\", which is not in the archive",
                 escape_for_terminal(target.path()));
        }
        if (S_ISDIR(info.st_mode)) fail(Kind::invalid, "a hard link to a directory");
        const bool taken = ::fstatat(parent_.get(), name.last.c_str(), &here, AT_SYMLINK_NOFOLLOW) == 0;
        if (taken && here.st_ino == info.st_ino && here.st_dev == info.st_dev) return;  // they are one already
        clear(name.last);
        check(::linkat(dir.get(), target.last.c_str(), parent_.get(), name.last.c_str(), 0), "make the hard link");
        forget();
    }

    /// ".wh." and a name: hides that name of lower layers. ".wh..wh..opq": hides all of the directory's.
    void hide(const std::string& name) {
        if (name == ".wh..opq") {
            const Fd dir = Fd(check(::openat(parent_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open it"));
            check(::fsetxattr(dir.get(), opaque_xattr, "y", 1, 0), "mark the directory opaque");
            return;
        }
        if (name.starts_with(".wh.")) return;  // reserved for others' bookkeeping
        if (name.empty() || name == "." || name == "..") fail(Kind::invalid, "a whiteout that hides no name");
        if (::mknodat(parent_.get(), name.c_str(), S_IFCHR, 0) == 0) return;
        if (errno != EEXIST) fail_errno(errno, "make the whiteout");
        // This layer has the name itself and wins; of a directory, the lower layers' content is hidden.
        const Fd dir(::openat(parent_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (dir) check(::fsetxattr(dir.get(), opaque_xattr, "y", 1, 0), "mark the directory opaque");
    }

    void set_metadata(const Fd& file, archive_entry* entry) {
        const auto [uid, gid] = owner_of(entry);
        check(::fchown(file.get(), uid, gid), "set the owner");
        check(::fchmod(file.get(), archive_entry_perm(entry) & 07777),
              "set the mode");  // after chown, which drops suid
        for_each_xattr(entry, [&](const char* name, const void* value, std::size_t size) {
            return ::fsetxattr(file.get(), name, value, size, 0);
        });
    }

    /// The same for what cannot be opened: links, devices, fifos.
    void set_metadata_by_name(archive_entry* entry, const std::string& name) {
        const auto [uid, gid] = owner_of(entry);
        check(::fchownat(parent_.get(), name.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW), "set the owner");
        if (archive_entry_filetype(entry) != AE_IFLNK)
            check(::fchmodat(parent_.get(), name.c_str(), archive_entry_perm(entry) & 07777, 0), "set the mode");
        const std::string path = fd_path(parent_) + "/" + name;
        for_each_xattr(entry, [&](const char* key, const void* value, std::size_t size) {
            return ::lsetxattr(path.c_str(), key, value, size, 0);
        });
        const auto times = times_of(entry);
        check(::utimensat(parent_.get(), name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW), "set the times");
        forget();
    }

    template <class Set>
    static void for_each_xattr(archive_entry* entry, Set set) {
        const char* name = nullptr;
        const void* value = nullptr;
        std::size_t size = 0;
        for (archive_entry_xattr_reset(entry); archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK;) {
            const std::string_view key = name ? name : "";
            // Forged ones would make the overlay show other files; others mean nothing inside a container.
            const bool of_user = key.starts_with("user.") && !key.starts_with("user.overlay.");
            if (!of_user && key != "security.capability") continue;
            if (set(name, value, size) == 0) continue;
            // The file system may know none, and links and devices may have none of the user's.
            if (errno != EOPNOTSUPP && !(of_user && errno == EPERM))
                fail_errno(errno, "set the extended attribute {}", escape_for_terminal(key));
        }
    }

    std::pair<uid_t, gid_t> owner_of(archive_entry* entry) const {
        std::pair<uid_t, gid_t> owner{checked_id(archive_entry_uid(entry)), checked_id(archive_entry_gid(entry))};
        if (copy_ && copy_->uid) owner.first = *copy_->uid;
        if (copy_ && copy_->gid) owner.second = *copy_->gid;
        return owner;
    }

    static uid_t checked_id(std::int64_t id) {
        // -1 would mean "leave as it is" to chown.
        if (id < 0 || id >= std::int64_t{0xffffffff}) fail(Kind::invalid, "owner {} is out of range", id);
        return static_cast<uid_t>(id);
    }

    /// After something was replaced, the directory kept for the next entry is looked up anew.
    bool forget() {
        if (!std::exchange(forget_parent_, false)) return false;
        parent_.reset();
        return true;
    }

    void remember_times(const std::string& path, archive_entry* entry) {
        kept_bytes_ += static_cast<std::int64_t>(path.size() + sizeof(DirectoryTimes));
        if (kept_bytes_ > limits_.directory_name_bytes) fail(Kind::invalid, "too many directories with long names");
        directory_times_.push_back({path, times_of(entry)});
    }

    /// Last, since each file that was made has changed its directory's.
    void set_directory_times() {
        for (const auto& [path, times] : directory_times_) {
            try {
                const Fd dir = root_.open_in(path.empty() ? "." : path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
                check(::futimens(dir.get(), times.data()), "set the times of directory {}", path);
            } catch (const Error& error) {  // replaced by a later entry
                if (error.kind() != Kind::not_found && error.kind() != Kind::invalid) throw;
            }
        }
    }

    const UnpackLimits& limits_;
    const CopyIn* const copy_;
    TarReader reader_;
    RootDir root_;
    Unpacked done_;
    std::vector<DirectoryTimes> directory_times_;
    std::int64_t kept_bytes_ = 0;
    std::int64_t unchecked_ = 0;
    Fd parent_;
    std::string parent_path_;
    bool forget_parent_ = false;
};

}  // namespace

Unpacked unpack_layer(ArchiveStream& stream, const std::string& target, const UnpackLimits& limits) {
    return Unpacker(stream, RootDir::open(target), limits, nullptr).run();
}

Unpacked copy_in(ArchiveStream& stream, const Fd& root, const CopyIn& how) {
    return Unpacker(stream, RootDir(root.duplicate()), how.limits, &how).run();
}

}  // namespace hoist::storage
