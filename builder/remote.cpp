// SPDX-License-Identifier: Apache-2.0
#include "builder/remote.h"

#include <limits.h>

#include <array>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "builder/program.h"

namespace hoist::builder {
namespace {

const std::vector<std::string> quiet_git = {"PATH=/usr/local/bin:/usr/bin:/bin",
                                            "GIT_ALLOW_PROTOCOL=http:https:git:ssh",
                                            "GIT_TERMINAL_PROMPT=0",
                                            "GIT_CONFIG_NOSYSTEM=1",
                                            "GIT_CONFIG_GLOBAL=/dev/null",
                                            "GIT_SSH_COMMAND=ssh -oBatchMode=yes",
                                            "HOME=/nonexistent",
                                            "LC_ALL=C.UTF-8"};

void run_git(const std::string& directory, std::vector<std::string> arguments, std::stop_token stop) {
    // A repository's own configuration and hooks are its author's, not ours.
    std::vector<std::string> command = {"git",
                                        "-C",
                                        directory,
                                        "-c",
                                        "core.hooksPath=/dev/null",
                                        "-c",
                                        "core.fsmonitor=false",
                                        "-c",
                                        "protocol.ext.allow=never"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const auto end = run_program(command, quiet_git, stop);
    if (end.status == 0) return;
    fail(Kind::unavailable, "git {}: {}", arguments.front(), escape_for_terminal(trim(end.output)));
}

/// What follows "#": "ref:subdir".
void read_fragment(GitSource& source, const std::string& fragment) {
    const auto colon = fragment.find(':');
    source.reference = fragment.substr(0, colon);
    if (colon != std::string::npos) source.subdirectory = fragment.substr(colon + 1);
}

void refuse_option(const std::string& text, const char* what) {
    const bool odd = std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x21 || c == 0x7f; });
    if (text.starts_with('-') || odd) fail(Kind::invalid, "\"{}\" cannot be a git {}", escape_for_terminal(text), what);
}

}  // namespace

bool is_http_url(const std::string& text) {
    return text.starts_with("http://") || text.starts_with("https://");
}

bool is_git_url(const std::string& text) {
    const auto path = text.substr(0, text.find('#'));
    if (is_http_url(text)) return path.ends_with(".git");
    return text.starts_with("git://") || text.starts_with("ssh://") || text.starts_with("git@") ||
           text.find("::") != std::string::npos;
}

GitSource parse_git_url(const std::string& text) {
    GitSource source;
    const auto hash = text.find('#');
    source.url = text.substr(0, hash);
    if (hash != std::string::npos) read_fragment(source, text.substr(hash + 1));
    const bool scp_like = source.url.starts_with("git@") && source.url.find(':') != std::string::npos;
    const bool known = is_http_url(source.url) || source.url.starts_with("git://") || source.url.starts_with("ssh://");
    if ((!known && !scp_like) || source.url.find("::") != std::string::npos)
        fail(Kind::invalid, "\"{}\": repositories are fetched by https, http, git or ssh only",
             escape_for_terminal(source.url));
    // ssh takes a host that begins with "-" for an option.
    const auto host = source.url.substr(scp_like ? 4 : source.url.find("://") + 3);
    refuse_option(source.url, "URL");
    refuse_option(host, "host");
    refuse_option(host.substr(host.find('@') == std::string::npos ? 0 : host.find('@') + 1), "host");
    if (!source.reference.empty()) refuse_option(source.reference, "reference");
    if (source.reference.empty()) source.reference = "HEAD";
    return source;
}

std::string file_name_of(const std::string& url) {
    const auto start = url.find("://") + 3;
    const auto path = url.substr(0, url.find_first_of("?#", start));
    const auto slash = path.find('/', start);
    const auto name = slash == std::string::npos ? "" : path.substr(path.rfind('/') + 1);
    if (name.empty() || name == "." || name == "..")
        fail(Kind::invalid, "{} has no file name; give the destination one", escape_for_terminal(url));
    return name;
}

void download(const std::string& url, const std::string& file, std::stop_token stop) {
    const std::vector<std::string> command = {"curl",
                                              "-q",
                                              "--fail",
                                              "--silent",
                                              "--show-error",
                                              "--location",
                                              "--max-redirs",
                                              "10",
                                              "--proto",
                                              "=http,https",
                                              "--remote-time",
                                              "--connect-timeout",
                                              "30",
                                              "--retry",
                                              "2",
                                              "--output",
                                              file,
                                              "--",
                                              url};
    const auto end = run_program(command, {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8"}, stop);
    if (end.status != 0)
        fail(Kind::unavailable, "download {}: {}", escape_for_terminal(url), escape_for_terminal(trim(end.output)));
}

std::string clone_repository(const GitSource& source, const std::string& directory, bool keep_git_directory,
                             std::stop_token stop) {
    make_directories(directory, 0755);
    run_git(directory, {"init", "--quiet"}, stop);
    run_git(directory, {"fetch", "--quiet", "--depth=1", "--no-tags", "--", source.url, source.reference}, stop);
    run_git(directory, {"checkout", "--quiet", "--detach", "FETCH_HEAD"}, stop);
    if (!keep_git_directory) remove_tree(directory + "/.git");
    if (source.subdirectory.empty()) return directory;
    try {
        const auto root = RootDir::open(directory);
        const Fd below = root.open_in(source.subdirectory, O_PATH | O_DIRECTORY);
        std::array<char, PATH_MAX> path{};
        const auto size = check(::readlink(fd_path(below).c_str(), path.data(), path.size()), "look where it is");
        return {path.data(), static_cast<std::size_t>(size)};
    } catch (Error& error) {
        throw error.during("directory {} of the repository", escape_for_terminal(source.subdirectory));
    }
}

}  // namespace hoist::builder
