// SPDX-License-Identifier: Apache-2.0
// hoist images, import, rmi, tag
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/each.h"
#include "cli/format.h"
#include "cli/table.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

/// A name and its tag: the last colon behind the last slash.
std::pair<std::string, std::string> split_reference(const std::string& reference) {
    const auto slash = reference.rfind('/');
    const auto colon = reference.find(':', slash == std::string::npos ? 0 : slash);
    if (colon == std::string::npos) return {reference, ""};
    return {reference.substr(0, colon), reference.substr(colon + 1)};
}

const FieldTitles image_titles = {{"Repository", "REPOSITORY"}, {"Tag", "TAG"},   {"ID", "IMAGE ID"},
                                  {"CreatedSince", "CREATED"},  {"Size", "SIZE"}, {"CreatedAt", "CREATED AT"}};

/// Images as a forest: below each one those that were made of it, since they begin with all of its layers.
int show_tree(Context& context) {
    struct Node {
        std::string label;
        std::vector<std::string> layers;
        std::vector<std::size_t> children;
        bool root = true;
    };
    std::vector<Node> nodes;
    for (const auto& image : context.client().get("/images/json")) {
        const auto id = json_value<std::string>(image, "Id", "");
        const Json details = context.client().get("/images/" + wire::percent_encode(id) + "/json");
        auto names = json_value<std::vector<std::string>>(image, "RepoTags", {});
        nodes.push_back({fmt::format("{} {}  {}", short_id(id), names.empty() ? "<none>" : join(names, ", "),
                                     format_bytes({json_value<std::int64_t>(image, "Size", 0)})),
                         json_value<std::vector<std::string>>(details["RootFS"], "Layers", {}),
                         {},
                         true});
    }
    const auto begins_with = [](const Node& node, const Node& base) {
        return base.layers.size() < node.layers.size() &&
               std::equal(base.layers.begin(), base.layers.end(), node.layers.begin());
    };
    for (std::size_t at = 0; at < nodes.size(); ++at) {
        std::optional<std::size_t> parent;
        for (std::size_t other = 0; other < nodes.size(); ++other)
            if (begins_with(nodes[at], nodes[other]) &&
                (!parent || nodes[other].layers.size() > nodes[*parent].layers.size()))
                parent = other;
        if (!parent) continue;
        nodes[*parent].children.push_back(at);
        nodes[at].root = false;
    }
    const std::function<void(const Node&, const std::string&, std::size_t)> draw =
        [&](const Node& node, const std::string& indent, std::size_t shared) {
            for (std::size_t at = shared; at < node.layers.size(); ++at)
                print(indent + "· layer " + short_id(node.layers[at]) + "\n");
            for (const auto child : node.children) {
                print(indent + "└ " + escape_for_terminal(nodes[child].label) + "\n");
                draw(nodes[child], indent + "  ", node.layers.size());
            }
        };
    for (const auto& node : nodes)
        if (node.root) {
            print(escape_for_terminal(node.label) + "\n");
            draw(node, "  ", 0);
        }
    return 0;
}

int list_images(Context& context, const Arguments& arguments) {
    if (arguments.flag("tree")) return show_tree(context);
    const Json images = context.client().get("/images/json");
    if (wants_json(arguments)) {
        print_json(images);
        return 0;
    }
    std::vector<Row> rows;
    std::vector<Json> facts;
    for (const auto& image : images) {
        const auto id = json_value<std::string>(image, "Id", "");
        auto names = json_value<std::vector<std::string>>(image, "RepoTags", {});
        if (names.empty()) names = {"<none>:<none>"};
        const TimePoint created(std::chrono::seconds(json_value<std::int64_t>(image, "Created", 0)));
        for (const auto& name : names) {
            const auto [repository, tag] = split_reference(name);
            facts.push_back({{"Repository", repository},
                             {"Tag", tag},
                             {"ID", arguments.flag("no-trunc") ? id : short_id(id)},
                             {"CreatedAt", format_time(created)},
                             {"CreatedSince", human_duration(std::max(now() - created, Nanoseconds(0))) + " ago"},
                             {"Size", format_bytes({json_value<std::int64_t>(image, "Size", 0)})}});
            rows.push_back({repository, tag, arguments.flag("no-trunc") ? id : short_id(id),
                            human_duration(std::max(now() - created, Nanoseconds(0))) + " ago",
                            format_bytes({json_value<std::int64_t>(image, "Size", 0)})});
        }
    }
    if (print_by_template(arguments, image_titles, facts)) return 0;
    if (arguments.flag("quiet"))
        for (const auto& row : rows) print(row[2] + "\n");
    else
        print(format_table({"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"}, rows));
    return 0;
}

