// SPDX-License-Identifier: Apache-2.0
// hoist watch: what develop.watch says follows from changes of files
#include <fnmatch.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/project_files.h"
#include "cli/targets.h"

namespace hoist::cli {
namespace {

namespace fs = std::filesystem;

// A burst of changes (a checkout, a save through a temporary file) is one change once it has been quiet for this long.
constexpr int quiet_milliseconds = 300;

/// Files of editors and version control: never of interest.
bool is_built_in_ignored(const std::string& name) {
    static const std::vector<std::string> patterns = {".git", ".svn", ".hg", "*.swp", "*.swx",
                                                      "*~",   ".#*",  "#*#", "4913",  ".DS_Store"};
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const auto& pattern) { return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0; });
}

/// Whether a pattern of .dockerignore means a path below the rule's own, or one above it.
bool matches(std::string pattern, const std::string& path) {
    while (pattern.ends_with('/')) pattern.pop_back();
    if (pattern.starts_with("./")) pattern.erase(0, 2);
    for (std::string part = path; !part.empty();) {
        if (::fnmatch(pattern.c_str(), part.c_str(), FNM_PATHNAME) == 0) return true;
        if (pattern.starts_with("**/") && ::fnmatch(pattern.c_str() + 3, fs::path(part).filename().c_str(), 0) == 0)
            return true;
        const auto slash = part.rfind('/');
        part.resize(slash == std::string::npos ? 0 : slash);
    }
    return false;
}

struct Rule {
    std::string service;
    compose::WatchRule rule;

    bool concerns(const std::string& file) const {
        if (file != rule.path && !file.starts_with(rule.path + "/")) return false;
        const std::string below =
            file.size() > rule.path.size() ? file.substr(rule.path.size() + 1) : fs::path(file).filename().string();
        for (const auto& part : split(below, '/'))
            if (is_built_in_ignored(part)) return false;
        const auto any = [&](const auto& patterns) {
            return std::any_of(patterns.begin(), patterns.end(), [&](const auto& p) { return matches(p, below); });
        };
        return !any(rule.ignore) && (rule.include.empty() || any(rule.include));
    }

    std::string target_of(const std::string& file) const { return rule.target + file.substr(rule.path.size()); }
};

/// inotify on trees of directories.
class Trees {
public:
    Trees() : fd_(check(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "watch files")) {}

    void add(const std::string& path) {
        std::error_code none;
        constexpr std::uint32_t events = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE;
        const int watch = ::inotify_add_watch(fd_.get(), path.c_str(), events);
        if (watch < 0) {
            if (errno == ENOSPC) fail_errno(errno, "watch {} (fs.inotify.max_user_watches is too low)", path);
            return;  // gone meanwhile
        }
        paths_[watch] = path;
        if (!fs::is_directory(path, none)) return;
        for (const auto& entry : fs::directory_iterator(path, none))
            if (entry.is_directory(none) && !entry.is_symlink(none) && !is_built_in_ignored(entry.path().filename().string()))
                add(entry.path().string());
    }

    int fd() const { return fd_.get(); }

    /// The paths that changed; new directories are watched from now on.
    void read(std::set<std::string>& changed) {
        alignas(inotify_event) char buffer[16384];
        for (;;) {
            const auto count = ::read(fd_.get(), buffer, sizeof buffer);
            if (count <= 0) return;
            for (const char* at = buffer; at < buffer + count;) {
                const auto* event = reinterpret_cast<const inotify_event*>(at);
                at += sizeof *event + event->len;
                const auto found = paths_.find(event->wd);
                if (found == paths_.end()) continue;
                const std::string path = event->len > 0 ? found->second + "/" + event->name : found->second;
                if ((event->mask & IN_ISDIR) != 0 && (event->mask & (IN_CREATE | IN_MOVED_TO)) != 0) {
                    add(path);
                    std::error_code none;
                    for (const auto& entry : fs::recursive_directory_iterator(path, none))
                        if (!entry.is_directory(none)) changed.insert(entry.path().string());
                }
                changed.insert(path);
            }
        }
    }

private:
    Fd fd_;
    std::map<int, std::string> paths_;
};

class Watcher {
public:
    Watcher(Context& context, const compose::Project& project, const Arguments& arguments)
        : context_(context), project_(project) {
        const auto& wanted = arguments.words;
        for (const auto& [name, service] : project.services) {
            if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), name) == wanted.end()) continue;
            for (const auto& rule : service.watch) take(service, rule);
        }
        if (rules_.empty())
            fail(Kind::not_found, "nothing to watch: no service has `develop.watch`{}",
                 wanted.empty() ? "" : " among those named");
        for (const auto& rule : rules_) trees_.add(rule.rule.path);
    }

    int run() {
        SignalQueue signals({SIGINT, SIGTERM});
        print_error(fmt::format(
            "watching {} for changes; Ctrl-C ends it\n",
            rules_.size() == 1 ? escape_for_terminal(rules_[0].rule.path) : fmt::format("{} paths", rules_.size())));
        std::set<std::string> changed;
        for (;;) {
            std::vector<pollfd> waiting = {{signals.fd(), POLLIN, 0}, {trees_.fd(), POLLIN, 0}};
            const int ready = ::poll(waiting.data(), waiting.size(), changed.empty() ? -1 : quiet_milliseconds);
            if (signals.next() != 0) return 0;
            if (waiting[1].revents != 0) trees_.read(changed);
            if (ready == 0 && !changed.empty()) answer(std::exchange(changed, {}));
        }
    }

