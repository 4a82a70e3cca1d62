// SPDX-License-Identifier: Apache-2.0
// RUN: a step in a container of its own, and what is mounted into it.
#include <dirent.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "builder/mount_stubs.h"
#include "builder/stage.h"
#include "storage/digest.h"

namespace hoist::builder {
namespace {

constexpr std::size_t kept_output = 16 * 1024;

bool is_empty(const std::string& directory) {
    const std::shared_ptr<DIR> listing(::opendir(directory.c_str()), [](DIR* dir) {
        if (dir) ::closedir(dir);
    });
    if (!listing) fail_errno(errno, "list {}", directory);
    while (const dirent* entry = ::readdir(listing.get())) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") return false;
    }
    return true;
}

/// "#!/bin/sh -e" of a script as words; empty if it has none.
std::vector<std::string> interpreter_of(const std::string& script) {
    if (!script.starts_with("#!")) return {};
    const auto line = trim(std::string_view(script).substr(2, script.find('\n') - 2));
    const auto blank = line.find_first_of(" \t");
    std::vector<std::string> words{std::string(line.substr(0, blank))};
    if (blank != std::string_view::npos) words.emplace_back(trim(line.substr(blank)));
    if (words.front().empty()) return {};
    return words;
}

}  // namespace

void StageBuilder::act(const Run& run) {
    if (draft_.layers().empty()) fail(Kind::invalid, "RUN: there is no file yet to run; COPY some first");
    late_mounts_.clear();
    std::string key_text;
    auto step = run_step(run, key_text);
    const auto key = next_key(key_text);
    if (take_cached(key)) return;
    execute(std::move(step), key);
}

RunStep StageBuilder::run_step(const Run& run, std::string& key_text) {
    const auto& request = parts_.request;
    RunStep step;
    step.name = step_.name;
    step.layers = layer_directories(draft_.layers());
    step.environment = variables_.environment();
    step.unrecorded = variables_.arguments();
    step.user = json_value(draft_.config(), "User", std::string{});
    step.working_dir = json_value(draft_.config(), "WorkingDir", std::string("/"));
    step.network = value(run.network);
    if (step.network.empty()) step.network = request.network;
    if (step.network.empty()) step.network = "default";
    step.extra_hosts = request.extra_hosts;
    step.shm_size = request.shm_size;
    step.ulimits = request.ulimits;
    step.upper = parts_.scratch();
    set_command(run, step);
    key_text = "RUN";
    const auto add = [&](const char* what, const std::vector<std::string>& words) {
        for (const auto& word : words) key_text += fmt::format("\n{} {}:{}", what, word.size(), word);
    };
    add("argument", step.arguments), add("env", step.environment), add("arg", step.unrecorded);
    add("user", {step.user}), add("cwd", {step.working_dir}), add("network", {step.network});
    add("host", step.extra_hosts);
    for (const auto& mount : step.mounts) key_text += "\nscript " + storage::sha256_digest(read_file(mount.source));
    for (const auto& mount : run.mounts) add_mount(parse_run_mount(value(mount)), step, key_text);
    // What the proxies say changes nothing of the result.
    for (auto& proxy : variables_.proxies()) step.unrecorded.push_back(std::move(proxy));
    return step;
}

void StageBuilder::set_command(const Run& run, RunStep& step) {
    const auto& command = run.command;
    if (!command.shell) {
        step.arguments = command.words;
        return;
    }
    step.arguments = draft_.shell();
    const auto& line = command.words.front();
    const bool only_document = command.heredocs.size() == 1 && line.find_first_of(" \t") == std::string::npos;
    if (!only_document) {
        std::string text = line;
        for (const auto& document : command.heredocs) text += "\n" + document.content + document.name;
        step.arguments.push_back(text + (command.heredocs.empty() ? "" : "\n"));
        return;
    }
    const auto script = command.heredocs.front().text();
    auto interpreter = interpreter_of(script);
    if (interpreter.empty()) {
        step.arguments.push_back(script);
        return;
    }
    const auto file = parts_.scratch();
    write_file_atomic(file, script, 0755, Durable::no);
    const auto target = "/dev/pipes/" + command.heredocs.front().name;
    step.mounts.push_back(
        {.type = RunStep::Mount::Type::file, .source = file, .target = target, .read_only = true, .mode = 0755});
    step.arguments = std::move(interpreter);
    step.arguments.push_back(target);
}

void StageBuilder::add_mount(const RunMount& written, RunStep& step, std::string& key_text) {
    auto mount = written;
    if (!mount.target.empty()) mount.target = clean_path(inside_workdir(mount.target));
    if (mount.target == "/") fail(Kind::invalid, "--mount: the target cannot be /");
    switch (mount.type) {
        case RunMount::Type::bind:
            return add_bind(mount, step, key_text);
        case RunMount::Type::cache:
            key_text += fmt::format("\ncache {} {}", mount.id, mount.target);
            late_mounts_.emplace_back(mount, step.mounts.size());
            step.mounts.push_back({.source = "", .target = mount.target, .read_only = mount.read_only});
            return;
        case RunMount::Type::tmpfs:
            key_text += "\ntmpfs " + mount.target;
            step.mounts.push_back({.type = RunStep::Mount::Type::tmpfs, .target = mount.target, .size = mount.size});
            return;
        case RunMount::Type::secret:
            key_text += fmt::format("\nsecret {} {} {}", mount.id, mount.target, mount.env);
            return add_secret(mount, step);
        case RunMount::Type::ssh:
            key_text += fmt::format("\nssh {} {}", mount.id, mount.target);
            return add_ssh(mount, step);
    }
}

