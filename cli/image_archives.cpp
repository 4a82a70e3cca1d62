// SPDX-License-Identifier: Apache-2.0
// hoist save, load, export, commit, diff, history, reset, image verify, system df
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/each.h"
#include "cli/table.h"
#include "cli/targets.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

/// Writes an answer's bytes to a file or standard output. A file is only there once it is whole.
void write_answer(Answer answer, const Arguments& arguments) {
    const std::string path = arguments.get("output");
    if (path.empty() && is_terminal(STDOUT_FILENO))
        throw UsageError("an archive does not belong on a terminal: give -o FILE, or redirect standard output");
    const std::string part = path + ".part";
    const Fd file = path.empty() ? Fd(check(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), "take standard output"))
                                 : open_file(part, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    try {
        std::string bytes;
        for (bool more = true; more;) {
            more = answer.read_some(bytes);
            write_all(file, bytes, path.empty() ? "standard output" : path);
            bytes.clear();
        }
        if (!path.empty()) check(::rename(part.c_str(), path.c_str()), "rename {}", part);
    } catch (...) {
        if (!path.empty()) ::unlink(part.c_str());
        throw;
    }
}

int save(Context& context, const Arguments& arguments) {
    wire::Query query;
    for (const auto& name : arguments.words) query.add("names", name);
    write_answer(context.client().stream("GET", "/images/get?" + query.str()), arguments);
    return 0;
}

int export_(Context& context, const Arguments& arguments) {
    write_answer(context.client().stream("GET", container_path(arguments.words[0], "export")), arguments);
    return 0;
}

int load(Context& context, const Arguments& arguments) {
    const std::string path = arguments.get("input", "-");
    if (path == "-" && is_terminal(STDIN_FILENO))
        throw UsageError("load: give -i FILE, or the archive on standard input");
    const Fd file = path == "-" ? Fd(check(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3), "take standard input"))
                                : open_file(path, O_RDONLY);
    const std::string lines = context.client().upload_text("POST", "/images/load", file);
    for (const auto& line : split(lines, '\n'))
        if (!trim(line).empty() && !arguments.flag("quiet"))
            print(escape_for_terminal(
                      trim(json_value(parse_json(trim(line), "the daemon's answer"), "stream", std::string{}))) +
                  "\n");
    return 0;
}

int commit(Context& context, const Arguments& arguments) {
    wire::Query query;
    query.add("container", arguments.words[0]);
    if (arguments.words.size() > 1) query.add("repo", arguments.words[1]);
    for (const auto& change : arguments.all("change")) query.add("changes", change);
    if (arguments.has("message")) query.add("comment", arguments.get("message"));
    if (arguments.has("author")) query.add("author", arguments.get("author"));
    if (arguments.has("pause") && !arguments.flag("pause")) query.add("pause", "0");
    const Json made = context.client().call("POST", "/commit?" + query.str());
    print(json_value(made, "Id", std::string{}) + "\n");
    return 0;
}

int diff(Context& context, const Arguments& arguments) {
    const Json changes = context.client().get(container_path(arguments.words[0], "changes"));
    for (const auto& change : changes) {
        const int kind = json_value(change, "Kind", 0);
        print(fmt::format("{} {}\n",
                          kind == 0   ? 'C'
                          : kind == 1 ? 'A'
                                      : 'D',
                          escape_for_terminal(json_value(change, "Path", std::string{}))));
    }
    return 0;
}

int history(Context& context, const Arguments& arguments) {
    const Json steps = context.client().get("/images/" + wire::percent_encode(arguments.words[0]) + "/history");
    if (wants_json(arguments)) {
        print_json(steps);
        return 0;
    }
    std::vector<Row> rows;
    const bool whole = arguments.flag("no-trunc");
    for (const auto& step : steps) {
        const auto id = json_value(step, "Id", std::string{});
        auto made_by = json_value(step, "CreatedBy", std::string{});
        if (!whole && made_by.size() > 45) made_by = made_by.substr(0, 44) + "…";
        const TimePoint created(std::chrono::seconds(json_value(step, "Created", std::int64_t{0})));
        rows.push_back({id == "<missing>" || whole ? id : short_id(id),
                        human_duration(std::max(now() - created, Nanoseconds(0))) + " ago", made_by,
                        format_bytes({json_value(step, "Size", std::int64_t{0})}),
                        json_value(step, "Comment", std::string{})});
    }
    if (arguments.flag("quiet"))
        for (const auto& row : rows) print(row[0] + "\n");
    else
        print(format_table({"IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT"}, rows));
    return 0;
}

int reset(Context& context, const Arguments& arguments) {
    const std::string image = arguments.words.size() > 1 ? "?image=" + wire::percent_encode(arguments.words[1]) : "";
    context.client().call("POST", "/hoist/v1" + container_path(arguments.words[0], "reset" + image));
    print(arguments.words[0] + "\n");
    return 0;
}

