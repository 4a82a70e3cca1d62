// SPDX-License-Identifier: Apache-2.0
// What reading a project costs: files made here, loaded from memory, medians of some runs in milliseconds.
//     ninja -C build/release compose_bench && build/release/bin/compose_bench
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "compose/loader.h"
#include "orchestrator/plan.h"

using namespace hoist;
using namespace hoist::compose;

namespace {

constexpr int runs = 15;

template <class Work>
double median_of(const Work& work) {
    std::vector<double> times;
    for (int i = 0; i < runs; ++i) {
        const auto start = std::chrono::steady_clock::now();
        work();
        times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    }
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

/// A service as people write them: twenty lines, both notations, variables, a health check.
std::string service_text(int i) {
    return fmt::format(R"(  service-{0}:
    image: registry.example.org/team/service-{0}:${{TAG:-1.{0}}}
    restart: unless-stopped
    ports:
      - "{1}:80"
    environment:
      APP_ENV: production
      APP_SECRET: ${{SECRET}}
      DATABASE_URL: mysql://app:${{SECRET}}@db-{0}/app
      WORKER_COUNT: 4
    volumes:
      - ./conf/{0}:/etc/service:ro
      - data:/var/lib/service-{0}
    networks: [back]
    depends_on:
      service-{2}:
        condition: service_healthy
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost/"]
      interval: 30s
      timeout: 3s
      retries: 3
)",
                       i, 10'000 + i, i / 2);
}

std::string stack(int services) {
    std::string text = "services:\n  service-0:\n    image: base:1\n    healthcheck: {test: [CMD, \"true\"]}\n";
    for (int i = 1; i < services; ++i) text += service_text(i);
    return text + "networks:\n  back:\nvolumes:\n  data:\n";
}

struct Disk {
    std::map<std::string, std::string> files;
    Loaded load() const {
        const LoadOptions options{
            .working_directory = "/srv/app",
            .environment = {{"SECRET", "a-password-that-is-long-enough"}, {"HOME", "/root"}, {"PATH", "/bin"}}};
        return load_project(options, [&](const std::string& path) -> std::optional<std::string> {
            const auto found = files.find(path);
            return found == files.end() ? std::nullopt : std::optional(found->second);
        });
    }
};

Disk included(int count) {
    Disk disk;
    std::string text = "include:\n";
    for (int i = 1; i <= count; ++i) {
        text += fmt::format("  - part-{}/compose.yaml\n", i);
        disk.files[fmt::format("/srv/app/part-{}/compose.yaml", i)] =
            "services:\n" + service_text(i) + "networks:\n  back:\nvolumes:\n  data:\n";
    }
    disk.files["/srv/app/compose.yaml"] =
        text + "services:\n  service-0:\n    image: base:1\n    healthcheck: {test: [CMD, \"true\"]}\n";
    return disk;
}

}  // namespace

int main() {
    const Disk large{{{"/srv/app/compose.yaml", stack(1000)}}};
    const Disk small{{{"/srv/app/compose.yaml", stack(100)}}};
    const Disk parts = included(120);
    const Project project = large.load().project;
    orchestrator::Observed nothing;
    for (const auto& [name, service] : project.services) nothing.image_ids[service.image] = "sha256:" + name;
    fmt::print("load of 1000 services ({} KiB)   {:8.2f} ms\n", stack(1000).size() >> 10,
               median_of([&] { large.load(); }));
    fmt::print("load of 100 services              {:8.2f} ms\n", median_of([&] { small.load(); }));
    fmt::print("load of 120 includes              {:8.2f} ms\n", median_of([&] { parts.load(); }));
    fmt::print("config of 1000 services           {:8.2f} ms\n", median_of([&] { to_yaml(project); }));
    fmt::print("model to JSON and back            {:8.2f} ms\n",
               median_of([&] { project_from_json(Json::parse(to_json(project).dump())); }));
    fmt::print("plan of 1000 services             {:8.2f} ms\n",
               median_of([&] { orchestrator::plan_up(project, nothing, {}); }));
    return 0;
}
