// SPDX-License-Identifier: Apache-2.0
#include "builder/copier.h"

#include <map>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "storage/copy_tree.h"

namespace hoist::builder {
namespace {

using storage::MergedDir;

/// Where one file goes.
struct Target {
    std::vector<std::string> directory;
    std::string name;
};

/// The destination for a single file called `name`.
Target target_of(const std::string& name, const CopyHow& how, const Upper& upper) {
    auto place = upper.locate(how.destination);
    const bool directory = how.several || how.destination.ends_with('/') || place.is_directory;
    if (directory) {
        if (place.exists && !place.is_directory) fail(Kind::invalid, "{} is a file, not a directory", place.text());
        auto inside = upper.locate(place.text() + "/" + name);
        if (inside.is_directory) fail(Kind::invalid, "{} is a directory; a file cannot take its place", inside.text());
        // A link of that name gives way to the file; it is not followed.
        return {std::move(place.names), name};
    }
    if (place.names.empty()) fail(Kind::invalid, "the destination has no name");
    Target target{std::move(place.names), ""};
    target.name = target.directory.back();
    target.directory.pop_back();
    return target;
}

/// Makes room for a file in the upper: something written by the same instruction may be there.
void clear(const Fd& directory, const std::string& name) {
    if (::unlinkat(directory.get(), name.c_str(), 0) == 0 || errno == ENOENT) return;
    if (errno == EISDIR || errno == EPERM) fail(Kind::invalid, "{} is a directory; a file cannot take its place", name);
    fail_errno(errno, "replace {}", name);
}

class Copier {
public:
    Copier(const Tree& tree, const Source& source, const CopyHow& how, Upper& upper)
        : tree_(tree), source_(source), how_(how), upper_(upper) {}

    void run() {
        auto found = storage::resolve_in_layers(tree_.layers, source_.path);
        if (!found) fail(Kind::conflict, "{}: removed while it was being copied", source_.written);
        if (source_.is_directory && found->entry.directory)
            copy_directory(*found->entry.directory);
        else
            copy_file(*found);
        upper_.note_change();
    }

private:
    Owner owner_of(const struct stat& info) const {
        if (how_.owner) return *how_.owner;
        return tree_.own_owners ? Owner{info.st_uid, info.st_gid} : Owner{};
    }

    storage::CopyChanges changes_of(const struct stat& info) const {
        const auto owner = owner_of(info);
        storage::CopyChanges changes{owner.uid, owner.gid, std::nullopt};
        if (how_.mode) changes.mode = how_.mode->apply(info.st_mode);
        return changes;
    }

    void check_unchanged(const Selected& file, const struct stat& now) const {
        if (!is_unchanged(file.info, now))
            fail(Kind::conflict, "{}/{} was changed while it was being copied; build again", source_.written,
                 file.path);
    }

    void copy_file(const storage::Resolved& found) {
        const auto target = target_of(source_.base, how_, upper_);
        const Fd directory = upper_.directory(target.directory, how_.owner.value_or(Owner{}));
        check_unchanged(source_.files.front(), found.entry.info);
        clear(directory, target.name);
        storage::copy_leaf(found.entry, found.name, directory, target.name, changes_of(found.entry.info));
    }

    void copy_directory(const MergedDir& from) {
        const auto place = upper_.locate(how_.destination);
        if (place.exists && !place.is_directory) fail(Kind::invalid, "{} is a file, not a directory", place.text());
        const auto parent_owner = how_.owner.value_or(Owner{});
        auto above = place.names;
        if (!above.empty()) above.pop_back();
        upper_.directory(above, parent_owner);
        const Fd to = upper_.directory(place.names, parent_owner);
        std::size_t at = 1;
        copy_children(from, {to, place.names, shown_at(place.names)}, "", at);
        if (!place.exists) set_metadata(from.top(), source_.files.front().info, to);
    }

    /// A directory of the layer that is being filled.
    struct Here {
        const Fd& directory;
        const std::vector<std::string>& names;
        MergedDir shown;  ///< what layers below and earlier steps have there
    };
    MergedDir shown_at(const std::vector<std::string>& names) const {
        return std::move(*upper_.find(names)->directory);  // it was just made
    }

