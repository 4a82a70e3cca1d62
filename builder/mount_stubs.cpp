// SPDX-License-Identifier: Apache-2.0
#include "builder/mount_stubs.h"

#include <sys/stat.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "storage/merged_dir.h"

namespace hoist::builder {
namespace {

std::vector<std::string> parts_of(const std::string& path) {
    auto parts = split(clean_path(path), '/');
    std::erase(parts, "");
    return parts;
}

/// Opens a directory of the upper without following anything; empty if there is none.
Fd open_plain(const Fd& root, const std::vector<std::string>& names, std::size_t count) {
    Fd at = root.duplicate();
    for (std::size_t i = 0; i < count; ++i) {
        at = Fd(::openat(at.get(), names[i].c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!at) return at;
    }
    return at;
}

/// What the layers show at the first `count` names, links not followed.
std::optional<struct stat> shown_below(const std::vector<std::string>& layers, const std::vector<std::string>& names,
                                       std::size_t count) {
    if (layers.empty()) return std::nullopt;
    auto here = storage::MergedDir::open_layers(layers);
    for (std::size_t i = 0; i < count; ++i) {
        auto entry = here.find(names[i]);
        if (!entry) return std::nullopt;
        if (i + 1 == count) return entry->info;
        if (!entry->directory) return std::nullopt;
        here = std::move(*entry->directory);
    }
    return std::nullopt;
}

/// Whether an upper's directory holds nothing and says nothing that the one below does not.
bool adds_nothing(const struct stat& upper, const struct stat& below) {
    return S_ISDIR(below.st_mode) && upper.st_mode == below.st_mode && upper.st_uid == below.st_uid &&
           upper.st_gid == below.st_gid;
}

class Remover {
public:
    Remover(const Fd& root, const std::vector<std::string>& layers, std::vector<std::string> names)
        : root_(root), layers_(layers), names_(std::move(names)) {}

    /// From the target upwards, as long as things go.
    void run() {
        for (auto count = names_.size(); count > 0; --count) {
            const Fd parent = open_plain(root_, names_, count - 1);
            if (!parent) continue;
            if (!remove(parent, count)) return;
        }
    }

private:
    bool remove(const Fd& parent, std::size_t count) {
        const auto& name = names_[count - 1];
        struct stat info {};
        if (::fstatat(parent.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return errno == ENOENT;
        const auto below = shown_below(layers_, names_, count);
        if (S_ISDIR(info.st_mode)) {
            if (below && !adds_nothing(info, *below)) return false;
            return ::unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR) == 0;
        }
        if (count < names_.size() || below || !S_ISREG(info.st_mode) || info.st_size != 0) return false;
        return ::unlinkat(parent.get(), name.c_str(), 0) == 0;
    }

    const Fd& root_;
    const std::vector<std::string>& layers_;
    const std::vector<std::string> names_;
};

}  // namespace

const std::vector<std::string>& standard_mounts() {
    static const std::vector<std::string> paths = {"/proc",      "/dev/pts",         "/dev/shm",    "/dev/mqueue",
                                                   "/dev",       "/sys/fs/cgroup",   "/sys",        "/etc/hostname",
                                                   "/etc/hosts", "/etc/resolv.conf", "/run/secrets"};
    return paths;
}

void remove_mount_stubs(const std::string& upper, const std::vector<std::string>& layers,
                        const std::vector<std::string>& targets) {
    const Fd root = open_file(upper, O_RDONLY | O_DIRECTORY);
    for (const auto& target : targets) Remover(root, layers, parts_of(target)).run();
}

}  // namespace hoist::builder
