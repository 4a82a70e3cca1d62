// SPDX-License-Identifier: Apache-2.0
// The OCI runtime alone.
#include <functional>

#include "base/error.h"
#include "bench/ground.h"
#include "bench/sections.h"
#include "bench/subjects.h"

namespace hoist::bench {

namespace {

constexpr int at_once = 100;

std::vector<std::string> run_command(const std::string& runtime) {
    static int count = 0;
    return {runtime, "--root", "/run/bench-runtimes", "run", "-b", area + "/bundle", fmt::format("b{}", ++count)};
}

/// Starts many of a kind without waiting for one, then waits for all.
void all_at_once(const std::function<std::vector<std::string>()>& command) {
    std::vector<std::pair<int, std::vector<std::string>>> running;
    for (int i = 0; i < at_once; ++i) {
        auto words = command();
        const int pid = spawn(words);
        running.emplace_back(pid, std::move(words));
    }
    for (const auto& [pid, words] : running) wait_for(pid, words);
}

}  // namespace

void measure_runtime() {
    std::vector<std::pair<std::string, std::function<void()>>> subjects = {
        {"floor", [] { spawn_and_wait(floor_command(false)); }}};
    std::vector<std::pair<std::string, std::function<void()>>> crowds = {
        {"floor", [] { all_at_once([] { return floor_command(false); }); }}};
    std::vector<std::string> runtimes = {programs + "/hoist-runtime"};
    for (const char* peer : {"crun", "runc"}) {
        if (installed(peer)) runtimes.emplace_back(peer);
    }
    for (const auto& runtime : runtimes) {
        const auto name = runtime.substr(runtime.rfind('/') + 1) + " run";
        subjects.emplace_back(name, [runtime] { spawn_and_wait(run_command(runtime)); });
        crowds.emplace_back(name, [runtime] { all_at_once([&] { return run_command(runtime); }); });
    }
    Samples samples;
    samples.interleave(subjects, 40);
    samples.print("OCI runtime: run of busybox true", "floor");
    Samples crowd;
    crowd.interleave(crowds, 5);
    crowd.print("OCI runtime: 100 of them at once", "floor");
}

}  // namespace hoist::bench
