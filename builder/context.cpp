// SPDX-License-Identifier: Apache-2.0
#include "builder/context.h"

#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "builder/archive.h"
#include "builder/remote.h"

namespace hoist::builder {
namespace {

constexpr std::size_t largest_text = 16u << 20;

/// A file of the context, found below it.
std::optional<std::string> read_inside(const std::string& context, const std::string& name) {
    const Fd file = RootDir::open(context).find(name, O_RDONLY | O_NONBLOCK);
    if (!file) return std::nullopt;
    struct stat info {};
    check(::fstat(file.get(), &info), "look at {}", name);
    if (!S_ISREG(info.st_mode)) fail(Kind::invalid, "{} is not a file", name);
    return read_all(file, largest_text);
}

void fetch_file(BuildRequest& request, const std::string& directory, std::stop_token stop) {
    const auto file = directory + ".download";
    download(request.context, file, stop);
    const Fd opened = open_file(file, O_RDONLY);
    if (is_archive(opened)) {
        unpack_archive(opened, directory);
        request.context = directory;
        return;
    }
    // What is no archive is a Dockerfile that needs no files.
    request.dockerfile = read_file(file, largest_text);
    request.dockerfile_name = request.context;
    request.context.clear();
}

}  // namespace

void open_context(BuildRequest& request, const std::string& directory, std::stop_token stop) {
    if (is_git_url(request.context))
        request.context = clone_repository(parse_git_url(request.context), directory, false, stop);
    else if (is_http_url(request.context))
        fetch_file(request, directory, stop);
    if (!request.context.empty()) {
        if (!request.context.starts_with('/'))
            fail(Kind::invalid, "context {} is not an absolute path", request.context);
        const Fd there = open_file(request.context, O_RDONLY | O_DIRECTORY);
    }
    if (request.dockerfile.empty()) {
        if (request.context.empty()) fail(Kind::invalid, "the Dockerfile is empty");
        auto text = read_inside(request.context, request.dockerfile_name);
        if (!text) fail(Kind::not_found, "there is no {} in the build context", request.dockerfile_name);
        request.dockerfile = std::move(*text);
    }
    if (request.ignore || request.context.empty()) return;
    for (const auto& name : {request.dockerfile_name + ".dockerignore", std::string(".dockerignore")}) {
        request.ignore = read_inside(request.context, name);
        request.ignore_name = name;
        if (request.ignore) return;
    }
}

}  // namespace hoist::builder
