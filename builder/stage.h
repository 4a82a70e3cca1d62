#pragma once
// SPDX-License-Identifier: Apache-2.0
// One stage on its way from FROM to its last instruction, on a thread of its own.

#include <atomic>
#include <future>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "builder/cache.h"
#include "builder/copier.h"
#include "builder/draft.h"
#include "builder/expand.h"
#include "builder/graph.h"
#include "builder/ports.h"
#include "builder/selection.h"

namespace hoist::builder {

struct StageResult {
    Draft draft;
    std::string key;  ///< of the cache: all that has made its files
};

/// What the stages of one build share.
struct BuildParts {
    const BuildRequest& request;
    const Dockerfile& file;
    storage::ImageStore& images;
    BuildCache& cache;
    FileDigests& digests;
    Ports& ports;
    const Report& report;
    GlobalArguments& globals;
    IgnoreRules ignored;    ///< of the context
    std::string directory;  ///< for what is in the making; goes away with the build
    BuildPlan plan;
    std::stop_token stop;
    std::map<std::size_t, std::shared_future<StageResult>> results;

    std::atomic<int> scratch_number = 0;
    std::mutex pin_mutex;
    std::vector<storage::LayerPin> pins;  ///< keep what the build uses until its image is recorded

    std::string scratch() { return directory + "/" + std::to_string(++scratch_number); }
    void keep(storage::LayerPin pin) {
        const std::lock_guard lock(pin_mutex);
        pins.push_back(std::move(pin));
    }
};

class StageBuilder {
public:
    StageBuilder(BuildParts& parts, const StagePlan& plan)
        : parts_(parts), plan_(plan), stage_(parts.file.stages[plan.index]), variables_(parts.globals) {}

    StageResult run();

private:
    /// One step's place and name, for reports and errors.
    struct Step {
        Lines lines;
        std::string text;
        int number = 0;
        std::string name;
        std::string last_output;
        bool cached = false;
    };
    /// A directory tree that a step copies from or mounts, and a key of where it comes from.
    struct Found {
        Tree tree;
        std::string key;  ///< empty: only its content tells
    };

    // stage.cpp
    void begin();
    void begin_image(const std::string& reference);
    void run_triggers();
    void carry_out(const Instruction& instruction, int number, bool from_base);
    void tell(BuildEvent::Kind kind, std::string text = "", double seconds = 0);
    [[noreturn]] void fail_step(const Error& error);
    storage::Image base_image(const std::string& reference, const std::string& platform);
    Found find_tree(const std::string& name);
    Found tree_of_layers(const std::vector<std::string>& diff_ids, const std::string& name);
    std::vector<std::string> layer_directories(const std::vector<std::string>& diff_ids) const;
    std::string value(const std::string& word) const;
    std::string inside_workdir(const std::string& path) const;
    bool may_use_cache() const;
    bool take_cached(const std::string& key);
    void commit(const std::string& key, const std::string& upper, bool changed);
    void note_step(const std::string& key, const std::string& layer, TimePoint created);
    std::string next_key(const std::string& what) const;

    // stage_config.cpp
    void act(const From&) {}
    void act(const Arg& arg);
    void act(const Env& env);
    void act(const Label& label);
    void act(const Cmd& cmd);
    void act(const Entrypoint& entrypoint);
    void act(const Expose& expose);
    void act(const Volume& volume);
    void act(const User& user);
    void act(const Workdir& workdir);
    void act(const Onbuild& onbuild);
    void act(const StopSignal& signal);
    void act(const Healthcheck& check);
    void act(const Shell& shell);
    void act(const Maintainer& maintainer);
    // stage_run.cpp
    void act(const Run& run);
    RunStep run_step(const Run& run, std::string& key_text);
    void set_command(const Run& run, RunStep& step);
    void add_mount(const RunMount& mount, RunStep& step, std::string& key_text);
    void add_bind(const RunMount& mount, RunStep& step, std::string& key_text);
    void add_secret(const RunMount& mount, RunStep& step);
    void add_ssh(const RunMount& mount, RunStep& step);
    std::vector<BuildCache::Mount> open_late_mounts(RunStep& step);
    void fill(const std::string& directory, const std::string& from, const std::string& source);
    std::string materialise(const Found& found, const std::string& path);
    void execute(RunStep step, const std::string& key);
    // stage_copy.cpp
    /// Sources of one tree; or one archive, and where it is to be unpacked.
    struct CopyPart {
        Tree tree;
        std::vector<Source> sources;
        std::string directory;
    };
    struct CopyPlan {
        CopyHow how;
        std::vector<std::string> layers;  ///< below what is written; none with --link
        IgnoreRules excluded;
        std::vector<CopyPart> parts;
        std::size_t count = 0;  ///< of sources that are no archives
    };
    void act(const Copy& copy);
    void copy_cached(const Copy& copy);
    std::string copy_key(const Copy& copy, const std::string& what) const;
    std::string text_of(const Heredoc& document) const;
    void find_sources(const Copy& copy, const std::vector<std::string>& sources, CopyPlan& plan);
    void add_source(CopyPlan& plan, const Found& found, const std::string& pattern);
    void add_download(const Copy& copy, CopyPlan& plan, const std::string& url);
    void split_archives(const Copy& copy, CopyPlan& plan, bool remote);
    void write_archive(const CopyPart& part, const CopyHow& how, Upper& upper);
    void write_copy(const Copy& copy, const CopyPlan& plan, const std::string& key);

    BuildParts& parts_;
    const StagePlan& plan_;
    const Stage& stage_;
    StageVariables variables_;
    Draft draft_;
    std::string key_;
    Step step_;
    bool command_set_ = false;
    /// Mounts of the present RUN that are made only if it is carried out, with their places among the step's.
    std::vector<std::pair<RunMount, std::size_t>> late_mounts_;
};

}  // namespace hoist::builder
