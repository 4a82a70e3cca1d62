// SPDX-License-Identifier: Apache-2.0
// One container through the daemon.
#include "base/error.h"
#include "bench/ground.h"
#include "bench/http.h"
#include "bench/sections.h"
#include "bench/subjects.h"
#include "tests/support/hoist_host.h"

namespace hoist::bench {

using test::hoist_ok;

namespace {

void create_start_wait_remove(Connection& daemon, const std::string& network) {
    const Json made =
        daemon.request("POST", "/containers/create",
                       {{"Image", "busybox"},
                        {"Cmd", {"/bin/busybox", "true"}},
                        {"HostConfig", {{"NetworkMode", network}, {"Memory", 256 << 20}, {"PidsLimit", 1000}}}});
    const std::string id = made.at("Id");
    daemon.request("POST", "/containers/" + id + "/start");
    const Json ended = daemon.request("POST", "/containers/" + id + "/wait");
    if (ended.value("StatusCode", -1) != 0) fail(Kind::internal, "the container ended with {}", ended.dump());
    daemon.request("DELETE", "/containers/" + id);
}

}  // namespace

void measure_engine() {
    Connection daemon(socket_path);
    hoist_ok({"network", "create", "benchnet"});
    Samples samples;
    samples.interleave(
        {{"floor", [] { spawn_and_wait(floor_command(false)); }},
         {"hoist create+start+wait+rm", [&] { create_start_wait_remove(daemon, "none"); }},
         {"hoist run --rm (with its client)",
          [] {
              spawn_and_wait({programs + "/hoist", "run", "--rm", "--network", "none", "busybox", "true"});
          }}},
        40);
    samples.print("one container, no network", "floor");
    Samples bridged;
    bridged.interleave({{"floor, bridge", [] { spawn_and_wait(floor_command(true)); }},
                        {"hoist create+start+wait+rm, bridge", [&] { create_start_wait_remove(daemon, "benchnet"); }}},
                       40);
    bridged.print("one container on a bridge network", "floor, bridge");
    hoist_ok({"network", "rm", "benchnet"});
}

}  // namespace hoist::bench
