#pragma once
// SPDX-License-Identifier: Apache-2.0
// Sources on other machines: files by HTTP, repositories by git. (SEC-38)

#include <optional>
#include <stop_token>
#include <string>

namespace hoist::builder {

bool is_http_url(const std::string& text);
/// "https://host/x.git#ref:subdir", "git://...", "ssh://...", "git@host:path".
bool is_git_url(const std::string& text);

struct GitSource {
    std::string url, reference, subdirectory;
};
/// @throws Error(invalid) for a transport other than http, https, git, ssh, and for what git would take for an option
GitSource parse_git_url(const std::string& text);

/// The last name in a URL's path: what a download is called. @throws Error(invalid) if there is none
std::string file_name_of(const std::string& url);

/// Fetches a URL into `file` (its time is that of the answer), redirections included.
/// @throws Error(unavailable) with what curl says
void download(const std::string& url, const std::string& file, std::stop_token stop);

/// Checks a repository's tree out into `directory`, which is made. Submodules are not fetched.
/// @return the directory that the source names, found below it without following a link out of it
/// @throws Error(unavailable) with what git says
std::string clone_repository(const GitSource& source, const std::string& directory, bool keep_git_directory,
                             std::stop_token stop);

}  // namespace hoist::builder