/// A private copy of what is mounted: nobody can swap a link in it, and what the step writes to it is dropped.
std::string StageBuilder::materialise(const Found& found, const std::string& path) {
    const auto sources = select(found.tree, path, {}, parts_.digests);
    Upper copy(parts_.scratch(), {});
    copy_sources(found.tree, sources, {.destination = "/"}, copy);
    const auto& source = sources.front();
    return source.is_directory ? copy.path() : copy.path() + "/" + source.base;
}

void StageBuilder::add_bind(const RunMount& mount, RunStep& step, std::string& key_text) {
    const auto found = find_tree(mount.from);
    key_text += fmt::format("\nbind {} {}", mount.target, mount.read_only);
    if (found.key.empty())
        key_text += digest_of(select(found.tree, mount.source, {}, parts_.digests), found.tree.own_owners);
    else
        key_text += found.key + clean_path(mount.source);
    // Filled in only if the step runs at all.
    late_mounts_.emplace_back(mount, step.mounts.size());
    step.mounts.push_back({.source = "", .target = mount.target, .read_only = mount.read_only});
}

void StageBuilder::add_secret(const RunMount& mount, RunStep& step) {
    const auto it = parts_.request.secrets.find(mount.id);
    if (it == parts_.request.secrets.end()) {
        if (mount.required)
            fail(Kind::not_found, "secret {} is required; give it with --secret id={},src=FILE", mount.id, mount.id);
        return;
    }
    if (!mount.env.empty()) {
        auto text = read_file(it->second, 1u << 20);
        step.unrecorded.push_back(mount.env + "=" + text);
    }
    if (mount.target.empty()) return;
    step.mounts.push_back({.type = RunStep::Mount::Type::file,
                           .source = it->second,
                           .target = mount.target,
                           .read_only = true,
                           .mode = mount.mode.value_or(0400),
                           .uid = mount.uid,
                           .gid = mount.gid});
}

void StageBuilder::add_ssh(const RunMount& mount, RunStep& step) {
    const auto it = parts_.request.ssh.find(mount.id);
    if (it == parts_.request.ssh.end()) {
        if (mount.required)
            fail(Kind::not_found, "ssh agent {} is required; give it with --ssh {}", mount.id, mount.id);
        return;
    }
    if (mount.uid != 0 || mount.gid != 0)
        fail(Kind::invalid, "--mount=type=ssh: the agent's socket keeps its owner; leave uid and gid out");
    const auto target = mount.target.empty() ? "/run/buildkit/ssh_agent.0" : mount.target;
    step.mounts.push_back({.source = it->second, .target = target, .read_only = false});
    step.unrecorded.push_back("SSH_AUTH_SOCK=" + target);
}

void StageBuilder::fill(const std::string& directory, const std::string& from, const std::string& source) {
    if (from.empty()) return;
    const auto found = find_tree(from);
    const auto sources = select(found.tree, source, {}, parts_.digests);
    if (!sources.front().is_directory) fail(Kind::invalid, "--mount: {} is no directory", source);
    const auto copy = materialise(found, source);
    remove_tree(directory);
    check(::rename(copy.c_str(), directory.c_str()), "fill a cache mount");
}

std::vector<BuildCache::Mount> StageBuilder::open_late_mounts(RunStep& step) {
    std::vector<BuildCache::Mount> held;
    for (const auto& [mount, place] : late_mounts_) {
        if (mount.type == RunMount::Type::bind) {
            step.mounts[place].source = materialise(find_tree(mount.from), mount.source);
            continue;
        }
        const auto make = [this, &mount = mount](const std::string& directory) {
            fill(directory, mount.from, mount.source);
            check(::chown(directory.c_str(), mount.uid, mount.gid), "set the owner of a cache mount");
            check(::chmod(directory.c_str(), mount.mode.value_or(0755)), "set the mode of a cache mount");
        };
        held.push_back(parts_.cache.open_mount(mount.id, mount.sharing, make));
        step.mounts[place].source = held.back().directory;
    }
    return held;
}

void StageBuilder::execute(RunStep step, const std::string& key) {
    const auto held = open_late_mounts(step);
    const auto output = [this](std::string_view text) {
        step_.last_output += text;
        if (step_.last_output.size() > 2 * kept_output)
            step_.last_output.erase(0, step_.last_output.size() - kept_output);
        tell(BuildEvent::Kind::output, std::string(text));
    };
    const auto end = parts_.ports.run(step, output, parts_.stop);
    if (!end.error.empty()) fail(Kind::invalid, "the step could not be started: {}", end.error);
    if (end.code != 0) fail(Kind::invalid, "the step ended with exit code {}", end.code);
    auto targets = standard_mounts();
    for (const auto& mount : step.mounts) targets.insert(targets.begin(), mount.target);
    remove_mount_stubs(step.upper, step.layers, targets);
    commit(key, step.upper, !is_empty(step.upper));
    step_.last_output.clear();
}

}  // namespace hoist::builder
