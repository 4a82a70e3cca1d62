// SPDX-License-Identifier: Apache-2.0
// hoist cp
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <future>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/file_tar.h"
#include "cli/targets.h"
#include "wire/base64.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

/// One side of a copy: a file of the user's, or of a container.
struct Place {
    std::string container;  ///< empty: the user's
    std::string path;
    bool is_stream() const { return container.empty() && path == "-"; }
};

/// "NAME:PATH" is in a container; "./a:b" and "/a:b" are files.
Place parse_place(const std::string& text) {
    const auto colon = text.find(':');
    if (colon == std::string::npos || colon == 0 || text.starts_with('.') || text.starts_with('/')) return {"", text};
    return {text.substr(0, colon), text.substr(colon + 1)};
}

bool means_content(const std::string& path) {
    return path == "." || path.ends_with("/.");
}
bool means_directory(const std::string& path) {
    return path.ends_with('/') || means_content(path);
}

/// What lies at a path on either side.
struct Found {
    bool directory = false;
    std::string link_target;
};

std::string archive_target(const std::string& container, const std::string& path, const char* more = "") {
    return container_path(container, "archive") + "?path=" + wire::percent_encode(path) + more;
}

Found found_from(const Answer& answer) {
    constexpr std::uint32_t go_directory = 1u << 31;
    const auto text = wire::base64_decode(answer.header("x-docker-container-path-stat").value_or(""));
    if (!text) fail(Kind::internal, "the daemon did not tell what lies at the path");
    const Json facts = parse_json(*text, "what lies at the path");
    return {(json_value<std::uint32_t>(facts, "mode", 0) & go_directory) != 0,
            json_value<std::string>(facts, "linkTarget", "")};
}

/// nullopt if nothing is there.
std::optional<Found> look(Context& context, const Place& place) {
    const Answer answer = context.client().open("HEAD", archive_target(place.container, place.path));
    if (answer.status == 404) return std::nullopt;
    if (answer.status >= 400)
        fail(Kind::internal, "look at {} in {}: status {}", place.path, place.container, answer.status);
    return found_from(answer);
}

std::optional<Found> look(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0) return Found{S_ISDIR(info.st_mode), ""};
    if (errno == ENOENT) return std::nullopt;
    fail_errno(errno, "look at {}", escape_for_terminal(path));
}

/// Where a copy lands, as `cp` has it.
struct Landing {
    std::string directory;  ///< it goes into this one
    std::string name;       ///< under this name; empty: the source's content goes there
};

/// @param source_name  the last part of the source's path
Landing landing(const std::string& path, const std::optional<Found>& there, bool source_directory, bool content,
                const std::string& source_name) {
    if (there && there->directory) return {path, content ? "" : source_name};
    if (there && (source_directory || means_directory(path)))
        fail(Kind::conflict, "cannot copy to {}: it is not a directory", escape_for_terminal(path));
    if (!there && !source_directory && means_directory(path))
        fail(Kind::not_found, "cannot copy to {}: there is no such directory", escape_for_terminal(path));
    std::string plain = path;
    while (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
    const auto [parent, name] = split_path(plain);
    return {parent, name};
}

std::string last_name(const std::string& path) {
    return split_path(clean_path("/" + path)).name;
}

int copy_to_stream(Context& context, const Place& from) {
    if (is_terminal(STDOUT_FILENO)) fail(Kind::invalid, "an archive does not go to a terminal: redirect the output");
    Answer answer = context.client().stream("GET", archive_target(from.container, from.path));
    const Fd out(check(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), "take standard output"));
    std::string bytes;
    for (bool more = true; more; bytes.clear()) {
        more = answer.read_some(bytes);
        write_all(out, bytes, "standard output");
    }
    return 0;
}

int copy_out(Context& context, Place from, const std::string& to, const Arguments& arguments) {
    if (arguments.flag("follow-link"))
        if (const auto there = look(context, from); there && !there->link_target.empty())
            from.path = there->link_target;
    if (to == "-") return copy_to_stream(context, from);
    Answer answer = context.client().stream("GET", archive_target(from.container, from.path));
    const bool directory = found_from(answer).directory, content = means_content(from.path);
    const auto goal = landing(to, look(to), directory, content, last_name(from.path));
    TarReader archive([&answer](std::string& bytes) { return answer.read_some(bytes) || !bytes.empty(); });
    place_files(archive, {goal.directory, goal.name, arguments.flag("archive")});
    return 0;
}

