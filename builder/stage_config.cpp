// SPDX-License-Identifier: Apache-2.0
// The instructions that change the image's configuration.
#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "builder/stage.h"
#include "storage/image_config.h"

namespace hoist::builder {
namespace {

/// Where the kernel shows itself: nothing of an image lies there, and names there can lead out of it. (SEC-02)
void refuse_kernel_tree(const std::string& written, const Place& place) {
    const auto& names = place.names;
    if (!names.empty() && (names[0] == "proc" || names[0] == "sys"))
        fail(Kind::denied, "WORKDIR {} leads to {}, which belongs to the kernel", written, place.text());
}

}  // namespace

void StageBuilder::act(const Arg& arg) {
    for (const auto& [name, word] : arg.names) {
        std::optional<std::string> given;
        if (word) given = value(*word);
        variables_.declare(value(name), given);
    }
    note_step(key_, "", draft_.created());
}

void StageBuilder::act(const Env& env) {
    std::vector<Pair> pairs;
    for (const auto& [name, word] : env.pairs) pairs.emplace_back(value(name), value(word));  // all see what was before
    for (const auto& [name, text] : pairs) variables_.set(name, text);
    draft_.config()["Env"] = variables_.environment();
    note_step(key_, "", draft_.created());
}

void StageBuilder::act(const Label& label) {
    std::vector<Pair> pairs;
    for (const auto& [name, word] : label.pairs) pairs.emplace_back(value(name), value(word));
    for (const auto& [name, text] : pairs) draft_.config()["Labels"][name] = text;
    note_step(key_, "", draft_.created());
}

void StageBuilder::act(const Cmd& cmd) {
    draft_.set_command("Cmd", cmd.command);
    command_set_ = true;
    note_step(key_, "", draft_.created());
}

void StageBuilder::act(const Entrypoint& entrypoint) {
    draft_.set_command("Entrypoint", entrypoint.command);
    if (!command_set_) draft_.config().erase("Cmd");  // the base's command was meant for the base's entrypoint
    note_step(key_, "", draft_.created());
}

void StageBuilder::act(const Expose& expose) {
    const auto lookup = [this](const std::string& name) { return variables_.lookup(name); };
    std::vector<std::string> ports;
    for (const auto& word : expose.ports)
        for (auto& port : expand_words(word, lookup, {.escape = parts_.file.escape})) ports.push_back(std::move(port));
    if (!ports.empty()) storage::apply_change(draft_.config(), "EXPOSE " + join(ports, " "));
    note_step(key_, "", draft_.created());
}

void StageBuilder::act(const Volume& volume) {
    for (const auto& word : volume.paths) {
        const auto path = value(word);
        if (path.empty()) fail(Kind::invalid, "VOLUME: \"{}\" is empty", word);
        draft_.config()["Volumes"][path] = Json::object();
    }
    note_step(key_, "", draft_.created());
}

void StageBuilder::act(const User& user) {
    draft_.config()["User"] = value(user.name);
    note_step(key_, "", draft_.created());
}

void StageBuilder::act(const Workdir& workdir) {
    const auto path = clean_path(inside_workdir(value(workdir.path)));
    draft_.config()["WorkingDir"] = path;
    const auto key = next_key("WORKDIR " + path);
    if (take_cached(key)) return;
    Upper upper(parts_.scratch(), layer_directories(draft_.layers()));
    const auto place = upper.locate(path);
    refuse_kernel_tree(path, place);
    if (place.exists && !place.is_directory) fail(Kind::invalid, "WORKDIR {}: it is a file", path);
    if (!place.exists) upper.directory(place.names, Owner{});
    commit(key, upper.path(), upper.changed());
}

void StageBuilder::act(const Onbuild& onbuild) {
    draft_.add_trigger(onbuild.text);
    note_step(key_, "", draft_.created());
}

void StageBuilder::act(const StopSignal& signal) {
    const auto name = value(signal.signal);
    if (parse_signal(name) == 0) fail(Kind::invalid, "STOPSIGNAL: \"{}\" is not a signal", name);
    draft_.config()["StopSignal"] = name;
    note_step(key_, "", draft_.created());
}

void StageBuilder::act(const Healthcheck& check) {
    draft_.set_healthcheck(check);
    note_step(key_, "", draft_.created());
}

void StageBuilder::act(const Shell& shell) {
    draft_.set_shell(shell.words);
    note_step(key_, "", draft_.created());
}

void StageBuilder::act(const Maintainer& maintainer) {
    draft_.set_author(maintainer.name);
    note_step(key_, "", draft_.created());
}

}  // namespace hoist::builder
