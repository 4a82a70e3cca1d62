// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/commit.h"

#include "base/error.h"
#include "base/text.h"
#include "orchestrator/blocking.h"
#include "storage/image_config.h"

namespace hoist::orchestrator {
namespace {

/// The container's variables over the image's; a name without "=" takes one away.
std::vector<std::string> merged_environment(std::vector<std::string> below, const std::vector<std::string>& above) {
    for (const auto& entry : above) {
        const std::string name = entry.substr(0, entry.find('='));
        std::erase_if(below, [&](const auto& old) { return old.substr(0, old.find('=')) == name; });
        if (entry.find('=') != std::string::npos) below.push_back(entry);
    }
    return below;
}

void take_settings(Json& config, const ContainerView& container, const storage::Image& image) {
    const auto& spec = container.spec;
    if (spec.entrypoint) {
        config["Entrypoint"] = *spec.entrypoint;
        config.erase("Cmd");  // the image's belongs to its own entrypoint
    }
    if (spec.command) config["Cmd"] = *spec.command;
    config["Env"] = merged_environment(image.config.env, spec.environment);
    if (!spec.user.empty()) config["User"] = spec.user;
    if (!spec.working_dir.empty()) config["WorkingDir"] = spec.working_dir;
    if (!spec.stop_signal.empty()) config["StopSignal"] = spec.stop_signal;
    for (const auto& [key, value] : spec.labels) config["Labels"][key] = value;
    for (const auto& port : spec.ports)
        config["ExposedPorts"][fmt::format("{}/{}", port.container_port, port.protocol)] = Json::object();
}

std::string valid_text(const Json& config) {
    try {
        return config.dump();
    } catch (const Json::exception&) {
        fail(Kind::invalid, "the comment, the author or a change is not valid UTF-8");
    }
}

}  // namespace

std::string committed_config(const ContainerView& container, const storage::Image& image, const CommitOptions& options,
                             const std::string& diff_id, TimePoint created) {
    Json whole = image.raw_config;
    if (!whole["config"].is_object()) whole["config"] = Json::object();
    take_settings(whole["config"], container, image);
    for (const auto& change : options.changes) storage::apply_change(whole["config"], change);
    whole["created"] = format_time(created);
    if (!options.author.empty()) whole["author"] = options.author;
    whole["rootfs"]["diff_ids"].push_back(diff_id);
    Json step = {{"created", format_time(created)}, {"created_by", join(container.argv, " ")}};
    if (!options.author.empty()) step["author"] = options.author;
    if (!options.comment.empty()) step["comment"] = options.comment;
    if (!whole["history"].is_array()) whole["history"] = Json::array();
    whole["history"].push_back(std::move(step));
    return valid_text(whole);
}

asio::awaitable<std::string> commit_container(Engine& engine, ContainerId id, CommitOptions options) {
    const ContainerView view = engine.view(id);
    const auto image = engine.images().find(view.spec.image_id);
    if (!image) fail(Kind::not_found, "the image of container {} has gone", view.name);
    committed_config(view, *image, options, image->diff_ids.front(), now());  // mistakes are told before the work
    if (!options.reference.empty()) storage::parse_reference(options.reference);
    const auto* running = std::get_if<Running>(&view.state);
    const bool pause = options.pause && running && !running->paused;
    if (pause) co_await engine.set_paused(id, true);
    auto job = [&images = engine.images(), upper = engine.layout().container(id) + "/upper", view, image = *image,
                options] {
        const storage::LayerPin kept = images.pin(image.diff_ids);
        const auto layer = images.add_layer_from_upper(upper, storage::UpperUse::copy);
        const std::string config = committed_config(view, image, options, layer.diff_id, now());
        std::vector<std::string> names;
        if (!options.reference.empty()) names.push_back(options.reference);
        return images.create_image(config, names);
    };
    std::string made;
    std::exception_ptr problem;
    try {
        made = co_await on_pool(engine.workers(), std::move(job));
    } catch (...) {
        problem = std::current_exception();
    }
    if (pause) co_await engine.set_paused(id, false);
    if (problem) std::rethrow_exception(problem);
    engine.events().publish("container", "commit", id.str(), {{"name", view.name}, {"imageID", made}});
    co_return made;
}

}  // namespace hoist::orchestrator
