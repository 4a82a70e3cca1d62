// SPDX-License-Identifier: Apache-2.0
#include "builder/stage.h"

#include <unistd.h>

#include <chrono>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/path.h"
#include "base/text.h"
#include "storage/digest.h"

namespace hoist::builder {
namespace {

std::string shortened(std::string text) {
    constexpr std::size_t most = 200;
    std::replace(text.begin(), text.end(), '\n', ' ');
    if (text.size() > most) text = text.substr(0, most - 3) + "...";
    return text;
}

std::string platform_of(const storage::Image& image) {
    return image.os + "/" + image.architecture;
}

}  // namespace

StageResult StageBuilder::run() {
    carry_out({stage_.lines, stage_.text, stage_.from}, 0, false);
    run_triggers();
    int number = 0;
    for (const auto& instruction : stage_.instructions) carry_out(instruction, ++number, false);
    return {std::move(draft_), key_};
}

void StageBuilder::run_triggers() {
    int number = 0;
    for (const auto& text : draft_.take_triggers()) {
        Mistakes mistakes("ONBUILD of " + plan_.base.name, text);
        for (const auto& node : parse_syntax(text, mistakes).nodes)
            if (auto instruction = read_instruction(node, mistakes)) {
                instruction->lines = stage_.lines;
                carry_out(*instruction, number++, true);
            }
        mistakes.fail_if_any();
    }
}

void StageBuilder::carry_out(const Instruction& instruction, int number, bool from_base) {
    if (parts_.stop.stop_requested()) fail(Kind::unavailable, "the build was stopped");
    step_ = {instruction.lines, instruction.text, plan_.first_step + number, "", "", false};
    step_.name = fmt::format("[{} {}/{}] {}{}", stage_name(parts_.file, plan_.index), number + 1,
                             stage_.instructions.size() + 1, from_base ? "ONBUILD " : "", shortened(instruction.text));
    const auto begun = std::chrono::steady_clock::now();
    tell(BuildEvent::Kind::started);
    try {
        if (std::holds_alternative<From>(instruction.meaning))
            begin();
        else
            std::visit([this](const auto& meaning) { act(meaning); }, instruction.meaning);
    } catch (const Error& error) {
        if (error.kind() == Kind::unavailable && parts_.stop.stop_requested()) throw;
        tell(BuildEvent::Kind::failed, error.message());
        fail_step(error);
    }
    fail_point("build.step");
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    tell(step_.cached ? BuildEvent::Kind::cached : BuildEvent::Kind::done, "", took.count());
}

void StageBuilder::tell(BuildEvent::Kind kind, std::string text, double seconds) {
    parts_.report({kind, step_.number, step_.name, std::move(text), seconds});
}

/// The mistake with its line, and what the step said last.
void StageBuilder::fail_step(const Error& error) {
    Mistakes mistakes(parts_.request.dockerfile_name, parts_.request.dockerfile);
    mistakes.add({step_.lines, error.message(), "", ""});
    auto text = mistakes.text();
    if (!step_.last_output.empty()) {
        text += "\n  = its last output:";
        auto lines = split(trim(step_.last_output), '\n');
        constexpr std::size_t most = 20;
        const auto first = lines.size() > most ? lines.size() - most : 0;
        for (auto i = first; i < lines.size(); ++i) text += "\n    " + escape_for_terminal(lines[i]);
    }
    throw Error(error.kind(), text);
}

void StageBuilder::begin() {
    switch (plan_.base.kind) {
        case Origin::Kind::scratch:
            draft_ = Draft::empty(plan_.platform.empty() ? parts_.request.platform : plan_.platform);
            key_ = storage::sha256_digest("scratch");
            return;
        case Origin::Kind::stage: {
            const auto result = parts_.results.at(plan_.base.stage).get();
            draft_ = result.draft;
            key_ = result.key;
            step_.cached = true;
            break;
        }
        case Origin::Kind::context: {
            const auto& where = parts_.request.contexts.at(plan_.base.name);
            constexpr std::string_view prefix = "docker-image://";
            if (!where.starts_with(prefix))
                fail(Kind::invalid, "context {} is a directory; FROM needs an image (docker-image://...)",
                     plan_.base.name);
            begin_image(where.substr(prefix.size()));
            break;
        }
        case Origin::Kind::image:
            begin_image(plan_.base.name);
    }
    variables_.inherit(json_value(draft_.config(), "Env", std::vector<std::string>{}));
}

void StageBuilder::begin_image(const std::string& reference) {
    const auto image = base_image(reference, plan_.platform);
    draft_ = Draft::of_image(image.raw_config);
    key_ = storage::sha256_digest("image " + join(image.diff_ids, " "));
}

storage::Image StageBuilder::base_image(const std::string& reference, const std::string& platform) {
    const auto wanted = platform.empty() ? parts_.request.platform : platform;
    auto image = parts_.images.find(reference);
    const auto suits = [&] { return image && (wanted.empty() || wanted.starts_with(platform_of(*image))); };
    if (!suits() || parts_.request.pull) {
        const auto progress = [this](std::string_view text) { tell(BuildEvent::Kind::output, std::string(text)); };
        image = parts_.ports.fetch_image(reference, wanted, progress, parts_.stop);
    }
    if (!suits()) fail(Kind::not_found, "image {} is for {}, not for {}", reference, platform_of(*image), wanted);
    parts_.keep(parts_.images.pin(image->diff_ids));
    return std::move(*image);
}

std::vector<std::string> StageBuilder::layer_directories(const std::vector<std::string>& diff_ids) const {
    std::vector<std::string> directories;
    for (auto it = diff_ids.rbegin(); it != diff_ids.rend(); ++it)
        directories.push_back(parts_.images.layer_directory(*it));
    return directories;
}

StageBuilder::Found StageBuilder::tree_of_layers(const std::vector<std::string>& diff_ids, const std::string& name) {
    if (diff_ids.empty()) fail(Kind::invalid, "{} has no files", name);
    return {{layer_directories(diff_ids), {}, true, name}, storage::sha256_digest("tree " + join(diff_ids, " "))};
}

/// What --from names; empty: the build's context.
StageBuilder::Found StageBuilder::find_tree(const std::string& name) {
    const auto& request = parts_.request;
    const auto directory = [&](const std::string& path, const IgnoreRules& rules, const std::string& called) {
        return Found{{std::vector<std::string>{path}, rules, false, called}, ""};
    };
    if (name.empty()) {
        if (request.context.empty()) fail(Kind::invalid, "this build has no context to copy from");
        return directory(request.context, parts_.ignored, "the build context");
    }
    auto origin = find_origin(parts_.file, request, name, plan_.index);
    if (origin.kind == Origin::Kind::scratch) fail(Kind::invalid, "scratch has no files");
    if (origin.kind == Origin::Kind::stage) {
        const auto it = parts_.results.find(origin.stage);
        if (it == parts_.results.end()) fail(Kind::invalid, "stage {} is not built here", name);
        return tree_of_layers(it->second.get().draft.layers(), "stage " + name);
    }
    if (origin.kind == Origin::Kind::context) {
        const auto& where = request.contexts.at(name);
        constexpr std::string_view prefix = "docker-image://";
        if (!where.starts_with(prefix)) return directory(where, {}, "context " + name);
        origin.name = where.substr(prefix.size());
    }
    return tree_of_layers(base_image(origin.name, "").diff_ids, "image " + origin.name);
}

std::string StageBuilder::value(const std::string& word) const {
    const auto lookup = [this](const std::string& name) { return variables_.lookup(name); };
    return expand(word, lookup, {.escape = parts_.file.escape});
}

std::string StageBuilder::inside_workdir(const std::string& path) const {
    if (path.starts_with('/')) return path;
    return json_value(draft_.config(), "WorkingDir", std::string("/")) + "/" + path;
}

bool StageBuilder::may_use_cache() const {
    if (parts_.request.no_cache) return false;
    const auto& stages = parts_.request.no_cache_stages;
    return !stages.contains(stage_.from.name) && !stages.contains(std::to_string(plan_.index));
}

std::string StageBuilder::next_key(const std::string& what) const {
    return storage::sha256_digest(fmt::format("{}\n{}", key_, what));
}

bool StageBuilder::take_cached(const std::string& key) {
    if (!may_use_cache()) return false;
    const auto row = parts_.cache.find(key);
    if (!row) return false;
    if (!row->diff_id.empty()) {
        try {
            parts_.keep(parts_.images.pin({row->diff_id}));
        } catch (const Error&) {
            return false;  // somebody has removed the layer
        }
    }
    step_.cached = true;
    note_step(key, row->diff_id, row->created);
    return true;
}

void StageBuilder::note_step(const std::string& key, const std::string& layer, TimePoint created) {
    key_ = key;
    const auto& epoch = parts_.request.source_date_epoch;
    const TimePoint newest = epoch ? TimePoint(std::chrono::seconds(*epoch)) : TimePoint::max();
    draft_.add_step(step_.text, layer, std::min(created, newest), key);
}

void StageBuilder::commit(const std::string& key, const std::string& upper, bool changed) {
    storage::BuildCacheRow row{key, "step", "", shortened(step_.text), {}, now(), {}};
    if (changed) {
        auto layer = parts_.images.add_layer_from_upper(upper, storage::UpperUse::take,
                                                        {.newest_time = parts_.request.source_date_epoch});
        row.diff_id = layer.diff_id;
        row.size = layer.size;
        parts_.keep(std::move(layer.pin));
    }
    fail_point("build.layer_added");
    parts_.cache.put(row);
    note_step(key, row.diff_id, row.created);
}

}  // namespace hoist::builder
