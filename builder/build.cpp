// SPDX-License-Identifier: Apache-2.0
#include "builder/build.h"

#include <sys/stat.h>

#include <thread>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/file.h"
#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "builder/context.h"
#include "builder/stage.h"

namespace hoist::builder {
namespace {

/// The directories of one build, for as long as it goes on.
class WorkDirectory {
public:
    explicit WorkDirectory(std::string path) : path_(std::move(path)) {
        check(::mkdir(path_.c_str(), 0700), "make {}", path_);
    }
    WorkDirectory(const WorkDirectory&) = delete;
    ~WorkDirectory() {
        try {
            remove_tree(path_);
        } catch (const Error& error) {
            spdlog::warn("build: leftovers are removed at the next start: {}", error.what());
        }
    }
    const std::string& path() const { return path_; }

private:
    const std::string path_;
};

/// The keys that an image carries of the steps that made it.
void adopt_keys(const storage::Image& image, BuildCache& cache) {
    const auto keys = json_value(image.raw_config, keys_member, std::vector<std::string>{});
    for (std::size_t i = 0; i < keys.size() && i < image.diff_ids.size(); ++i)
        if (!keys[i].empty() && !cache.find(keys[i]))
            cache.put({keys[i], "step", image.diff_ids[i], "from an image", {}, image.created, {}});
}

/// Runs every stage on its own thread, each after those that it needs. The first failure stops the others.
class StageThreads {
public:
    StageThreads(BuildParts& parts, std::stop_source& stop) : parts_(parts), stop_(stop) {}

    StageResult run() {
        std::vector<std::promise<StageResult>> promises(parts_.plan.stages.size());
        for (std::size_t i = 0; i < promises.size(); ++i)
            parts_.results.emplace(parts_.plan.stages[i].index, promises[i].get_future().share());
        {
            std::vector<std::jthread> threads;
            for (std::size_t i = 0; i < promises.size(); ++i)
                threads.emplace_back(
                    [this, &plan = parts_.plan.stages[i], &promise = promises[i]] { run(plan, promise); });
        }
        if (failure_) std::rethrow_exception(failure_);
        return parts_.results.at(parts_.plan.target).get();
    }

private:
    void run(const StagePlan& plan, std::promise<StageResult>& promise) {
        try {
            for (const auto need : plan.needs) parts_.results.at(need).get();
            promise.set_value(StageBuilder(parts_, plan).run());
        } catch (...) {
            {
                const std::lock_guard lock(mutex_);
                if (!failure_) failure_ = std::current_exception();
            }
            stop_.request_stop();
            promise.set_exception(std::current_exception());
        }
    }

    BuildParts& parts_;
    std::stop_source& stop_;
    std::mutex mutex_;
    std::exception_ptr failure_;
};

std::string record(BuildParts& parts, StageResult result) {
    const auto& request = parts.request;
    auto& config = result.draft.config();
    for (const auto& [name, text] : request.labels) config["Labels"][name] = text;
    // The time of an image that comes out as before is the one it had then: the same image, not a new one.
    const auto key = storage::sha256_digest(
        result.draft.finish({}, request.inline_cache).dump(-1, ' ', false, Json::error_handler_t::replace));
    TimePoint created = now();
    if (const auto row = parts.cache.find(key); row && !request.no_cache) created = row->created;
    parts.cache.put({key, "image", "", "image", {}, created, {}});
    if (request.source_date_epoch) created = TimePoint(std::chrono::seconds(*request.source_date_epoch));
    try {
        return parts.images.create_image(result.draft.finish(created, request.inline_cache).dump(), request.tags);
    } catch (const Json::exception&) {
        fail(Kind::invalid, "a label, a variable or a command of the Dockerfile is not valid UTF-8");
    }
}

}  // namespace

std::string Builder::build(const BuildRequest& asked, Ports& ports, const Report& report, std::stop_token stop) {
    for (const auto& tag : asked.tags)
        if (!storage::parse_reference(tag).digest.empty())
            fail(Kind::invalid, "tag {}: a tag cannot have a digest", tag);
    const WorkDirectory directory(layout_.builds() + "/" + random_hex_id());
    BuildRequest request = asked;
    open_context(request, directory.path() + "/context", stop);
    const auto file = parse_dockerfile(request.dockerfile, request.dockerfile_name);
    GlobalArguments globals(request.arguments, platform_values(request.platform, request.target));
    std::stop_source stages_stop;
    const std::stop_callback passing_on(stop, [&] { stages_stop.request_stop(); });
    BuildParts parts{.request = request,
                     .file = file,
                     .images = images_,
                     .cache = cache_,
                     .digests = digests_,
                     .ports = ports,
                     .report = report,
                     .globals = globals,
                     .ignored = IgnoreRules::parse(request.ignore.value_or(""), request.ignore_name),
                     .directory = directory.path(),
                     .plan = plan_build(file, request, globals),
                     .stop = stages_stop.get_token()};
    for (const auto& name : request.cache_from)
        if (const auto image = images_.find(name)) adopt_keys(*image, cache_);
    auto result = StageThreads(parts, stages_stop).run();
    if (stop.stop_requested()) fail(Kind::unavailable, "the build was stopped");
    const auto unused = globals.unused();
    if (!unused.empty())
        report({BuildEvent::Kind::warning, 0, "", "no ARG asks for --build-arg " + join(unused, ", "), 0});
    const auto id = record(parts, std::move(result));
    cache_.save_uses();
    fail_point("build.recorded");
    return id;
}

}  // namespace hoist::builder
