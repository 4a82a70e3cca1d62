// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/container_files.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "orchestrator/log_config.h"
#include "orchestrator/oci_mounts.h"

namespace hoist::orchestrator {
namespace {

/// "name=address" or "name:address" -> {address, name}.
std::pair<std::string, std::string> extra_host(const std::string& text, const std::string& gateway) {
    const auto end = text.find_first_of("=:");
    if (end == std::string::npos) fail(Kind::invalid, "extra host '{}': write it as name=address", text);
    auto address = text.substr(end + 1);
    if (address == "host-gateway") address = gateway;
    return {address, text.substr(0, end)};
}

void write_if_changed(const std::string& path, const std::string& text) {
    if (read_file_if_exists(path) == text) return;
    // In place: running containers have the file itself mounted.
    const auto file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0644);
    write_all(file, text, path);
}

void write_given_files(StartInput& input, const std::string& directory) {
    if (input.view.spec.files.empty()) return;
    make_directories(directory, 0700);
    std::size_t number = 0;
    for (const auto& file : input.view.spec.files) {
        const auto path = fmt::format("{}/{}", directory, number++);
        const auto text = file.content ? *file.content : read_file(file.source_file);
        write_file_atomic(path, text, 0400, Durable::no);
        check(::chown(path.c_str(), file.uid, file.gid), "give {} to {}:{}", path, file.uid, file.gid);
        check(::chmod(path.c_str(), file.mode), "set the mode of {}", path);
        input.facts.files.push_back({path, file.target});
    }
}

/// "/dev/x[:/dev/y[:rwm]]", looked up on the host.
void add_device(const std::string& text, StartFacts& facts) {
    auto parts = split(text, ':');
    if (parts.size() == 2 && parts[1].find('/') == std::string::npos) parts.insert(parts.begin() + 1, parts[0]);
    struct stat info {};
    check(::stat(parts[0].c_str(), &info), "device {}", parts[0]);
    if (!S_ISCHR(info.st_mode) && !S_ISBLK(info.st_mode)) fail(Kind::invalid, "{} is not a device", parts[0]);
    runtime::Device device;
    device.path = parts.size() > 1 && !parts[1].empty() ? parts[1] : parts[0];
    device.type = S_ISBLK(info.st_mode) ? 'b' : 'c';
    device.major = major(info.st_rdev);
    device.minor = minor(info.st_rdev);
    device.file_mode = info.st_mode & 07777;
    device.uid = info.st_uid;
    device.gid = info.st_gid;
    const auto access = parts.size() > 2 ? parts[2] : "rwm";
    facts.device_rules.push_back({true, device.type, device.major, device.minor, access});
    facts.devices.push_back(std::move(device));
}

std::string seccomp_file(const ContainerSpec& spec, SeccompFiles& seccomp) {
    const auto security = parse_security(spec);
    if (!security.seccomp_profile.empty()) return seccomp.for_profile(security.seccomp_profile);
    if (security.unconfined_seccomp) return "";
    return seccomp.for_capabilities(effective_capabilities(spec));
}

/// Sources that must be there, sources to be made, and those that are to be found inside a directory only.
void prepare_bind_sources(StartInput& input) {
    for (const auto& mount : input.view.spec.mounts) {
        if (mount.type != MountSpec::Type::bind) continue;
        const auto confined = confine_source(mount.source, input.shared_directories);
        if (!confined.below.empty()) input.facts.bind_sources[mount.source] = confined;
        if (is_there(confined)) continue;
        if (!mount.create_host_path)
            fail(Kind::not_found, "bind mount source {} does not exist on this host", mount.source);
        make_source(confined);
    }
}

runtime::RootFs root_of(const StartInput& input, const std::string& directory) {
    return {.lower = input.lower,
            .upper = directory + "/upper",
            .work = directory + "/work",
            .volatile_upper = input.view.spec.auto_remove || input.view.spec.of_build};
}

runtime::MonitorSpec monitor_spec(const StartInput& input, const storage::Layout& layout, SeccompFiles& seccomp) {
    const auto& spec = input.view.spec;
    const auto directory = layout.container(input.view.id);
    runtime::MonitorSpec made;
    made.id = input.view.id;
    made.config = oci_config(spec, input.image, input.facts);
    made.root = root_of(input, directory);
    made.state_directory = directory;
    made.seccomp_file = seccomp_file(spec, seccomp);
    made.init = spec.init;
    made.open_stdin = spec.open_stdin;
    made.stdin_once = spec.stdin_once;
    made.log =
        log_settings(input.view, effective_environment(spec, input.image, effective_hostname(spec, input.view.id)));
    return made;
}

}  // namespace

