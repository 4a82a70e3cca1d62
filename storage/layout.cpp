// SPDX-License-Identifier: Apache-2.0
#include "storage/layout.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace hoist::storage {
namespace {

/// Makes a directory with this mode whatever the umask is; of one that is there, only excess rights are taken away.
void make_directory(const std::string& path, mode_t mode) {
    make_directories(path, mode);
    struct stat info {};
    check(::stat(path.c_str(), &info), "look at {}", path);
    const mode_t wanted = info.st_mode & mode & 0777;
    if ((info.st_mode & 0777) != wanted) check(::chmod(path.c_str(), wanted), "set the mode of {}", path);
}

void empty_directory(const std::string& path) {
    DIR* dir = ::opendir(path.c_str());
    if (!dir) fail_errno(errno, "open {}", path);
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(dir)) names.emplace_back(entry->d_name);
    ::closedir(dir);
    for (const auto& name : names)
        if (name != "." && name != "..") remove_tree(path + "/" + name);
}

/// The 64 hexadecimal digits of "sha256:<hex>". Digests become names of files, so nothing else may pass.
std::string digits_of(const std::string& digest) {
    const std::string_view prefix = "sha256:";
    const bool right = digest.size() == prefix.size() + 64 && digest.compare(0, prefix.size(), prefix) == 0 &&
                       digest.find_first_not_of("0123456789abcdef", prefix.size()) == std::string::npos;
    if (!right) fail(Kind::invalid, "\"{}\" is not a sha256 digest", escape_for_terminal(digest));
    return digest.substr(prefix.size());
}

}  // namespace

void Layout::make() const {
    make_directory(root_, 0711);
    // Layers hold set-user-id programs of images: nobody but root may get at them from outside a container.
    make_directory(root_ + "/layers", 0700);
    make_directory(root_ + "/layers/sha256", 0700);
    make_directory(layers_tmp(), 0700);
    make_directory(downloads(), 0700);
    make_directory(builds(), 0700);
    make_directory(build_mounts(), 0700);
    make_directory(containers(), 0710);
    make_directory(volumes(), 0701);
    make_directory(seccomp(), 0700);
    make_directory(trash(), 0700);
    make_directory(run_, 0711);
    make_directory(containers_run(), 0711);
    make_directory(builds_run(), 0700);
    for (const auto& unfinished : {layers_tmp(), builds(), builds_run()}) empty_directory(unfinished);
}

std::string Layout::download(const std::string& digest) const {
    return root_ + "/downloads/" + digits_of(digest);
}

std::string Layout::layer(const std::string& diff_id) const {
    return root_ + "/layers/sha256/" + digits_of(diff_id) + "/fs";
}

}  // namespace hoist::storage
