// SPDX-License-Identifier: Apache-2.0
#include "builder/upper.h"

#include <limits.h>

#include <array>
#include <deque>

#include "base/error.h"
#include "base/text.h"
#include "storage/copy_tree.h"

namespace hoist::builder {
namespace {

using storage::MergedDir;

constexpr int most_links = 40;

std::string read_link(const MergedDir::Entry& entry, const std::string& name) {
    std::array<char, PATH_MAX> target{};
    const auto size =
        check(::readlinkat(entry.holder, name.c_str(), target.data(), target.size()), "read the link {}", name);
    return {target.data(), static_cast<std::size_t>(size)};
}

void prepend(std::deque<std::string>& parts, const std::string& path) {
    const auto more = split(path, '/');
    parts.insert(parts.begin(), more.begin(), more.end());
}

/// A walk from the root of what is shown.
class Walk {
public:
    Walk(MergedDir root, const std::string& path) : written_(path) {
        way_.push_back(std::move(root));
        prepend(parts_, path);
    }

    Place run() {
        place_.exists = place_.is_directory = true;
        while (!parts_.empty()) {
            const std::string name = parts_.front();
            parts_.pop_front();
            if (name.empty() || name == ".") continue;
            step(name);
        }
        return std::move(place_);
    }

private:
    void step(const std::string& name) {
        if (name == "..") return up();
        if (place_.exists && !place_.is_directory)
            fail(Kind::invalid, "{}: {} is not a directory", written_, place_.text());
        if (!place_.exists) {
            place_.names.push_back(name);
            return;
        }
        auto entry = way_.back().find(name);
        if (!entry) {
            place_.exists = place_.is_directory = false;
            place_.names.push_back(name);
        } else if (entry->directory) {
            way_.push_back(std::move(*entry->directory));
            place_.names.push_back(name);
        } else if (S_ISLNK(entry->info.st_mode)) {
            follow(read_link(*entry, name));
        } else {
            place_.is_directory = false;
            place_.names.push_back(name);
        }
    }

    void up() {
        if (place_.names.empty()) return;
        place_.names.pop_back();
        // Of what is missing there is nothing on the way; whether we are back in what exists the lengths tell.
        if (way_.size() > place_.names.size() + 1) way_.pop_back();
        place_.exists = place_.is_directory = way_.size() == place_.names.size() + 1;
    }

    void follow(const std::string& target) {
        if (++links_ > most_links) fail(Kind::invalid, "{}: its links go round in circles", written_);
        if (target.starts_with('/')) {
            way_.erase(way_.begin() + 1, way_.end());
            place_.names.clear();
        }
        prepend(parts_, target);
    }

    const std::string written_;
    std::vector<MergedDir> way_;
    std::deque<std::string> parts_;
    Place place_;
    int links_ = 0;
};

}  // namespace

std::string Place::text() const {
    return "/" + join(names, "/");
}

Upper::Upper(const std::string& path, std::vector<std::string> layers) : path_(path) {
    check(::mkdir(path.c_str(), 0755), "make {}", path);
    check(::chmod(path.c_str(), 0755), "set the mode of {}", path);
    if (!layers.empty()) {
        const Fd top = open_file(layers.front(), O_RDONLY | O_DIRECTORY);
        storage::copy_directory_metadata(top, open_file(path, O_RDONLY | O_DIRECTORY));
    }
    all_.push_back(path);
    all_.insert(all_.end(), layers.begin(), layers.end());
}

MergedDir Upper::root() const {
    return MergedDir::open_layers(all_);
}

Place Upper::locate(const std::string& path) const {
    return Walk(root(), path).run();
}

std::optional<MergedDir::Entry> Upper::find(const std::vector<std::string>& names) const {
    std::optional<MergedDir::Entry> found;
    MergedDir here = root();
    for (const auto& name : names) {
        if (found) {
            if (!found->directory) return std::nullopt;
            here = std::move(*found->directory);
        }
        found = here.find(name);
        if (!found) return std::nullopt;
    }
    if (!found) found.emplace().directory = std::move(here);
    return found;
}

Fd Upper::directory(const std::vector<std::string>& names, Owner owner, mode_t mode) {
    Fd at = open_file(path_, O_RDONLY | O_DIRECTORY);
    MergedDir shown = root();
    bool known = true;
    for (const auto& name : names) {
        auto entry = known ? shown.find(name) : std::nullopt;
        if (entry && !entry->directory) fail(Kind::invalid, "{} is not a directory", name);
        const bool made = ::mkdirat(at.get(), name.c_str(), 0700) == 0;
        if (!made && errno != EEXIST) fail_errno(errno, "make directory {} in the layer", name);
        Fd next = open_at(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (made && entry) {
            storage::copy_directory_metadata(entry->directory->top(), next);
        } else if (made) {
            check(::fchown(next.get(), owner.uid, owner.gid), "set the owner of {}", name);
            check(::fchmod(next.get(), mode), "set the mode of {}", name);
            changed_ = true;
        }
        known = entry.has_value();
        if (known) shown = std::move(*entry->directory);
        at = std::move(next);
    }
    return at;
}

}  // namespace hoist::builder
