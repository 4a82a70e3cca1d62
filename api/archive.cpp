// SPDX-License-Identifier: Apache-2.0
// Copying files in and out of a container, as tar archives.
#include "api/router.h"
#include "api/upload.h"

#include <limits.h>
#include <sys/stat.h>

#include <array>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "orchestrator/blocking.h"
#include "orchestrator/root_access.h"
#include "storage/layer_tar.h"
#include "storage/unpack.h"
#include "wire/base64.h"

namespace hoist::api {
namespace {

constexpr std::size_t longest_path = 4096;

/// A path as clients write it: at its end "/" and "/." mean the directory itself, even behind a link.
struct WantedPath {
    std::string path;  ///< clean
    bool through_link = false;
    bool contents = false;  ///< "dir/.": what is in it
};

WantedPath wanted_path(const Exchange& exchange) {
    const auto text = exchange.request.query.get("path");
    if (text.empty()) fail(Kind::invalid, "the parameter path is missing");
    if (text.size() > longest_path) fail(Kind::invalid, "the path is longer than {} bytes", longest_path);
    return {clean_path(text), text.ends_with("/") || text.ends_with("/."), text.ends_with("/.")};
}

/// Go's os.FileMode, as Docker's clients read it.
std::uint32_t go_mode(mode_t mode) {
    std::uint32_t bits = mode & 0777;
    if (S_ISDIR(mode)) bits |= 1u << 31;
    if (S_ISLNK(mode)) bits |= 1u << 27;
    if (S_ISBLK(mode) || S_ISCHR(mode)) bits |= 1u << 26;
    if (S_ISFIFO(mode)) bits |= 1u << 25;
    if (S_ISSOCK(mode)) bits |= 1u << 24;
    if (mode & S_ISUID) bits |= 1u << 23;
    if (mode & S_ISGID) bits |= 1u << 22;
    if (S_ISCHR(mode)) bits |= 1u << 21;
    if (mode & S_ISVTX) bits |= 1u << 20;
    return bits;
}

/// The entry at a path of the container; a link at its end is followed only if asked.
Fd open_wanted(const RootDir& root, const WantedPath& wanted) {
    return wanted.through_link ? root.open_in(wanted.path, O_PATH) : root.open_entry(wanted.path);
}

/// The path that the kernel knows of a descriptor.
std::string path_of(const Fd& fd) {
    std::array<char, PATH_MAX> text{};
    const auto size = check(::readlink(fd_path(fd).c_str(), text.data(), text.size()), "look up a path");
    return {text.data(), static_cast<std::size_t>(size)};
}

/// Where a link leads, as a path in the container; empty if it leads nowhere.
std::string link_target(const RootDir& root, const std::string& path) {
    const Fd found = root.find(path, O_PATH);
    if (!found) return "";
    const std::string top = path_of(root.fd()), target = path_of(found);
    if (top == "/" || target.compare(0, top.size(), top) != 0) return target;
    return target == top ? "/" : target.substr(top.size());
}

Json describe(const Fd& directory, const WantedPath& wanted) {
    const RootDir root(directory.duplicate());
    const Fd entry = open_wanted(root, wanted);
    struct stat info {};
    check(::fstat(entry.get(), &info), "look at {}", wanted.path);
    const TimePoint changed(std::chrono::seconds(info.st_mtim.tv_sec) + Nanoseconds(info.st_mtim.tv_nsec));
    const auto name = wanted.path == "/" ? "/" : split_path(wanted.path).name;
    return {{"name", name},
            {"size", info.st_size},
            {"mode", go_mode(info.st_mode)},
            {"mtime", format_time(changed)},
            {"linkTarget", S_ISLNK(info.st_mode) ? link_target(root, wanted.path) : ""}};
}

/// What was thrown for a path that is not there says which, and in which container.
[[noreturn]] void tell_missing(const Error& error, const std::string& path, const std::string& name) {
    if (error.kind() == Kind::not_found)
        fail(Kind::not_found, "could not find the file {} in container {}", path, name);
    throw Error(error);
}

struct Source {
    std::shared_ptr<orchestrator::RootAccess> access;
    std::string container;  ///< its name
    ContainerId id;
    WantedPath wanted;
};

asio::awaitable<Source> open_source(const Exchange& exchange, Services& services) {
    Source source;
    source.wanted = wanted_path(exchange);
    source.id = services.engine.resolve(exchange.request.parameter("id"));
    source.container = services.engine.view(source.id).name;
    source.access = co_await services.engine.open_root(source.id);
    co_return source;
}

/// Answers with the header that tells what is at the path.
asio::awaitable<void> put_stat_header(Exchange& exchange, Services& services, const Source& source) {
    auto job = [root = std::make_shared<Fd>(source.access->root()), wanted = source.wanted] {
        return describe(*root, wanted);
    };
    std::optional<Error> problem;
    try {
        const Json facts = co_await orchestrator::on_pool(services.engine.workers(), std::move(job));
        const auto text = facts.dump(-1, ' ', false, Json::error_handler_t::replace);
        exchange.extra_headers += "X-Docker-Container-Path-Stat: " + wire::base64_encode(text) + "\r\n";
    } catch (const Error& error) {
        problem = error;
    }
    if (problem) tell_missing(*problem, source.wanted.path, source.container);
}

void publish(Services& services, const Source& source, const std::string& action) {
    const auto view = services.engine.view(source.id);
    auto attributes = view.spec.labels;
    attributes["name"] = view.name;
    attributes["image"] = view.spec.image;
    services.engine.events().publish("container", action, source.id.str(), std::move(attributes));
}

asio::awaitable<void> look(Exchange& exchange, Services& services) {
    const Source source = co_await open_source(exchange, services);
    co_await put_stat_header(exchange, services, source);
    co_await exchange.send_empty(200);
}

asio::awaitable<void> copy_out(Exchange& exchange, Services& services) {
    const Source source = co_await open_source(exchange, services);
    co_await put_stat_header(exchange, services, source);
    WriteArchive work = [root = std::make_shared<Fd>(source.access->root()), wanted = source.wanted](const Fd& target) {
        const RootDir below(root->duplicate());
        const auto sink = [&target](std::string_view bytes) { write_all(target, bytes, "the archive"); };
        const bool whole = wanted.contents || wanted.path == "/";
        const auto name = whole ? "." : split_path(wanted.path).name;
        storage::write_tree_tar(below, wanted.path, wanted.through_link, name, sink);
    };
    co_await send_archive(exchange, services.engine.workers(), "application/x-tar", std::move(work));
    publish(services, source, "archive-path");
}

storage::CopyIn copy_options(const Exchange& exchange, const RootDir& root, const WantedPath& wanted) {
    struct stat info {};
    check(::fstat(root.open_in(wanted.path, O_PATH).get(), &info), "look at {}", wanted.path);
    if (!S_ISDIR(info.st_mode)) fail(Kind::invalid, "extraction point is not a directory: {}", wanted.path);
    storage::CopyIn how;
    how.below = wanted.path.substr(1);
    how.keep_kinds = exchange.request.query.flag("noOverwriteDirNonDir");
    return how;
}

asio::awaitable<void> copy_in(Exchange& exchange, Services& services) {
    const Source source = co_await open_source(exchange, services);
    const auto root = std::make_shared<Fd>(source.access->root());
    std::optional<Error> problem;
    try {
        const auto how = copy_options(exchange, RootDir(root->duplicate()), source.wanted);
        ReadUpload work = [root, how](const Fd& body, const UploadProgress& progress) {
            storage::ArchiveStream stream(body,
                                          {.limit = how.limits.archive_bytes, .progress = progress, .hash = false});
            storage::copy_in(stream, *root, how);
            stream.finish();
        };
        co_await read_upload(exchange, services.engine.workers(), std::move(work));
    } catch (const Error& error) {
        problem = error;
    }
    if (problem) tell_missing(*problem, source.wanted.path, source.container);
    publish(services, source, "extract-to-dir");
    co_await exchange.send_empty(200);
}

}  // namespace

std::vector<Route> archive_routes() {
    return {{"HEAD", "/containers/{id}/archive", look},
            {"GET", "/containers/{id}/archive", copy_out, WhenGone::cancel},
            {"PUT", "/containers/{id}/archive", copy_in}};
}

}  // namespace hoist::api
