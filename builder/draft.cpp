// SPDX-License-Identifier: Apache-2.0
#include "builder/draft.h"

#include "base/error.h"
#include "base/text.h"
#include "storage/image_config.h"

namespace hoist::builder {
namespace {

const std::vector<std::string> default_shell = {"/bin/sh", "-c"};

Json words_of(const Command& command, const std::vector<std::string>& shell) {
    if (!command.shell) return command.words;
    auto words = shell;
    words.insert(words.end(), command.words.begin(), command.words.end());
    return words;
}

}  // namespace

Draft Draft::empty(const std::string& platform) {
    Draft draft;
    auto parts = split(platform.empty() ? "linux/" + storage::machine_architecture() : platform, '/');
    draft.head_ = {{"os", parts[0]}, {"architecture", parts.size() > 1 ? parts[1] : storage::machine_architecture()}};
    if (parts.size() > 2) draft.head_["variant"] = parts[2];
    draft.shell_ = default_shell;
    return draft;
}

Draft Draft::of_image(const Json& raw) {
    Draft draft;
    for (const auto& [key, value] : raw.items()) {
        if (key == "config")
            draft.config_ = value.is_object() ? value : Json::object();
        else if (key == "history")
            draft.history_ = value.get<std::vector<Json>>();
        else if (key == "created")
            draft.created_ = parse_time(value.is_string() ? value.get<std::string>() : "").value_or(TimePoint{});
        else if (key != "rootfs" && key != keys_member && key != "container" && key != "container_config")
            draft.head_[key] = value;
    }
    draft.layers_ = storage::parse_diff_ids(raw);
    draft.keys_.resize(draft.layers_.size());
    draft.shell_ = json_value(draft.config_, "Shell", default_shell);
    return draft;
}

void Draft::set_command(const char* key, const Command& command) {
    config_[key] = words_of(command, shell_);
}

void Draft::set_healthcheck(const Healthcheck& check) {
    if (check.none) {
        config_["Healthcheck"] = {{"Test", {"NONE"}}};
        return;
    }
    Json test = Json::array({check.command.shell ? "CMD-SHELL" : "CMD"});
    for (const auto& word : check.command.words) test.push_back(word);
    Json made = {{"Test", test}};
    const auto put = [&](const char* key, const std::optional<Nanoseconds>& value) {
        if (value) made[key] = value->count();
    };
    put("Interval", check.interval), put("Timeout", check.timeout);
    put("StartPeriod", check.start_period), put("StartInterval", check.start_interval);
    if (check.retries) made["Retries"] = *check.retries;
    config_["Healthcheck"] = made;
}

void Draft::set_shell(std::vector<std::string> words) {
    shell_ = std::move(words);
    config_["Shell"] = shell_;
}

std::vector<std::string> Draft::take_triggers() {
    auto triggers = json_value(config_, "OnBuild", std::vector<std::string>{});
    config_.erase("OnBuild");
    return triggers;
}

void Draft::add_trigger(const std::string& text) {
    config_["OnBuild"].push_back(text);
}

void Draft::add_step(const std::string& created_by, const std::string& layer, TimePoint created,
                     const std::string& key) {
    created_ = std::max(created_, created);
    Json entry = {{"created", format_time(created_)}, {"created_by", created_by}};
    if (layer.empty()) {
        entry["empty_layer"] = true;
    } else {
        layers_.push_back(layer);
        keys_.push_back(key);
    }
    history_.push_back(std::move(entry));
}

Json Draft::finish(TimePoint created, bool with_keys) const {
    Json image = head_;
    image["created"] = format_time(created);
    if (!author_.empty()) image["author"] = author_;
    image["config"] = config_;
    image["rootfs"] = {{"type", "layers"}, {"diff_ids", layers_}};
    image["history"] = history_;
    if (with_keys) image[keys_member] = keys_;
    return image;
}

}  // namespace hoist::builder
