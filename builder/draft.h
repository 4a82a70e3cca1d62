#pragma once
// SPDX-License-Identifier: Apache-2.0
// The image that a stage is on its way to: layers, configuration, history. @see image-spec config.md

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/units.h"
#include "builder/instruction.h"

namespace hoist::builder {

class Draft {
public:
    /// FROM scratch.
    static Draft empty(const std::string& platform);
    /// FROM an image. @param raw  its configuration
    static Draft of_image(const Json& raw);

    const std::vector<std::string>& layers() const { return layers_; }
    /// The "config" object, for instructions to change.
    Json& config() { return config_; }
    const Json& config() const { return config_; }
    TimePoint created() const { return created_; }

    void set_command(const char* key, const Command& command);  ///< "Cmd", "Entrypoint"
    void set_healthcheck(const Healthcheck& check);
    void set_author(const std::string& name) { author_ = name; }
    const std::vector<std::string>& shell() const { return shell_; }
    void set_shell(std::vector<std::string> words);
    /// ONBUILD triggers of the base, which this image does not hand on.
    std::vector<std::string> take_triggers();
    void add_trigger(const std::string& text);

    /// Notes a step. @param layer  what it has added; empty: nothing. @param key  of the cache; may be empty
    void add_step(const std::string& created_by, const std::string& layer, TimePoint created, const std::string& key);

    /// The whole configuration.
    Json finish(TimePoint created, bool with_keys) const;

private:
    Json head_ = Json::object();  ///< architecture, os and what else the base says of itself
    Json config_ = Json::object();
    std::vector<Json> history_;
    std::vector<std::string> layers_, keys_, shell_;
    std::string author_;
    TimePoint created_;
};

/// Where the keys of an image's steps are in its configuration.
inline constexpr const char* keys_member = "hoist.build.keys";

}  // namespace hoist::builder