private:
    void take(const compose::Service& service, const compose::WatchRule& rule) {
        if (!fs::exists(rule.path))
            fail(Kind::not_found, "service {}: {} is to be watched, but is not there", service.name, rule.path);
        const bool mounted = std::any_of(service.mounts.begin(), service.mounts.end(), [&](const auto& mount) {
            return mount.type == compose::Mount::Type::bind && (rule.path + "/").starts_with(mount.source + "/");
        });
        if (mounted && rule.action.starts_with("sync"))
            return print_error(fmt::format("hoist: service {}: {} is mounted already and is not copied\n", service.name,
                                           escape_for_terminal(rule.path)));
        rules_.push_back({service.name, rule});
        if (rule.initial_sync && rule.action.starts_with("sync")) copy(rules_.back(), rule.path);
    }

    /// One batch: files first, then what is to be done once for all of them.
    void answer(const std::set<std::string>& changed) {
        std::set<std::string> rebuilt, restarted;
        std::vector<const Rule*> executed;
        for (const auto& rule : rules_) {
            std::size_t count = 0;
            for (const auto& file : changed) {
                if (!rule.concerns(file)) continue;
                ++count;
                if (rule.rule.action.starts_with("sync")) guarded([&] { copy(rule, file); });
            }
            if (count == 0) continue;
            print_error(fmt::format("{}: {} ({} changed)\n", rule.service, rule.rule.action, count));
            if (rule.rule.action == "rebuild") rebuilt.insert(rule.service);
            if (rule.rule.action == "restart" || rule.rule.action == "sync+restart") restarted.insert(rule.service);
            if (rule.rule.action == "sync+exec") executed.push_back(&rule);
        }
        for (const auto* rule : executed) guarded([&] { execute(*rule); });
        for (const auto& service : restarted)
            if (!rebuilt.count(service)) run({"restart", "--timeout", "5", service});
        for (const auto& service : rebuilt)
            if (run({"build", service}) == 0) run({"up", "-d", "--no-deps", service});
    }

    template <class Work>
    void guarded(const Work& work) {
        try {
            work();
        } catch (const Error& error) {
            print_error(fmt::format("hoist: {}\n", escape_for_terminal(error.message())));
        }
    }

    /// Another command of ours on the same project.
    int run(std::vector<std::string> words) {
        std::vector<std::string> all = {"--project-name", project_.name, "--project-directory", project_.working_dir};
        for (const auto& file : project_.config_files) all.insert(all.end(), {"--file", file});
        for (const auto& profile : context_.globals.profiles) all.insert(all.end(), {"--profile", profile});
        if (!context_.globals.host.empty()) all.insert(all.end(), {"--host", context_.globals.host});
        all.insert(all.end(), words.begin(), words.end());
        return run_command(all);
    }

    std::vector<std::string> containers(const std::string& service) {
        std::vector<std::string> ids;
        for (const auto& one : list_containers(context_, project_.name, false))
            if (one.service == service) ids.push_back(one.id);
        return ids;
    }

    void copy(const Rule& rule, const std::string& file) {
        const std::string target = rule.target_of(file);
        for (const auto& id : containers(rule.service)) {
            if (!fs::exists(file)) {
                inside(id, {"rm", "-rf", "--", target}, {});
                continue;
            }
            if (fs::is_directory(file) && file != rule.rule.path) continue;  // its files come by themselves
            inside(id, {"mkdir", "-p", "--", fs::is_directory(file) ? target : fs::path(target).parent_path().string()},
                   {});
            const std::string from = fs::is_directory(file) ? file + "/." : file;
            if (run({"cp", from, id + ":" + target}) != 0)
                fail(Kind::internal, "service {}: copying {} failed", rule.service, file);
        }
    }

    void execute(const Rule& rule) {
        for (const auto& id : containers(rule.service))
            inside(id, rule.rule.exec->command.value_or(std::vector<std::string>{}), *rule.rule.exec);
    }

    /// Waits for its end, so that what follows finds it done.
    void inside(const std::string& id, const std::vector<std::string>& command, const compose::Hook& how) {
        std::vector<std::string> words = {"exec", "-T"};
        if (!how.user.empty()) words.insert(words.end(), {"--user", how.user});
        if (!how.working_dir.empty()) words.insert(words.end(), {"--workdir", how.working_dir});
        if (how.privileged) words.emplace_back("--privileged");
        for (const auto& [name, value] : how.environment)
            if (value) words.insert(words.end(), {"--env", name + "=" + *value});
        words.push_back(id);
        words.insert(words.end(), command.begin(), command.end());
        if (const int status = run(words))
            fail(Kind::internal, "{} in {} ended with {}", join(command, " "), id.substr(0, 12), status);
    }

    Context& context_;
    const compose::Project& project_;
    std::vector<Rule> rules_;
    Trees trees_;
};

int watch(Context& context, const Arguments& arguments) {
    const auto project = load_project(context, LoadWishes{.services = arguments.words});
    return Watcher(context, project, arguments).run();
}

}  // namespace

std::vector<Command> watch_commands() {
    return {{.name = "watch",
             .words = "[SERVICE...]",
             .summary = "bring changes of files into running containers, as develop.watch says",
             .run = watch,
             .of_stack = true}};
}

}  // namespace hoist::cli