std::string hosts_file(const ContainerView& view) {
    std::string text =
        "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\n"
        "ff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n";
    const auto gateway = view.endpoints.empty() ? "127.0.0.1" : view.endpoints.front().gateway;
    for (const auto& host : view.spec.extra_hosts) {
        const auto [address, name] = extra_host(host, gateway);
        text += address + "\t" + name + "\n";
    }
    auto name = effective_hostname(view.spec, view.id);
    if (!view.spec.domainname.empty()) name = name + "." + view.spec.domainname + " " + name;
    for (const auto& endpoint : view.endpoints) text += endpoint.address + "\t" + name + "\n";
    return text;
}

std::string resolv_conf_file(const ContainerView& view, const std::string& host_text) {
    const auto& spec = view.spec;
    std::string text;
    std::vector<std::string> options = spec.dns_options;
    if (!view.endpoints.empty()) {
        text += "nameserver 127.0.0.11\n";
        const auto is_ndots = [](const auto& option) { return option.starts_with("ndots:"); };
        if (std::none_of(options.begin(), options.end(), is_ndots)) options.push_back("ndots:0");
    } else if (spec.dns.empty()) {
        for (const auto& line : split(host_text, '\n'))
            if (line.starts_with("nameserver")) text += line + "\n";
    }
    if (view.endpoints.empty())
        for (const auto& server : spec.dns) text += "nameserver " + server + "\n";
    if (!spec.dns_search.empty()) {
        text += "search " + join(spec.dns_search, " ") + "\n";
    } else {
        for (const auto& line : split(host_text, '\n'))
            if (line.starts_with("search")) text += line + "\n";
    }
    if (!options.empty()) text += "options " + join(options, " ") + "\n";
    return text;
}

void write_network_files(const ContainerView& view, const std::string& directory, const std::string& host_resolv_conf) {
    write_if_changed(directory + "/hosts", hosts_file(view));
    write_if_changed(directory + "/resolv.conf",
                     resolv_conf_file(view, read_file_if_exists(host_resolv_conf).value_or("")));
}

std::string write_container_files(StartInput input, const storage::Layout& layout, SeccompFiles& seccomp,
                                  const std::string& before) {
    const auto& view = input.view;
    const auto directory = layout.container(view.id);
    const auto run = layout.container_run(view.id);
    make_directories(run, 0700);
    prepare_bind_sources(input);
    input.facts.hostname_file = directory + "/hostname";
    input.facts.hosts_file = directory + "/hosts";
    input.facts.resolv_conf_file = directory + "/resolv.conf";
    write_if_changed(input.facts.hostname_file, effective_hostname(view.spec, view.id) + "\n");
    write_network_files(view, directory, input.host_resolv_conf);
    write_given_files(input, run + "/secrets");
    for (const auto& device : view.spec.devices) add_device(device, input.facts);
    const auto spec = to_json(monitor_spec(input, layout, seccomp));
    auto text = spec.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text != before) write_file_atomic(run + "/spec.json", text, 0600, Durable::no);
    // An exit record that is there from now on belongs to this start.
    ::unlink((directory + "/exit.json").c_str());
    return text;
}

runtime::MonitorSpec root_view_spec(StartInput input, const storage::Layout& layout) {
    auto& spec = input.view.spec;
    std::erase_if(spec.mounts, [&](const MountSpec& mount) {
        if (mount.type == MountSpec::Type::tmpfs) return true;
        if (mount.type == MountSpec::Type::volume) return false;
        const auto confined = confine_source(mount.source, input.shared_directories);
        if (!confined.below.empty()) input.facts.bind_sources[mount.source] = confined;
        return !is_there(confined);  // a start would make it, or fail: there is nothing to see yet
    });
    runtime::MonitorSpec made;
    made.id = input.view.id;
    made.state_directory = layout.container(input.view.id);
    made.root = root_of(input, made.state_directory);
    made.config.process.args = {"none"};
    made.config.root_path = made.state_directory;
    made.config.root_readonly = spec.read_only;
    made.config.rootfs_propagation = "rprivate";
    add_mounts(made.config, spec, input.facts);
    return made;
}

}  // namespace hoist::orchestrator