/// Tells how far the upload is, on a terminal only.
class UploadMeter {
public:
    UploadMeter(Context& context, std::optional<std::int64_t> size)
        : live_(context.progress_mode() == ProgressMode::tty), size_(size) {}
    ~UploadMeter() {
        if (live_) print_error("\r\x1b[2K");
    }
    void operator()(std::uint64_t sent) {
        const auto present = std::chrono::steady_clock::now();
        if (!live_ || present - last_ < std::chrono::milliseconds(100)) return;
        last_ = present;
        const std::string whole = size_ ? " of " + format_bytes({*size_}) : "";
        print_error(fmt::format("\r\x1b[2Kimporting {}{}", format_bytes({static_cast<std::int64_t>(sent)}), whole));
    }

private:
    bool live_;
    std::optional<std::int64_t> size_;
    std::chrono::steady_clock::time_point last_{};
};

std::optional<std::int64_t> size_of_file(const Fd& file) {
    struct stat status {};
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    return status.st_size;
}

int import(Context& context, const Arguments& arguments) {
    const auto& source = arguments.words[0];
    const Fd file = source == "-" ? Fd(check(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3), "take standard input"))
                                  : open_file(source, O_RDONLY);
    wire::Query query;
    query.add("fromSrc", "-");
    if (arguments.words.size() > 1) {
        const auto [repository, tag] = split_reference(arguments.words[1]);
        query.add("repo", repository);
        if (!tag.empty()) query.add("tag", tag);
    }
    for (const auto& change : arguments.all("change")) query.add("changes", change);
    if (arguments.has("message")) query.add("message", arguments.get("message"));
    Json answer;
    {
        UploadMeter meter(context, size_of_file(file));
        answer = context.client().upload("POST", "/images/create?" + query.str(), file, std::ref(meter));
    }
    print(json_value<std::string>(answer, "status", "") + "\n");
    return 0;
}

int remove_images(Context& context, const Arguments& arguments) {
    return for_each_name(arguments.words, [&](const std::string& name) {
        const Json done = context.client().call(
            "DELETE", "/images/" + wire::percent_encode(name) + (arguments.flag("force") ? "?force=1" : ""));
        std::vector<std::string> lines;
        for (const auto& entry : done)
            for (const auto& [what, object] : entry.items()) lines.push_back(what + ": " + object.get<std::string>());
        return join(lines, "\n");
    });
}

int tag(Context& context, const Arguments& arguments) {
    const auto [repository, name] = split_reference(arguments.words[1]);
    wire::Query query;
    query.add("repo", repository).add("tag", name);
    context.client().call("POST", "/images/" + wire::percent_encode(arguments.words[0]) + "/tag?" + query.str());
    return 0;
}

}  // namespace

std::vector<Command> image_commands() {
    const Options list_options = {{"-q, --quiet", "", "only ids"},
                                  {"--no-trunc", "", "whole ids"},
                                  {"--tree", "", "layers, and which image was made of which"},
                                  format_option};
    return {
        {.name = "images", .summary = "list images", .options = list_options, .most_words = 0, .run = list_images},
        {.name = "image ls", .summary = "list images", .options = list_options, .most_words = 0, .run = list_images},
        {.name = "import",
         .words = "FILE|- [REFERENCE]",
         .summary = "make an image of a root file system's tar",
         .options = {{"-c, --change", "INSTRUCTION", "Dockerfile instruction to apply; may be repeated"},
                     {"-m, --message", "TEXT", "note in the image"}},
         .least_words = 1,
         .most_words = 2,
         .run = import},
        {.name = "rmi",
         .words = "IMAGE...",
         .summary = "remove images",
         .options = {{"-f, --force", "", "even if containers were made from it"}},
         .least_words = 1,
         .run = remove_images},
        {.name = "tag",
         .words = "IMAGE REFERENCE",
         .summary = "give an image another name",
         .least_words = 2,
         .most_words = 2,
         .run = tag}};
}

}  // namespace hoist::cli
