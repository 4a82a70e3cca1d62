// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <array>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/file_tar.h"

namespace hoist::cli {
namespace {

/// The name as a path below the directory; empty for the directory itself.
std::string checked(const std::string& name) {
    for (const auto& part : split(name, '/'))
        if (part == "..") fail(Kind::invalid, "the archive has \"..\" in a name");
    return clean_path(name).substr(1);
}

class Placer {
public:
    explicit Placer(const PlaceFiles& how) : how_(how), root_(RootDir::open(how.directory)) {}

    void place(TarReader& from, const TarMember& member) {
        if (!std::exchange(begun_, true)) whole_ = clean_path(member.name) == "/";
        const std::string name = renamed(checked(member.name));
        if (name.empty()) return;  // the directory is the user's own
        const auto [parent, last] = split_path("/" + name);
        const Fd dir = root_.make_directories_in(parent);
        switch (member.type) {
            case '0':
                return place_file(from, dir, last, member);
            case '1':
                return place_hard_link(dir, last, renamed(checked(member.link)));
            case '2':
                return place_link(dir, last, member);
            case '5':
                return place_directory(dir, last, {name, member});
            default:
                return place_node(dir, last, member);
        }
    }

    /// Last, since each file that was made has changed its directory's.
    void finish() {
        for (auto it = directories_.rbegin(); it != directories_.rend(); ++it) {
            const Fd dir = root_.open_in(it->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
            if (how_.keep_owners) check(::fchown(dir.get(), it->member.uid, it->member.gid), "set an owner");
            check(::fchmod(dir.get(), it->member.mode & 07777), "set a mode");
            const auto times = times_of(it->member);
            check(::futimens(dir.get(), times.data()), "set a time");
        }
    }

private:
    struct Directory {
        std::string path;
        TarMember member;
    };

    std::string renamed(const std::string& name) const {
        if (how_.name.empty()) return name;
        // An archive of a directory's content has no name of its own at the top.
        if (whole_) return name.empty() ? how_.name : how_.name + "/" + name;
        const auto slash = name.find('/');
        return slash == std::string::npos ? how_.name : how_.name + name.substr(slash);
    }

    static std::array<timespec, 2> times_of(const TarMember& member) {
        const timespec time = {member.mtime, 0};
        return {time, time};
    }

    void place_directory(const Fd& dir, const std::string& name, Directory directory) {
        if (::mkdirat(dir.get(), name.c_str(), 0700) != 0 && errno != EEXIST) fail_errno(errno, "make the directory");
        const Fd made(::openat(dir.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!made) fail(Kind::conflict, "cannot overwrite a non-directory with a directory");
        directories_.push_back(std::move(directory));
    }

    void place_file(TarReader& from, const Fd& dir, const std::string& name, const TarMember& member) {
        make_room(dir, name);
        const Fd file(
            check(::openat(dir.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600),
                  "make the file"));
        for (auto bytes = from.content(); !bytes.empty(); bytes = from.content()) write_all(file, bytes, name);
        if (how_.keep_owners) check(::fchown(file.get(), member.uid, member.gid), "set the owner");
        check(::fchmod(file.get(), member.mode & 07777), "set the mode");
        const auto times = times_of(member);
        check(::futimens(file.get(), times.data()), "set the times");
    }

    void place_link(const Fd& dir, const std::string& name, const TarMember& member) {
        make_room(dir, name);
        check(::symlinkat(member.link.c_str(), dir.get(), name.c_str()), "make the symbolic link");
        describe_by_name(dir, name, member);
    }

    void place_hard_link(const Fd& dir, const std::string& name, const std::string& target) {
        const auto [parent, last] = split_path("/" + target);
        const Fd from = root_.open_in(parent, O_PATH | O_DIRECTORY);
        make_room(dir, name);
        check(::linkat(from.get(), last.c_str(), dir.get(), name.c_str(), 0), "make the hard link");
    }

    void place_node(const Fd& dir, const std::string& name, const TarMember& member) {
        const mode_t type = member.type == '3' ? S_IFCHR : member.type == '4' ? S_IFBLK : S_IFIFO;
        make_room(dir, name);
        check(::mknodat(dir.get(), name.c_str(), type | (member.mode & 0777), makedev(member.major, member.minor)),
              "make the device or fifo");
        describe_by_name(dir, name, member);
    }

    /// What cannot be opened gets its owner and times by its name.
    void describe_by_name(const Fd& dir, const std::string& name, const TarMember& member) const {
        if (how_.keep_owners)
            check(::fchownat(dir.get(), name.c_str(), member.uid, member.gid, AT_SYMLINK_NOFOLLOW), "set the owner");
        const auto times = times_of(member);
        check(::utimensat(dir.get(), name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW), "set the times");
    }

    static void make_room(const Fd& dir, const std::string& name) {
        if (::unlinkat(dir.get(), name.c_str(), 0) == 0 || errno == ENOENT) return;
        if (errno == EISDIR) fail(Kind::conflict, "cannot overwrite a directory with a non-directory");
        fail_errno(errno, "replace the file");
    }

    const PlaceFiles& how_;
    const RootDir root_;
    bool begun_ = false, whole_ = false;  ///< whole: the archive's first member is "./"
    std::vector<Directory> directories_;
};

}  // namespace

void place_files(TarReader& from, const PlaceFiles& how) {
    Placer placer(how);
    while (const auto member = from.next()) {
        try {
            placer.place(from, *member);
        } catch (Error& error) {
            throw error.during("{}", escape_for_terminal(member->name));
        }
    }
    placer.finish();
}

}  // namespace hoist::cli
