#pragma once
// SPDX-License-Identifier: Apache-2.0
// What happens to a service's containers while they live: hooks, probes, schedules, updates, reactions.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"

namespace hoist::compose {

/// A command that runs beside a container's life. pre_start: in a container of its own, after the service's is made and
/// before it starts; post_start and pre_stop: inside the service's container.
struct Hook {
    std::optional<std::vector<std::string>> command;  ///< absent: the image's (pre_start)
    std::string image;                                ///< pre_start; empty: the service's
    std::string user, working_dir;
    bool privileged = false, per_replica = false;
    std::map<std::string, std::optional<std::string>> environment;
    bool operator==(const Hook&) const = default;
};

/// A check that the engine makes itself in the service's network namespace, without a process. The first runs at once.
struct Probe {
    enum class Type { http, tcp, fastcgi, mysql, redis, log, file };
    Type type = Type::tcp;
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
    std::string path;                            ///< http, fastcgi: request; file: path in the container
    std::string body;                            ///< http, fastcgi: text that the answer must hold; log: a pattern
    int status_from = 200, status_to = 399;      ///< http
    std::map<std::string, std::string> headers;  ///< http
    bool operator==(const Probe&) const = default;
};

/// Runs of a service at points in time.
struct Schedule {
    enum class Overlap { skip, wait, replace };  ///< what becomes of a run that is due while the last one goes on
    std::string cron;                            ///< minute hour day month weekday, or @daily and the like
    std::string timezone;                        ///< "" or "UTC": of the machine, or UTC
    Overlap overlap = Overlap::skip;
    bool operator==(const Schedule&) const = default;
};

struct WatchRule {
    std::string path;    ///< absolute
    std::string action;  ///< "rebuild", "restart", "sync", "sync+restart", "sync+exec"
    std::string target;
    std::vector<std::string> ignore, include;
    bool initial_sync = false;
    std::optional<Hook> exec;
    bool operator==(const WatchRule&) const = default;
};

/// deploy.update_config and rollback_config.
struct UpdateConfig {
    int parallelism = 1;
    std::optional<Nanoseconds> delay, monitor;
    std::string failure_action;  ///< "continue", "rollback", "pause"; empty: pause
    double max_failure_ratio = 0;
    std::string order;  ///< "stop-first", "start-first"; empty: stop-first
    bool operator==(const UpdateConfig&) const = default;
};

struct DeviceRate {
    std::string path;
    std::int64_t rate = 0;  ///< bytes or operations a second; or a weight
    bool operator==(const DeviceRate&) const = default;
};
struct BlockIo {
    std::optional<int> weight;
    std::vector<DeviceRate> weight_device, read_bps, write_bps, read_iops, write_iops;
    bool operator==(const BlockIo&) const = default;
};

}  // namespace hoist::compose
