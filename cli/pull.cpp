// SPDX-License-Identifier: Apache-2.0
#include "cli/pull.h"

#include <mutex>
#include <thread>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/docker_config.h"
#include "cli/json_lines.h"
#include "wire/errors.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

/// What has come of all layers of one image.
class Amount {
public:
    void note(const std::string& layer, const Json& detail) {
        if (!detail.contains("total")) return;
        auto& [current, total] = layers_[layer];
        current = json_value(detail, "current", std::int64_t{0});
        total = json_value(detail, "total", std::int64_t{0});
    }
    std::string text() const {
        std::int64_t current = 0, total = 0;
        for (const auto& [layer, amount] : layers_) {
            current += amount.first;
            total += amount.second;
        }
        return total == 0 ? "Pulling" : fmt::format("Pulling {} / {}", format_bytes({current}), format_bytes({total}));
    }

private:
    std::map<std::string, std::pair<std::int64_t, std::int64_t>> layers_;
};

void pull(const Client& client, const std::string& reference, const std::string& platform,
          const std::function<void(const Json&)>& take) {
    wire::Query query;
    query.add("fromImage", reference);
    if (!platform.empty()) query.add("platform", platform);
    Answer answer = client.stream("POST", "/images/create?" + query.str(), std::nullopt, false,
                                  DockerConfig().auth_header(registry_of(reference)));
    read_json_lines(answer, take);
}

/// One printer for pulls that go on at the same time.
class Board {
public:
    explicit Board(Context& context) : printer_(context.progress_mode(), "[+] pull", context.color_err()) {}
    void tell(const std::string& phase, const std::string& image, const std::string& text, double seconds = 0) {
        const std::lock_guard lock(mutex_);
        printer_.apply({phase, "image", image, text, seconds});
    }
    /// Amounts come ten times a second: only a live picture shows them.
    bool live() const { return printer_.live(); }

private:
    std::mutex mutex_;
    ProgressPrinter printer_;
};

void pull_on(Board& board, const Client& client, const std::string& reference, const std::string& platform) {
    const auto begin = std::chrono::steady_clock::now();
    const auto seconds = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    board.tell("started", reference, "Pulling");
    Amount amount;
    try {
        pull(client, reference, platform, [&](const Json& line) {
            amount.note(json_value(line, "id", std::string{}), json_value(line, "progressDetail", Json::object()));
            if (board.live()) board.tell("started", reference, amount.text());
        });
    } catch (const Error& error) {
        board.tell("failed", reference, error.message(), seconds());
        throw;
    }
    board.tell("done", reference, "Pulled", seconds());
}

struct Wanted {
    std::string platform;
    bool must = false;  ///< a failure ends the command
    std::exception_ptr problem;
};

std::string image_of(const compose::Project& project, const compose::Service& service) {
    return service.image.empty() ? project.name + "-" + service.name : service.image;
}

}  // namespace

PullPolicy parse_pull_policy(const std::string& word) {
    if (word == "missing" || word.empty()) return PullPolicy::missing;
    if (word == "always") return PullPolicy::always;
    if (word == "never") return PullPolicy::never;
    throw UsageError(fmt::format("--pull: '{}' is none of missing, always, never", escape_for_terminal(word)));
}

bool has_image(Context& context, const std::string& reference) {
    return context.client().open("GET", "/images/" + wire::percent_encode(reference) + "/json").status == 200;
}

void pull_image(Context& context, const std::string& reference, const std::string& platform) {
    Board board(context);
    pull_on(board, context.client(), reference, platform);
}

void pull_for_project(Context& context, const compose::Project& project, const std::optional<PullPolicy>& policy) {
    std::map<std::string, Wanted> wanted;
    for (const auto& [name, service] : project.services) {
        const std::string image = image_of(project, service);
        std::string word = service.pull_policy;
        if (policy)
            word = *policy == PullPolicy::always ? "always" : *policy == PullPolicy::never ? "never" : "missing";
        const bool always = word == "always" && !service.build.has_value();
        if (word == "never" || word == "build" || service.image.empty()) continue;
        if (!always && (service.build.has_value() || has_image(context, image))) continue;
        auto& entry = wanted[image];
        entry.platform = service.platform;
        entry.must = entry.must || always;
    }
    if (wanted.empty()) return;
    {
        Board board(context);
        std::vector<std::thread> threads;
        for (auto& entry : wanted)
            threads.emplace_back([&board, &client = context.client(), &entry] {
                try {
                    pull_on(board, client, entry.first, entry.second.platform);
                } catch (...) {
                    entry.second.problem = std::current_exception();
                }
            });
        for (auto& thread : threads) thread.join();
    }
    for (const auto& [image, entry] : wanted)
        if (entry.problem && entry.must) std::rethrow_exception(entry.problem);
}

}  // namespace hoist::cli
