// SPDX-License-Identifier: Apache-2.0
#include "base/path_walk.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <array>
#include <climits>
#include <deque>
#include <optional>
#include <vector>

#include "base/fd.h"
#include "base/text.h"

namespace hoist {
namespace {

constexpr int most_links = 40;  // as the kernel has it

int refuse(int code) {
    errno = code;
    return -1;
}

/// procfs has links that are more than their text: they lead to an open file, out of any root.
bool is_magic(const Fd& link, const std::string& text) {
    struct statfs info {};
    if (::fstatfs(link.get(), &info) != 0 || info.f_type != PROC_SUPER_MAGIC) return false;
    return text.empty() || text[0] == '/' || text.find(':') != std::string::npos;
}

class Walk {
public:
    Walk(int root, const std::string& path, int flags, mode_t mode)
        : root_(root), flags_(flags | O_CLOEXEC), mode_(mode) {
        prepend(path);
    }

    int run() {
        if (left_.empty() && !ends_in_slash_) return refuse(ENOENT);
        while (!left_.empty()) {
            const std::string name = std::move(left_.front());
            left_.pop_front();
            if (name == ".") continue;
            if (name == "..") {
                if (!entered_.empty()) entered_.pop_back();
                continue;
            }
            if (const auto result = step(name)) return *result;
        }
        if (flags_ & O_CREAT) return refuse(EISDIR);
        return ::openat(here(), ".", flags_);  // the path ends in a directory that we are in
    }

private:
    int here() const { return entered_.empty() ? root_ : entered_.back().get(); }
    bool is_last() const { return left_.empty(); }

    /// Puts a link's text in front of what is left.
    void prepend(const std::string& text) {
        auto parts = split(text, '/');
        std::erase(parts, "");
        if (!text.empty() && text.back() == '/') {
            ends_in_slash_ = ends_in_slash_ || left_.empty();
            if (parts.empty()) parts.emplace_back(".");
        }
        left_.insert(left_.begin(), parts.begin(), parts.end());
        if (!text.empty() && text[0] == '/') entered_.clear();
    }

    /// @return what the walk ends with, or nothing if it goes on
    std::optional<int> step(const std::string& name) {
        Fd next(::openat(here(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
        if (!next) {
            const bool create = errno == ENOENT && is_last() && (flags_ & O_CREAT) && !ends_in_slash_;
            return create ? open_last(name) : -1;
        }
        struct stat info {};
        if (::fstat(next.get(), &info) != 0) return -1;
        if (S_ISLNK(info.st_mode) && !(is_last() && (flags_ & O_NOFOLLOW) && !ends_in_slash_)) return follow(next);
        if (!is_last() || (ends_in_slash_ && S_ISDIR(info.st_mode))) {
            if (!S_ISDIR(info.st_mode)) return refuse(ENOTDIR);
            entered_.push_back(std::move(next));
            return std::nullopt;
        }
        if (ends_in_slash_) return refuse(ENOTDIR);
        return open_last(name);
    }

    std::optional<int> follow(const Fd& link) {
        std::array<char, PATH_MAX> text;
        const ssize_t size = ::readlinkat(link.get(), "", text.data(), text.size());
        if (size < 0) return -1;
        const std::string target(text.data(), static_cast<std::size_t>(size));
        if (++links_ > most_links || is_magic(link, target)) return refuse(ELOOP);
        prepend(target);
        return std::nullopt;
    }

    /// A link that somebody puts there in this moment is refused by the kernel, like any link too many.
    int open_last(const std::string& name) { return ::openat(here(), name.c_str(), flags_ | O_NOFOLLOW, mode_); }

    int root_, flags_;
    mode_t mode_;
    std::deque<std::string> left_;
    std::vector<Fd> entered_;  // from below the root down
    bool ends_in_slash_ = false;
    int links_ = 0;
};

}  // namespace

int walk_in_root(int root, const std::string& path, int flags, mode_t mode) {
    return Walk(root, path, flags, mode).run();
}

}  // namespace hoist
