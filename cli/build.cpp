// SPDX-License-Identifier: Apache-2.0
// hoist build, builder prune
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/build_run.h"
#include "cli/build_services.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

bool is_remote(const std::string& text) {
    return text.find("://") != std::string::npos || text.starts_with("git@");
}

bool is_directory(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

std::string absolute(const std::string& path) {
    char* resolved = ::realpath(path.c_str(), nullptr);
    if (!resolved) fail_errno(errno, "{}", path);
    std::string text = resolved;
    std::free(resolved);
    return text;
}

/// The context, and the texts that belong to it.
void read_context(wire::BuildRequest& request, const std::string& where, const std::string& file) {
    if (is_remote(where)) {
        request.context = where;
        if (!file.empty()) request.dockerfile_name = file;
    } else if (where == "-") {
        request.dockerfile = read_all(Fd(check(::dup(STDIN_FILENO), "take standard input")));
        if (request.dockerfile.find('\0') != std::string::npos)
            fail(Kind::invalid, "standard input is no Dockerfile; unpack an archive and give its directory");
    } else {
        request.context = absolute(where);
        if (file == "-")
            request.dockerfile = read_all(Fd(check(::dup(STDIN_FILENO), "take standard input")));
        else
            read_dockerfile(request, file.empty() ? "" : file);
    }
}

void read_limits(wire::BuildRequest& request, const Arguments& arguments) {
    if (arguments.has("shm-size")) {
        request.shm_size = parse_bytes(arguments.get("shm-size"));
        if (!request.shm_size) throw UsageError("--shm-size: write it as 64m or 1g");
    }
    for (const auto& text : arguments.all("ulimit")) {
        const auto equals = text.find('=');
        const auto colon = text.find(':', equals == std::string::npos ? 0 : equals);
        if (equals == std::string::npos) throw UsageError("--ulimit: write it as nofile=1024:2048");
        const auto soft = std::strtoll(text.c_str() + equals + 1, nullptr, 10);
        const auto hard = colon == std::string::npos ? soft : std::strtoll(text.c_str() + colon + 1, nullptr, 10);
        request.ulimits.push_back({text.substr(0, equals), soft, hard});
    }
}

wire::BuildRequest read_request(const Arguments& arguments) {
    wire::BuildRequest request;
    read_context(request, arguments.words[0], arguments.get("file"));
    request.tags = arguments.all("tag");
    request.arguments = read_pairs(arguments.all("build-arg"));
    request.labels = read_pairs(arguments.all("label"));
    for (const auto& text : arguments.all("build-context")) {
        const auto equals = text.find('=');
        if (equals == std::string::npos) throw UsageError("--build-context: write it as NAME=DIRECTORY");
        const auto where = text.substr(equals + 1);
        request.contexts[text.substr(0, equals)] = is_remote(where) ? where : absolute(where);
    }
    request.target = arguments.get("target");
    request.no_cache = arguments.flag("no-cache");
    request.no_cache_stages = arguments.all("no-cache-filter");
    request.pull = arguments.flag("pull");
    request.network = arguments.get("network");
    request.platform = arguments.get("platform");
    request.extra_hosts = arguments.all("add-host");
    request.cache_from = arguments.all("cache-from");
    for (const auto& text : arguments.all("secret")) add_secret(request, text);
    for (const auto& text : arguments.all("ssh")) add_ssh(request, text);
    read_limits(request, arguments);
    if (const char* epoch = std::getenv("SOURCE_DATE_EPOCH"); epoch && *epoch)
        request.source_date_epoch = std::strtoll(epoch, nullptr, 10);
    return request;
}

int build_image(Context& context, const Arguments& arguments) {
    if (arguments.words.size() != 1) throw UsageError("hoist build: give one directory, URL or -");
    if (arguments.has("progress")) context.globals.progress = arguments.get("progress");
    const bool quiet = arguments.flag("quiet");
    const auto request = read_request(arguments);
    const auto mode = quiet ? ProgressMode::quiet : context.progress_mode();
    const auto image = run_build(context, request, mode, "Building");
    if (arguments.has("iidfile")) write_file_atomic(arguments.get("iidfile"), image, 0644, Durable::no);
    if (quiet) print(image + "\n");
    if (quiet) return 0;
    print_error("built " + image + "\n");
    for (const auto& tag : request.tags) print_error("tagged " + escape_for_terminal(tag) + "\n");
    return 0;
}

/// A directory, a URL or "-" is a context; other words are services of the project here.
int build(Context& context, const Arguments& arguments) {
    const auto& words = arguments.words;
    const bool of_image = !words.empty() && (words[0] == "-" || is_remote(words[0]) ||
                                             words[0].find('/') != std::string::npos || is_directory(words[0]));
    if (of_image) return build_image(context, arguments);
    return build_services(context, arguments);
}

int prune(Context& context, const Arguments& arguments) {
    wire::Query query;
    if (arguments.flag("all")) query.add("all", "1");
    if (arguments.has("keep-storage")) {
        const auto size = parse_bytes(arguments.get("keep-storage"));
        if (!size) throw UsageError("--keep-storage: write it as 10g");
        query.add("keep-storage", std::to_string(size->count));
    }
    if (arguments.has("unused-for")) query.add("filters", Json{{"unused-for", {arguments.get("unused-for")}}}.dump());
    const Json done = context.client().call("POST", "/build/prune?" + query.str());
    print(fmt::format("Total reclaimed space: {}\n",
                      format_bytes({json_value<std::int64_t>(done, "SpaceReclaimed", 0)})));
    return 0;
}

const Options build_options = {{"-t, --tag", "REFERENCE", "name of the image; may be repeated"},
                               {"-f, --file", "FILE", "the Dockerfile; default Dockerfile in the context"},
                               {"--build-arg", "NAME=VALUE", "value of an ARG; may be repeated"},
                               {"--target", "STAGE", "build this stage and what it needs"},
                               {"--secret", "id=ID,src=FILE", "a file for RUN --mount=type=secret; also env=NAME"},
                               {"--ssh", "ID[=SOCKET]", "an agent for RUN --mount=type=ssh"},
                               {"--no-cache", "", "repeat every step"},
                               {"--no-cache-filter", "STAGE", "repeat the steps of this stage"},
                               {"--cache-from", "IMAGE", "take steps from an image that carries its cache's keys"},
                               {"--pull", "", "look for newer base images"},
                               {"--label", "NAME=VALUE", "label of the image; may be repeated"},
                               {"--build-context", "NAME=DIRECTORY", "a further context, or docker-image://IMAGE"},
                               {"--network", "KIND", "of RUN: default, none or host"},
                               {"--add-host", "NAME=ADDRESS", "a line of /etc/hosts in RUN"},
                               {"--platform", "OS/ARCH", "of the base images"},
                               {"--shm-size", "SIZE", "of /dev/shm in RUN"},
                               {"--ulimit", "NAME=SOFT[:HARD]", "a limit in RUN"},
                               {"--progress", "KIND", "auto, tty, plain or json"},
                               {"--iidfile", "FILE", "write the image's id there"},
                               {"-q, --quiet", "", "print only the image's id"}};

const Options service_options = {{"--build-arg", "NAME=VALUE", "value of an ARG, in place of the file's"},
                                 {"--no-cache", "", "repeat every step"},
                                 {"--pull", "", "look for newer base images"},
                                 {"--ssh", "ID[=SOCKET]", "an agent for RUN --mount=type=ssh"},
                                 {"--progress", "KIND", "auto, tty, plain or json"},
                                 {"-q, --quiet", "", "print nothing of the steps"}};

}  // namespace

std::vector<Command> build_commands() {
    return {{.name = "build",
             .words = "DIRECTORY|URL|- | [SERVICE...]",
             .summary = "build an image from a Dockerfile, or services' images",
             .options = build_options,
             .run = build},
            {.name = "build",
             .words = "[SERVICE...]",
             .summary = "build services' images",
             .options = service_options,
             .run = build_services,
             .of_stack = true},
            {.name = "builder prune",
             .summary = "empty the build cache",
             .options = {{"-a, --all", "", "also what images use"},
                         {"--keep-storage", "SIZE", "keep what was used last, up to this size"},
                         {"--unused-for", "DURATION", "only what was not used for this long"}},
             .most_words = 0,
             .run = prune}};
}

}  // namespace hoist::cli
