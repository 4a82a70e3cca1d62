// SPDX-License-Identifier: Apache-2.0
#include "builder/selection.h"

#include <limits.h>
#include <sys/xattr.h>

#include <array>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "builder/glob.h"
#include "builder/mistakes.h"
#include "storage/digest.h"

namespace hoist::builder {
namespace {

using storage::MergedDir;

constexpr int deepest_folder = 256;

std::string join_path(const std::string& directory, const std::string& name) {
    return directory.empty() ? name : directory + "/" + name;
}

std::string link_target(int holder, const std::string& name) {
    std::array<char, PATH_MAX> target{};
    const auto size = check(::readlinkat(holder, name.c_str(), target.data(), target.size()), "read the link {}", name);
    return {target.data(), static_cast<std::size_t>(size)};
}

/// A file's capabilities, as text; empty if it has none.
std::string capability(int holder, const std::string& name) {
    std::array<unsigned char, 64> value{};
    const auto path = fmt::format("/proc/self/fd/{}/{}", holder, name);
    const auto size = ::lgetxattr(path.c_str(), "security.capability", value.data(), value.size());
    std::string text;
    for (ssize_t i = 0; i < size; ++i) text += fmt::format("{:02x}", value[static_cast<std::size_t>(i)]);
    return text;
}

class Lister {
public:
    Lister(const Tree& tree, const IgnoreRules& excluded, FileDigests& digests, Source& source)
        : tree_(tree), excluded_(excluded), digests_(digests), source_(source) {}

    void add_file(const MergedDir::Entry& entry, const std::string& name, const std::string& below) {
        Selected file{below, entry.info, ""};
        if (S_ISREG(entry.info.st_mode)) file.digest = digests_.of(entry.holder, name, entry.info);
        if (S_ISREG(entry.info.st_mode) && tree_.own_owners) file.digest += capability(entry.holder, name);
        if (S_ISLNK(entry.info.st_mode)) file.digest = link_target(entry.holder, name);
        source_.files.push_back(std::move(file));
    }

    /// @param full  path in the tree; `below` in the source
    void add_directory(const MergedDir& directory, const struct stat& info, const std::string& full,
                       const std::string& below, int depth) {
        if (depth > deepest_folder)
            fail(Kind::invalid, "{}: directories nested deeper than {} levels", full, deepest_folder);
        source_.files.push_back({below, info, ""});
        for (const auto& name : directory.names()) {
            const auto path = join_path(full, name), inside = join_path(below, name);
            const bool out = tree_.ignored.leaves_out(path) || excluded_.leaves_out(inside);
            if (out && !tree_.ignored.may_let_in_below(path) && !excluded_.may_let_in_below(inside)) continue;
            const auto entry = directory.find(name);
            if (!entry) continue;  // gone meanwhile
            if (!entry->directory) {
                if (!out) add_file(*entry, name, inside);
                continue;
            }
            const auto before = source_.files.size();
            add_directory(*entry->directory, entry->info, path, inside, depth + 1);
            if (out && source_.files.size() == before + 1) source_.files.pop_back();  // nothing below it was let in
        }
    }

private:
    const Tree& tree_;
    const IgnoreRules& excluded_;
    FileDigests& digests_;
    Source& source_;
};

/// Paths of the tree that match a pattern with wildcards, part by part.
void expand_pattern(const std::vector<std::string>& layers, const MergedDir& directory,
                    const std::vector<std::string>& parts, std::size_t at, const std::string& so_far,
                    std::vector<std::string>& found) {
    for (const auto& name : directory.names()) {
        if (!matches_path(parts[at], name)) continue;
        const auto path = join_path(so_far, name);
        if (at + 1 == parts.size()) {
            found.push_back(path);
            continue;
        }
        const auto below = storage::resolve_in_layers(layers, path);
        if (below && below->entry.directory)
            expand_pattern(layers, *below->entry.directory, parts, at + 1, path, found);
    }
}

[[noreturn]] void fail_absent(const Tree& tree, const std::string& pattern, const std::string& path) {
    const auto [parent, name] = split_path("/" + path);
    const auto directory = storage::resolve_in_layers(tree.layers, parent);
    std::string meant;
    if (directory && directory->entry.directory) {
        const auto names = directory->entry.directory->names();
        if (names.size() < 10'000) meant = nearest(name, {names.begin(), names.end()});
    }
    fail(Kind::not_found, "{}: not in {}{}", pattern, tree.name,
         meant.empty() ? "" : fmt::format("; did you mean {}?", meant));
}

Source select_one(const Tree& tree, const std::string& written, const std::string& path, const IgnoreRules& excluded,
                  FileDigests& digests) {
    const auto found = storage::resolve_in_layers(tree.layers, path);
    if (!found) fail_absent(tree, written, path);
    if (!path.empty() && tree.ignored.leaves_out(path) && !tree.ignored.may_let_in_below(path))
        fail(Kind::not_found, "{}: left out of the build context by its .dockerignore", written);
    Source source;
    source.written = written;
    source.base = split_path("/" + path).name;
    source.path = path;
    Lister lister(tree, excluded, digests, source);
    source.is_directory = found->entry.directory.has_value();
    if (source.is_directory)
        lister.add_directory(*found->entry.directory, found->entry.info, path, "", 0);
    else
        lister.add_file(found->entry, found->name, "");
    return source;
}

}  // namespace

std::vector<Source> select(const Tree& tree, const std::string& pattern, const IgnoreRules& excluded,
                           FileDigests& digests) {
    const auto path = clean_path(pattern).substr(1);
    std::vector<std::string> paths;
    if (has_wildcards(path)) {
        if (const auto mistake = pattern_mistake(path)) fail(Kind::invalid, "{}: {}", pattern, *mistake);
        const auto root = MergedDir::open_layers(tree.layers);
        expand_pattern(tree.layers, root, split(path, '/'), 0, "", paths);
        std::erase_if(paths, [&](const auto& name) {
            return (tree.ignored.leaves_out(name) && !tree.ignored.may_let_in_below(name)) ||
                   excluded.leaves_out(split_path("/" + name).name);
        });
        if (paths.empty()) fail(Kind::not_found, "{}: no file of {} matches", pattern, tree.name);
    } else {
        paths.push_back(path);
    }
    std::vector<Source> sources;
    for (const auto& one : paths) sources.push_back(select_one(tree, pattern, one, excluded, digests));
    return sources;
}

std::string digest_of(const std::vector<Source>& sources, bool with_owners) {
    storage::Sha256 hash;
    for (const auto& source : sources) {
        hash.update(fmt::format("source {} {}\n", source.base, source.is_directory));
        for (const auto& file : source.files) {
            const auto& info = file.info;
            const auto owner = with_owners ? fmt::format("{}:{}", info.st_uid, info.st_gid) : "";
            hash.update(fmt::format("{}:{} {:o} {} {} {}\n", file.path.size(), file.path, info.st_mode, owner,
                                    file.digest, info.st_rdev));
        }
    }
    return hash.finish();
}

bool is_unchanged(const struct stat& then, const struct stat& now) {
    return then.st_size == now.st_size && then.st_mode == now.st_mode && then.st_ino == now.st_ino &&
           then.st_mtim.tv_sec == now.st_mtim.tv_sec && then.st_mtim.tv_nsec == now.st_mtim.tv_nsec;
}

}  // namespace hoist::builder
