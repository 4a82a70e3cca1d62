#pragma once
// SPDX-License-Identifier: Apache-2.0
// An engine of one's own inside the test host, driven from ordinary test code.

#include <boost/asio.hpp>
#include <memory>
#include <string>

#include "orchestrator/engine.h"
#include "runtime/log_store.h"
#include "tests/support/busybox_image.h"

namespace hoist::test {

class EngineHost {
public:
    /// Opens the engine on `root` and /run/hoist and lets it reconcile.
    explicit EngineHost(const std::string& root = "/var/lib/hoist");

    /// Runs the loop until `work` is done. Throws what it throws.
    template <class T>
    T wait(boost::asio::awaitable<T> work) {
        context.restart();
        auto result = boost::asio::co_spawn(context, std::move(work), boost::asio::use_future);
        while (result.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
            if (context.run_one_for(std::chrono::seconds(60)) == 0)
                throw std::runtime_error("nothing happened for 60 s");
        return result.get();
    }
    /// Runs the loop until `condition` holds. @return false after `limit`
    bool until(const std::function<bool()>& condition, std::chrono::milliseconds limit = std::chrono::seconds(10));
    /// Lets the loop run for a while.
    void pass(std::chrono::milliseconds time);

    /// Imports the busybox image as "busybox" unless it is there.
    void need_busybox();
    /// Creates a container of busybox that runs a shell line.
    ContainerId create(const std::string& line, const std::string& name = "", orchestrator::ContainerSpec spec = {});
    /// create, start, wait, remove. @return the exit code
    int run(const std::string& line, orchestrator::ContainerSpec spec = {});
    /// create, start, wait. @return what it wrote to stdout
    std::string output(const std::string& line, orchestrator::ContainerSpec spec = {});
    std::string audit();

    boost::asio::io_context context{1};
    std::unique_ptr<orchestrator::Engine> engine;
};

inline EngineHost::EngineHost(const std::string& root) {
    orchestrator::EngineConfig config;
    config.root = root;
    config.run = "/run/hoist";
    config.runtime_program = PROGRAM_DIR "/hoist-runtime";
    engine = std::make_unique<orchestrator::Engine>(context, config);
    wait(engine->reconcile());
}

inline bool EngineHost::until(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    context.restart();
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        context.run_one_for(std::chrono::milliseconds(20));
        if (context.stopped()) context.restart();
    }
    return true;
}

inline void EngineHost::pass(std::chrono::milliseconds time) {
    context.restart();
    context.run_for(time);
}

inline void EngineHost::need_busybox() {
    if (engine->images().find("busybox")) return;
    const auto tar = make_busybox_tar("/tmp");
    storage::ImportOptions options;
    options.reference = "busybox";
    options.changes = {"CMD [\"/bin/sh\"]"};
    engine->images().import(open_file(tar, O_RDONLY), options);
}

inline ContainerId EngineHost::create(const std::string& line, const std::string& name,
                                      orchestrator::ContainerSpec spec) {
    need_busybox();
    spec.image = "busybox";
    if (!spec.command) spec.command = std::vector<std::string>{"/bin/sh", "-c", line};
    return wait(engine->create(std::move(spec), name));
}

inline int EngineHost::run(const std::string& line, orchestrator::ContainerSpec spec) {
    const auto id = create(line, "", std::move(spec));
    wait(engine->start(id));
    const auto exit = wait(engine->wait(id, orchestrator::WaitFor::not_running));
    wait(engine->remove(id, false, true));
    return exit.code;
}

inline std::string EngineHost::output(const std::string& line, orchestrator::ContainerSpec spec) {
    const auto id = create(line, "", std::move(spec));
    wait(engine->start(id));
    wait(engine->wait(id, orchestrator::WaitFor::not_running));
    runtime::LogReader reader(engine->view(id).log_directory, {});
    std::string text;
    while (const auto found = reader.next()) text += found->text;
    wait(engine->remove(id, false, true));
    return text;
}

inline std::string EngineHost::audit() {
    std::string text;
    for (const auto& finding : wait(engine->audit())) text += finding.object + ": " + finding.problem + "\n";
    return text;
}

}  // namespace hoist::test