/// Sends what `write` makes, as it is made.
void upload(Context& context, const std::string& target, const std::function<void(const TarWriter::Sink&)>& write) {
    Pipe pipe = make_pipe();
    auto writer = std::async(std::launch::async, [&write, out = std::move(pipe.write_end)]() mutable {
        const Fd end = std::move(out);
        write([&end](std::string_view bytes) { write_all(end, bytes, "the archive"); });
    });
    std::optional<Error> refused;
    try {
        context.client().upload("PUT", target, pipe.read_end, [](std::uint64_t) {});
    } catch (const Error& error) {
        refused = error;
    }
    pipe.read_end.reset();
    try {
        writer.get();
    } catch (const Error& error) {
        if (!refused) throw;
    }
    if (refused) throw Error(*refused);
}

/// The directory that a container's path means, behind links.
Place behind_link(Context& context, Place place, std::optional<Found>& there) {
    there = look(context, place);
    if (there && !there->link_target.empty()) {
        place.path = there->link_target;
        there = look(context, place);
    }
    return place;
}

int copy_in(Context& context, const std::string& from, Place to, const Arguments& arguments) {
    const char* options =
        arguments.flag("archive") ? "&noOverwriteDirNonDir=true&copyUIDGID=true" : "&noOverwriteDirNonDir=true";
    std::optional<Found> there;
    to = behind_link(context, std::move(to), there);
    if (from == "-") {
        if (!there) fail(Kind::not_found, "there is no directory {} in {}", to.path, to.container);
        const Fd in(check(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3), "take standard input"));
        context.client().upload("PUT", archive_target(to.container, to.path, options), in, [](std::uint64_t) {});
        return 0;
    }
    std::string source = from;
    struct stat info {};
    const bool follow = arguments.flag("follow-link") || means_directory(from);
    check(follow ? ::stat(from.c_str(), &info) : ::lstat(from.c_str(), &info), "copy {}", escape_for_terminal(from));
    std::array<char, PATH_MAX> real{};
    if (follow && ::realpath(from.c_str(), real.data())) source = real.data();
    if (means_directory(from) && !S_ISDIR(info.st_mode))
        fail(Kind::invalid, "{} is not a directory", escape_for_terminal(from));
    const bool directory = S_ISDIR(info.st_mode);
    std::string name = last_name(from);
    if (name.empty() || name == "..") name = last_name(::realpath(from.c_str(), real.data()) ? real.data() : "root");
    const auto goal = landing(to.path, there, directory, means_content(from), name);
    const std::string parent = goal.directory.starts_with('/') ? goal.directory : "/" + goal.directory;
    upload(context, archive_target(to.container, parent, options),
           [&](const TarWriter::Sink& sink) { write_files(source, goal.name.empty() ? "." : goal.name, sink); });
    return 0;
}

int copy(Context& context, const Arguments& arguments) {
    std::signal(SIGPIPE, SIG_IGN);  // a daemon that refuses says why
    Place from = parse_place(arguments.words[0]), to = parse_place(arguments.words[1]);
    if (from.container.empty() == to.container.empty())
        throw UsageError(from.container.empty() ? "cp: one of the two must be CONTAINER:PATH"
                                                : "cp: files are not copied from container to container; go through -");
    for (Place* place : {&from, &to}) {
        if (place->container.empty()) continue;
        if (place->path.empty())
            throw UsageError(fmt::format("cp: '{}:' has no path", escape_for_terminal(place->container)));
        place->container = find_container(context, place->container, arguments.number("index"));
    }
    return from.container.empty() ? copy_in(context, from.path, std::move(to), arguments)
                                  : copy_out(context, std::move(from), to.path, arguments);
}

}  // namespace

std::vector<Command> copy_commands() {
    return {{.name = "cp",
             .words = "SERVICE|CONTAINER:PATH PATH|-, or the other way round",
             .summary = "copy files into or out of a container",
             .options = {{"-a, --archive", "", "keep owners"},
                         {"-L, --follow-link", "", "copy what a link at the source points at"},
                         {"-q, --quiet", "", "without progress (always so)"},
                         {"--index", "N", "this replica of the service"}},
             .least_words = 2,
             .most_words = 2,
             .run = copy,
             .of_stack = true}};
}

}  // namespace hoist::cli