/// Exit status 1 if anything is damaged.
int verify(Context& context, const Arguments& arguments) {
    const std::string image = arguments.words.empty() ? "" : "?image=" + wire::percent_encode(arguments.words[0]);
    const Json faults = context.client().get("/hoist/v1/images/verify" + image);
    for (const auto& fault : faults)
        print(fmt::format("layer {} of {}: {}; remove these images, and pull, load or build them again\n",
                          json_value(fault, "Layer", std::string{}),
                          escape_for_terminal(join(json_value(fault, "Images", std::vector<std::string>{}), ", ")),
                          escape_for_terminal(json_value(fault, "Problem", std::string{}))));
    if (faults.empty()) print("all layers are as their digests say\n");
    return faults.empty() ? 0 : 1;
}

/// One line of `system df`.
struct Usage {
    std::size_t total = 0, active = 0;
    std::int64_t size = 0, reclaimable = 0;
    Row row(const std::string& type) const {
        return {type, std::to_string(total), std::to_string(active), format_bytes({size}), format_bytes({reclaimable})};
    }
};

int disk_usage(Context& context, const Arguments& arguments) {
    const Json answer = context.client().get("/system/df");
    if (wants_json(arguments)) {
        print_json(answer);
        return 0;
    }
    Usage images, containers, volumes;
    images.size = json_value(answer, "LayersSize", std::int64_t{0});
    for (const auto& image : json_value(answer, "Images", Json::array())) {
        ++images.total;
        const bool used = json_value(image, "Containers", 0) > 0;
        images.active += used;
        if (!used)
            images.reclaimable +=
                json_value(image, "Size", std::int64_t{0}) - json_value(image, "SharedSize", std::int64_t{0});
    }
    for (const auto& container : json_value(answer, "Containers", Json::array())) {
        ++containers.total;
        const bool running = json_value(container, "State", std::string{}) == "running";
        const auto size = json_value(container, "SizeRw", std::int64_t{0});
        containers.active += running;
        containers.size += size;
        if (!running) containers.reclaimable += size;
    }
    for (const auto& volume : json_value(answer, "Volumes", Json::array())) {
        ++volumes.total;
        const Json usage = json_value(volume, "UsageData", Json::object());
        const auto size = json_value(usage, "Size", std::int64_t{0});
        const bool used = json_value(usage, "RefCount", 0) > 0;
        volumes.active += used;
        volumes.size += size;
        if (!used) volumes.reclaimable += size;
    }
    print(format_table({"TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"},
                       {images.row("Images"), containers.row("Containers"), volumes.row("Local Volumes")}));
    return 0;
}

}  // namespace

std::vector<Command> image_archive_commands() {
    const Option output{"-o, --output", "FILE", "in place of standard output"};
    return {{.name = "save",
             .words = "IMAGE...",
             .summary = "write images as an archive (docker-archive and OCI layout in one)",
             .options = {output},
             .least_words = 1,
             .run = save},
            {.name = "load",
             .summary = "read images from an archive",
             .options = {{"-i, --input", "FILE", "in place of standard input"}, {"-q, --quiet", "", "print no names"}},
             .most_words = 0,
             .run = load},
            {.name = "export",
             .words = "CONTAINER",
             .summary = "write a container's root file system as a tar",
             .options = {output},
             .least_words = 1,
             .most_words = 1,
             .run = export_},
            {.name = "commit",
             .words = "CONTAINER [REFERENCE]",
             .summary = "make an image of what a container has become",
             .options = {{"-c, --change", "INSTRUCTION", "Dockerfile instruction to apply; may be repeated"},
                         {"-m, --message", "TEXT", "note in the image"},
                         {"-a, --author", "NAME", "author"},
                         {"--pause", "", "freeze it meanwhile (the default; --pause=false: not)"}},
             .least_words = 1,
             .most_words = 2,
             .run = commit},
            {.name = "diff",
             .words = "CONTAINER",
             .summary = "what a container has added (A), changed (C) and deleted (D)",
             .least_words = 1,
             .most_words = 1,
             .run = diff},
            {.name = "history",
             .words = "IMAGE",
             .summary = "the steps that an image was made by",
             .options = {{"-q, --quiet", "", "only ids"}, {"--no-trunc", "", "whole texts"}, format_option},
             .least_words = 1,
             .most_words = 1,
             .run = history},
            {.name = "reset",
             .words = "CONTAINER [IMAGE]",
             .summary = "give a stopped container the root of its image, or of another one, anew",
             .least_words = 1,
             .most_words = 2,
             .run = reset},
            {.name = "image verify",
             .words = "[IMAGE]",
             .summary = "compare images on the disk with their digests (exit status 1: damaged)",
             .most_words = 1,
             .run = verify},
            {.name = "system df",
             .summary = "what images, containers and volumes take, and what of it nobody uses",
             .options = {format_option},
             .most_words = 0,
             .run = disk_usage}};
}

}  // namespace hoist::cli