    /// Walks the listing, which has each directory before what is in it.
    void copy_children(const MergedDir& from, const Here& here, const std::string& below, std::size_t& at) {
        const auto prefix = below.empty() ? "" : below + "/";
        while (at < source_.files.size() && source_.files[at].path.starts_with(prefix)) {
            const auto& file = source_.files[at++];
            const auto name = file.path.substr(prefix.size());
            const auto entry = from.find(name);
            if (!entry) fail(Kind::conflict, "{}/{} was removed while it was being copied", source_.written, file.path);
            if (entry->directory)
                copy_into(*entry->directory, file, name, here, at);
            else
                copy_child(*entry, file, name, here);
        }
    }

    void copy_into(const MergedDir& from, const Selected& file, const std::string& name, const Here& here,
                   std::size_t& at) {
        auto names = here.names;
        names.push_back(name);
        const auto there = here.shown.find(name);
        if (there && !there->directory)
            fail(Kind::invalid, "/{} is no directory; a directory cannot take its place", join(names, "/"));
        const Fd made = upper_.directory(names, Owner{});
        copy_children(from, {made, names, shown_at(names)}, file.path, at);
        set_metadata(from.top(), file.info, made);
    }

    void copy_child(const MergedDir::Entry& entry, const Selected& file, const std::string& name, const Here& here) {
        if (S_ISSOCK(entry.info.st_mode)) return;
        check_unchanged(file, entry.info);
        const auto there = here.shown.find(name);
        if (there && there->directory)
            fail(Kind::invalid, "/{}/{} is a directory; a file cannot take its place", join(here.names, "/"), name);
        if (there) clear(here.directory, name);
        if (entry.info.st_nlink > 1 && link_to_copy(entry, name, here.directory)) return;
        storage::copy_leaf(entry, name, here.directory, name, changes_of(entry.info));
    }

    bool link_to_copy(const MergedDir::Entry& entry, const std::string& name, const Fd& to) {
        const auto key = std::make_pair(entry.info.st_dev, entry.info.st_ino);
        const auto [it, first] = copies_.try_emplace(key, std::make_pair(to.duplicate(), name));
        if (first) return false;
        const auto& [directory, made] = it->second;
        check(::linkat(directory.get(), made.c_str(), to.get(), name.c_str(), 0), "make the hard link {}", name);
        return true;
    }

    void set_metadata(const Fd& from, const struct stat& info, const Fd& to) const {
        storage::copy_directory_metadata(from, to);
        const auto changes = changes_of(info);
        check(::fchown(to.get(), *changes.uid, *changes.gid), "set the owner of a directory");
        check(::fchmod(to.get(), changes.mode.value_or(info.st_mode & 07777)), "set the mode of a directory");
    }

    const Tree& tree_;
    const Source& source_;
    const CopyHow& how_;
    Upper& upper_;
    std::map<std::pair<dev_t, ino_t>, std::pair<Fd, std::string>> copies_;
};

}  // namespace

void copy_sources(const Tree& tree, const std::vector<Source>& sources, const CopyHow& how, Upper& upper) {
    for (const auto& source : sources) {
        try {
            Copier(tree, source, how, upper).run();
        } catch (Error& error) {
            throw error.during("copy {} to {}", source.written, how.destination);
        }
    }
}

void write_document(const std::string& content, const std::string& name, const CopyHow& how, Upper& upper, mode_t mode,
                    std::optional<std::int64_t> mtime) {
    const auto target = target_of(name, how, upper);
    const auto owner = how.owner.value_or(Owner{});
    const Fd directory = upper.directory(target.directory, owner);
    clear(directory, target.name);
    const Fd file = open_at(directory, target.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    write_all(file, content, target.name);
    check(::fchown(file.get(), owner.uid, owner.gid), "set the owner of {}", target.name);
    check(::fchmod(file.get(), how.mode ? how.mode->apply(S_IFREG | mode) : mode), "set the mode of {}", target.name);
    if (mtime) {
        const timespec times[2] = {{*mtime, 0}, {*mtime, 0}};
        check(::futimens(file.get(), times), "set the time of {}", target.name);
    }
    upper.note_change();
}

}  // namespace hoist::builder
