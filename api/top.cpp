// SPDX-License-Identifier: Apache-2.0
// The processes of a container.
#include <pwd.h>
#include <sys/sysinfo.h>

#include "api/ps_columns.h"
#include "api/router.h"
#include "orchestrator/blocking.h"

namespace hoist::api {
namespace {

/// As ps on the host shows it: the host's names.
std::string user_name(uid_t uid) {
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 4096> strings;
    if (::getpwuid_r(uid, &entry, strings.data(), strings.size(), &found) == 0 && found) return found->pw_name;
    return std::to_string(uid);
}

PsFacts present_facts() {
    struct sysinfo memory {};
    ::sysinfo(&memory);
    return {.now = now(),
            .machine_memory = static_cast<std::uint64_t>(memory.totalram) * memory.mem_unit,
            .user_name = user_name};
}

asio::awaitable<void> top(Exchange& exchange, Services& services) {
    const auto id = services.engine.resolve(exchange.request.parameter("name"));
    const auto processes = co_await services.engine.processes(id);
    auto job = [&processes, arguments = exchange.request.query.get("ps_args")] {
        return process_table(processes, arguments, present_facts());  // who a user is may be asked of a slow directory
    };
    const auto table = co_await orchestrator::on_pool(services.engine.workers(), std::move(job));
    Json answer = {{"Titles", table.titles}, {"Processes", table.rows}};
    co_await exchange.send_json(200, std::move(answer));
}

}  // namespace

std::vector<Route> top_routes() {
    return {{"GET", "/containers/{name}/top", top}};
}

}  // namespace hoist::api
