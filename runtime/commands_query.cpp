// SPDX-License-Identifier: Apache-2.0
// state, list, pause, resume, update, events, spec, features.
#include <poll.h>

#include "base/error.h"
#include "base/file.h"
#include "base/units.h"
#include "runtime/capabilities.h"
#include "runtime/commands.h"
#include "runtime/container.h"
#include "runtime/namespaces.h"

namespace hoist::runtime {
namespace {

void print(const Json& document) {
    fmt::print("{}\n", document.dump(2));
}

Json describe(const StateDirectory& state, const ContainerRecord& record) {
    const Status status = state.status(record);
    return {{"ociVersion", "1.2.0"},
            {"id", record.id},
            {"status", to_string(status)},
            {"pid", status == Status::stopped ? 0 : record.pid},
            {"bundle", record.bundle},
            {"created", record.created},
            {"annotations", record.annotations}};
}

int show_state(const StateDirectory& state, const Arguments& arguments) {
    print(describe(state, state.read(arguments.word(0, "the container's id"))));
    return 0;
}

int list(const StateDirectory& state, const Arguments& arguments) {
    Json all = Json::array();
    for (const auto& id : state.ids()) {
        if (arguments.has("--quiet")) {
            fmt::print("{}\n", id);
            continue;
        }
        try {
            all.push_back(describe(state, state.read(id)));
        } catch (const Error& error) {
            if (error.kind() != Kind::not_found) throw;  // it went in this moment
        }
    }
    if (arguments.has("--quiet")) return 0;
    if (arguments.value("--format") == "json") {
        fmt::print("{}\n", all.dump());
        return 0;
    }
    fmt::print("{:<24} {:<9} {:<9} {:<32} {}\n", "ID", "PID", "STATUS", "CREATED", "BUNDLE");
    for (const auto& one : all)
        fmt::print("{:<24} {:<9} {:<9} {:<32} {}\n", one["id"].get<std::string>(), one["pid"].get<pid_t>(),
                   one["status"].get<std::string>(), one["created"].get<std::string>(),
                   one["bundle"].get<std::string>());
    return 0;
}

Cgroup cgroup_of_live(const StateDirectory& state, const Arguments& arguments) {
    const auto record = state.read(arguments.word(0, "the container's id"));
    if (state.status(record) == Status::stopped) fail(Kind::conflict, "container {} is stopped", record.id);
    return Cgroup::open(CgroupLayout::host(), record.cgroup_path);
}

int pause(const StateDirectory& state, const Arguments& arguments) {
    cgroup_of_live(state, arguments).freeze();
    return 0;
}

int resume(const StateDirectory& state, const Arguments& arguments) {
    cgroup_of_live(state, arguments).thaw();
    return 0;
}

template <class T>
void read_number(const Arguments& arguments, const char* option, std::optional<T>& into) {
    if (!arguments.has(option)) return;
    const auto bytes =
        arguments.value(option) == "-1" ? Bytes{-1} : parse_bytes(arguments.value(option)).value_or(Bytes{-2});
    if (bytes.count == -2) fail(Kind::invalid, "option {}: \"{}\" is not a number", option, arguments.value(option));
    into = static_cast<T>(bytes.count);
}

int update(const StateDirectory& state, const Arguments& arguments) {
    const auto cgroup = cgroup_of_live(state, arguments);
    Resources resources;
    if (arguments.has("--resources")) {
        const std::string path = arguments.value("--resources");
        resources =
            resources_from_json(parse_json(path == "-" ? read_all(Fd(::dup(0))) : read_file(path), "--resources"));
    }
    read_number(arguments, "--memory", resources.memory_limit);
    read_number(arguments, "--memory-swap", resources.memory_swap);
    read_number(arguments, "--memory-reservation", resources.memory_reservation);
    read_number(arguments, "--cpu-shares", resources.cpu_shares);
    read_number(arguments, "--cpu-quota", resources.cpu_quota);
    read_number(arguments, "--cpu-period", resources.cpu_period);
    read_number(arguments, "--pids-limit", resources.pids_limit);
    resources.cpuset_cpus = arguments.value("--cpuset-cpus", resources.cpuset_cpus);
    resources.cpuset_mems = arguments.value("--cpuset-mems", resources.cpuset_mems);
    cgroup.apply(resources);
    return 0;
}

void print_stats(const std::string& id, const Cgroup& cgroup) {
    const auto now = cgroup.stats();
    const Json data = {
        {"cpu", {{"usage", {{"total", now.cpu_nanoseconds}}}}},
        {"memory",
         {{"usage", {{"usage", now.memory_bytes}, {"limit", now.memory_limit}}}, {"oomKills", now.oom_kills}}},
        {"pids", {{"current", now.pids}}}};
    fmt::print("{}\n", Json{{"type", "stats"}, {"id", id}, {"data", data}}.dump());
    std::fflush(stdout);
}

int events(const StateDirectory& state, const Arguments& arguments) {
    const auto cgroup = cgroup_of_live(state, arguments);
    const auto record = state.read(arguments.word(0, "the container's id"));
    print_stats(record.id, cgroup);
    if (arguments.has("--stats")) return 0;
    const auto interval = parse_duration(arguments.value("--interval", "5s"));
    if (!interval || interval->count() <= 0) fail(Kind::invalid, "--interval is not a duration");
    const Fd process = open_recorded_process(record);
    const int milliseconds = static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(*interval).count());
    pollfd ended{process.get(), POLLIN, 0};
    while (::poll(&ended, 1, milliseconds) == 0) print_stats(record.id, cgroup);
    return 0;
}

int spec(const StateDirectory&, const Arguments& arguments) {
    const std::string path = arguments.value("--bundle", ".") + "/config.json";
    if (::access(path.c_str(), F_OK) == 0) fail(Kind::conflict, "{} exists already", path);
    Config config = default_config();
    config.process.args = {"sh"};
    config.process.terminal = true;
    config.process.env.push_back("TERM=xterm");
    config.root_path = "rootfs";
    config.root_readonly = true;
    config.hostname = "hoist";
    config.seccomp = default_seccomp_profile(default_capabilities());
    write_file_atomic(path, to_json(config).dump(2) + "\n", 0644, Durable::no);
    return 0;
}

int features(const StateDirectory&, const Arguments&) {
    Json capabilities = Json::array(), namespaces = Json::array();
    for (int number = 0; number <= 40; ++number) {
        if (all_capabilities() >> number & 1) capabilities.push_back(capability_name(number));
    }
    for (const auto type : {NamespaceType::cgroup, NamespaceType::ipc, NamespaceType::mount, NamespaceType::network,
                            NamespaceType::pid, NamespaceType::time, NamespaceType::uts})
        namespaces.push_back(to_string(type));
    const Json seccomp = {{"enabled", true},
                          {"actions",
                           {"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS",
                            "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP"}},
                          {"operators",
                           {"SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT",
                            "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE"}},
                          {"archs",
                           {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", "SCMP_ARCH_PPC64LE", "SCMP_ARCH_RISCV64",
                            "SCMP_ARCH_S390X", "SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64"}}};
    print({{"ociVersionMin", "1.0.0"},
           {"ociVersionMax", "1.2.0"},
           {"hooks", {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"}},
           {"mountOptions",
            {"atime",     "bind",       "dev",    "diratime",    "exec",    "noatime",     "nodev",     "nodiratime",
             "noexec",    "norelatime", "nosuid", "nosymfollow", "private", "ratime",      "rbind",     "rdev",
             "rdiratime", "relatime",   "rexec",  "rnoatime",    "rnodev",  "rnodiratime", "rnoexec",   "rnosuid",
             "ro",        "rprivate",   "rro",    "rrw",         "rshared", "rslave",      "rsuid",     "runbindable",
             "rw",        "shared",     "slave",  "strictatime", "suid",    "symfollow",   "unbindable"}},
           {"linux",
            {{"namespaces", namespaces},
             {"capabilities", capabilities},
             {"cgroup", {{"v1", true}, {"v2", true}, {"systemd", false}, {"systemdUser", false}}},
             {"seccomp", seccomp},
             {"apparmor", {{"enabled", false}}},
             {"selinux", {{"enabled", false}}}}}});
    return 0;
}

}  // namespace

std::vector<Command> query_commands() {
    return {{"state", {}, false, show_state},
            {"list", {{"--format", "-f", true}, {"--quiet", "-q", false}}, false, list},
            {"pause", {}, false, pause},
            {"resume", {}, false, resume},
            {"update",
             {{"--resources", "-r", true},
              {"--memory", "", true},
              {"--memory-swap", "", true},
              {"--memory-reservation", "", true},
              {"--cpu-shares", "", true},
              {"--cpu-share", "", true},
              {"--cpu-quota", "", true},
              {"--cpu-period", "", true},
              {"--cpuset-cpus", "", true},
              {"--cpuset-mems", "", true},
              {"--pids-limit", "", true}},
             false,
             update},
            {"events", {{"--stats", "", false}, {"--interval", "", true}}, false, events},
            {"spec", {{"--bundle", "-b", true}}, false, spec},
            {"features", {}, false, features}};
}

}  // namespace hoist::runtime
