// SPDX-License-Identifier: Apache-2.0
// state, list, ps.
#include <spawn.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "runtime/clone.h"
#include "runtime/commands.h"
#include "runtime/container.h"
#include "runtime/json_fields.h"

namespace hoist::runtime {
namespace {

enum class Format { table, json };

Format format_of(const Arguments& arguments) {
    const std::string word = arguments.value("--format", "table");
    if (word == "table") return Format::table;
    if (word == "json") return Format::json;
    fail(Kind::invalid, "invalid format option \"{}\": there are table and json", escape_for_terminal(word));
}

int show_state(const Invocation& invocation, const Arguments& arguments) {
    const auto& state = invocation.state;
    const auto record = state.read(arguments.word(0, "the container's id"));
    const Status status = state.status(record);
    fmt::print("{}\n", json_text({{"ociVersion", oci_version},
                                  {"id", record.id},
                                  {"pid", status == Status::stopped ? 0 : record.pid},
                                  {"status", to_string(status)},
                                  {"bundle", record.bundle},
                                  {"rootfs", record.rootfs},
                                  {"created", record.created},
                                  {"annotations", record.annotations},
                                  {"owner", state.owner_of(record.id)}}));
    return 0;
}

/// One container of `list`.
struct Row {
    ContainerRecord record;
    Status status;
    std::string owner;
};

std::vector<Row> all_rows(const StateDirectory& state) {
    std::vector<Row> rows;
    for (const auto& id : state.ids()) {
        try {
            auto record = state.read(id);
            const Status status = state.status(record);
            rows.push_back({std::move(record), status, state.owner_of(id)});
        } catch (const Error& error) {
            if (error.kind() != Kind::not_found) throw;  // it went in this moment
        }
    }
    return rows;
}

pid_t pid_shown(const Row& row) {
    return row.status == Status::stopped ? 0 : row.record.pid;
}

std::string json_row(const Row& row) {
    return json_line({{"ociVersion", oci_version},
                      {"id", row.record.id},
                      {"pid", pid_shown(row)},
                      {"status", to_string(row.status)},
                      {"bundle", row.record.bundle},
                      {"rootfs", row.record.rootfs},
                      {"created", row.record.created},
                      {"annotations", row.record.annotations},
                      {"owner", row.owner}});
}

void print_table(const std::vector<Row>& rows) {
    std::size_t id_width = 12, bundle_width = 12;
    for (const auto& row : rows) {
        id_width = std::max(id_width, row.record.id.size() + 1);
        bundle_width = std::max(bundle_width, row.record.bundle.size() + 1);
    }
    const auto line = [&](const std::string& id, const std::string& pid, const char* status, const std::string& bundle,
                          const std::string& created, const std::string& owner) {
        fmt::print("{:<{}}{:<12}{:<12}{:<{}}{:<32}{}\n", id, id_width, pid, status, bundle, bundle_width, created,
                   owner);
    };
    line("ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER");
    for (const auto& row : rows)
        line(row.record.id, std::to_string(pid_shown(row)), to_string(row.status),
             escape_for_terminal(row.record.bundle), row.record.created, row.owner);
}

int list(const Invocation& invocation, const Arguments& arguments) {
    const Format format = format_of(arguments);
    if (arguments.has("--quiet")) {
        for (const auto& id : invocation.state.ids()) fmt::print("{}\n", id);
        return 0;
    }
    const auto rows = all_rows(invocation.state);
    if (format == Format::table) {
        print_table(rows);
        return 0;
    }
    std::vector<std::string> texts;
    for (const auto& row : rows) texts.push_back(json_row(row));
    fmt::print("[{}]\n", join(texts, ","));
    return 0;
}

/// What ps(1) of the host prints. @throws Error(not_found) if there is none, Error if it refuses its arguments
std::string run_ps(std::vector<std::string> words) {
    Pipe output = make_pipe();
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, output.write_end.get(), 1);
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_t pid = -1;
    const int code = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (code != 0) fail_errno(code, "run ps");
    output.write_end.reset();
    std::string text = read_all(output.read_end);
    if (reap(pid) != 0) fail(Kind::invalid, "ps {} failed", join({words.begin() + 1, words.end()}, " "));
    return text;
}

/// The words of a line, without the blanks between them.
std::vector<std::string> fields_of(const std::string& line) {
    auto fields = split(line, ' ');
    std::erase(fields, "");
    return fields;
}

/// The head of ps' table, and the lines about these processes.
void print_ps(const std::string& text, const std::vector<pid_t>& pids) {
    const auto lines = split(text, '\n');
    const auto heads = fields_of(lines[0]);
    const auto found = std::find(heads.begin(), heads.end(), "PID");
    if (found == heads.end()) fail(Kind::invalid, "ps: there is no column PID among what was asked of it");
    const auto column = static_cast<std::size_t>(found - heads.begin());
    fmt::print("{}\n", lines[0]);
    for (const auto& line : lines) {
        const auto fields = fields_of(line);
        if (fields.size() <= column) continue;
        const bool ours =
            std::any_of(pids.begin(), pids.end(), [&](pid_t pid) { return fields[column] == std::to_string(pid); });
        if (ours) fmt::print("{}\n", escape_for_terminal(line));
    }
}

int ps(const Invocation& invocation, const Arguments& arguments) {
    const auto record = invocation.state.read(arguments.word(0, "the container's id"));
    const Format format = format_of(arguments);
    if (record.cgroup_path.empty())
        fail(Kind::invalid, "ps: container {} has no cgroup of its own to find its processes by", record.id);
    const auto pids = Cgroup::open(CgroupLayout::host(), record.cgroup_path).processes();
    if (format == Format::json) {
        fmt::print("{}\n", Json(pids).dump());
        return 0;
    }
    std::vector<std::string> words = {"ps"};
    words.insert(words.end(), arguments.words().begin() + 1, arguments.words().end());
    if (words.size() == 1) words.push_back("-ef");
    print_ps(run_ps(std::move(words)), pids);
    return 0;
}

}  // namespace

std::vector<Command> query_commands() {
    const OptionSpec format = {"--format", "-f", "FORMAT", "table or json"};
    return {{"state", "ID", "show a container as JSON", {}, false, 1, 1, show_state},
            {"list",
             "[OPTION...]",
             "show all containers",
             {format, {"--quiet", "-q", "", "their ids alone"}},
             false,
             0,
             0,
             list},
            {"ps",
             "[OPTION...] ID [PS-OPTION...]",
             "show a container's processes by the host's ps",
             {format},
             true,
             1,
             ~std::size_t{0},
             ps}};
}

}  // namespace hoist::runtime
