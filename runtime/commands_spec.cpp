// SPDX-License-Identifier: Apache-2.0
// spec, features; checkpoint and restore, which there are not.
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "runtime/cgroup.h"
#include "runtime/commands.h"
#include "runtime/features.h"

namespace hoist::runtime {
namespace {

void drop_namespace(Config& config, NamespaceType type) {
    std::erase_if(config.namespaces, [&](const Namespace& one) { return one.type == type; });
}

/// The starter that runc and crun write too, so that what edits theirs can edit ours.
Config starter() {
    Config config = default_config();
    // As runc: on v1 a container sees where its cgroups are.
    if (CgroupLayout::host().mode != CgroupMode::v2) drop_namespace(config, NamespaceType::cgroup);
    const std::uint64_t few = std::uint64_t{1} << *capability_number("CAP_AUDIT_WRITE") |
                              std::uint64_t{1} << *capability_number("CAP_KILL") |
                              std::uint64_t{1} << *capability_number("CAP_NET_BIND_SERVICE");
    config.process.terminal = true;
    config.process.args = {"sh"};
    config.process.env.push_back("TERM=xterm");
    config.process.capabilities = Capabilities{.bounding = few, .effective = few, .permitted = few, .ambient = few};
    config.process.rlimits = {{"RLIMIT_NOFILE", 1024, 1024}};
    config.process.no_new_privileges = true;
    config.root_path = "rootfs";
    config.root_readonly = true;
    config.hostname = "hoist";
    config.resources.devices = {{false, 'a', -1, -1, "rwm"}};
    config.sysctl.clear();
    return config;
}

/// For a user without rights over the host: the ids of that user alone, the host's network, no limits.
void make_rootless(Config& config) {
    drop_namespace(config, NamespaceType::network);
    config.namespaces.push_back({NamespaceType::user, ""});
    config.uid_mappings = {{0, ::geteuid(), 1}};
    config.gid_mappings = {{0, ::getegid(), 1}};
    config.resources = {};
    std::erase_if(config.mounts, [](const Mount& mount) { return mount.destination == "/sys/fs/cgroup"; });
    for (auto& mount : config.mounts) {
        if (mount.destination == "/sys") mount = {"/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"}};
        std::erase_if(mount.options, [](const std::string& option) {
            return option.rfind("gid=", 0) == 0 || option.rfind("uid=", 0) == 0;
        });
    }
}

int spec(const Invocation&, const Arguments& arguments) {
    const std::string path = arguments.value("--file", arguments.value("--bundle", ".") + "/config.json");
    if (::access(path.c_str(), F_OK) == 0) fail(Kind::conflict, "{} exists already; remove it first", path);
    Config config = starter();
    if (arguments.has("--rootless")) make_rootless(config);
    write_file_atomic(path, to_json(config).dump(2) + "\n", 0644, Durable::no);
    return 0;
}

int show_features(const Invocation&, const Arguments&) {
    fmt::print("{}\n", features().dump(2));
    return 0;
}

int refuse_checkpoint(const Invocation&, const Arguments&) {
    fail(Kind::invalid, "checkpoints are not supported: a container cannot be written to disk and restored");
}

}  // namespace

std::vector<Command> spec_commands() {
    constexpr auto any = ~std::size_t{0};
    const std::vector<OptionSpec> making = {
        {"--bundle", "-b", "DIR", "where to write it, instead of the working directory"},
        {"--file", "-f", "FILE", "another name than config.json"},
        {"--rootless", "", "", "for a user without rights over the host"}};
    return {{"spec", "[OPTION...]", "write a configuration to start from", making, false, 0, 0, spec},
            {"features", "", "show as JSON what this runtime supports", {}, false, 0, 0, show_features},
            {"checkpoint", "ID", "not supported", {}, true, 0, any, refuse_checkpoint},
            {"restore", "ID", "not supported", {}, true, 0, any, refuse_checkpoint}};
}

}  // namespace hoist::runtime
