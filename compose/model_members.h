#pragma once
// SPDX-License-Identifier: Apache-2.0
// The members of each type of the model with their names in JSON, and the words of its enumerations. Internal to
// model_json.cpp.

#include <array>

#include "compose/model.h"

namespace hoist::compose {
namespace {

template <class Visit>
void members(Visit& v, Port*) {
    v("host_ip", &Port::host_ip), v("published", &Port::published), v("published_end", &Port::published_end);
    v("target", &Port::target), v("protocol", &Port::protocol), v("name", &Port::name);
    v("app_protocol", &Port::app_protocol), v("mode", &Port::mode);
}
template <class Visit>
void members(Visit& v, Mount*) {
    v("type", &Mount::type), v("source", &Mount::source), v("target", &Mount::target);
    v("read_only", &Mount::read_only), v("propagation", &Mount::propagation);
    v("create_host_path", &Mount::create_host_path), v("no_copy", &Mount::no_copy), v("subpath", &Mount::subpath);
    v("tmpfs_size", &Mount::tmpfs_size), v("tmpfs_mode", &Mount::tmpfs_mode);
    v("tmpfs_options", &Mount::tmpfs_options), v("recursive", &Mount::recursive), v("selinux", &Mount::selinux);
    v("consistency", &Mount::consistency), v("labels", &Mount::labels);
}
template <class Visit>
void members(Visit& v, ServiceNetwork*) {
    v("aliases", &ServiceNetwork::aliases), v("ipv4_address", &ServiceNetwork::ipv4_address);
    v("mac_address", &ServiceNetwork::mac_address), v("interface_name", &ServiceNetwork::interface_name);
    v("gw_priority", &ServiceNetwork::gw_priority), v("ipv6_address", &ServiceNetwork::ipv6_address);
    v("link_local_ips", &ServiceNetwork::link_local_ips), v("driver_opts", &ServiceNetwork::driver_opts);
    v("priority", &ServiceNetwork::priority);
}
template <class Visit>
void members(Visit& v, Dependency*) {
    v("condition", &Dependency::condition), v("restart", &Dependency::restart), v("required", &Dependency::required);
}
template <class Visit>
void members(Visit& v, Healthcheck*) {
    v("disabled", &Healthcheck::disabled), v("test", &Healthcheck::test), v("interval", &Healthcheck::interval);
    v("timeout", &Healthcheck::timeout), v("start_period", &Healthcheck::start_period);
    v("start_interval", &Healthcheck::start_interval), v("retries", &Healthcheck::retries);
}
template <class Visit>
void members(Visit& v, OnChange*) {
    v("how", &OnChange::how), v("signal", &OnChange::signal), v("command", &OnChange::command);
}
template <class Visit>
void members(Visit& v, Grant*) {
    v("source", &Grant::source), v("target", &Grant::target), v("uid", &Grant::uid), v("gid", &Grant::gid);
    v("mode", &Grant::mode), v("digest", &Grant::digest), v("on_change", &Grant::on_change);
}
template <class Visit>
void members(Visit& v, RestartPolicy*) {
    v("name", &RestartPolicy::name), v("max_retries", &RestartPolicy::max_retries);
    v("delay", &RestartPolicy::delay), v("window", &RestartPolicy::window);
}
template <class Visit>
void members(Visit& v, Ulimit*) {
    v("soft", &Ulimit::soft), v("hard", &Ulimit::hard);
}
template <class Visit>
void members(Visit& v, Logging*) {
    v("driver", &Logging::driver), v("options", &Logging::options);
}
template <class Visit>
void members(Visit& v, Build*) {
    v("context", &Build::context), v("dockerfile", &Build::dockerfile);
    v("dockerfile_inline", &Build::dockerfile_inline), v("target", &Build::target), v("network", &Build::network);
    v("isolation", &Build::isolation), v("provenance", &Build::provenance), v("sbom", &Build::sbom);
    v("args", &Build::args), v("labels", &Build::labels), v("additional_contexts", &Build::additional_contexts);
    v("cache_from", &Build::cache_from), v("cache_to", &Build::cache_to);
    v("no_cache_filter", &Build::no_cache_filter), v("platforms", &Build::platforms), v("tags", &Build::tags);
    v("entitlements", &Build::entitlements), v("extra_hosts", &Build::extra_hosts), v("ssh", &Build::ssh);
    v("secrets", &Build::secrets), v("ulimits", &Build::ulimits), v("shm_size", &Build::shm_size);
    v("no_cache", &Build::no_cache), v("pull", &Build::pull), v("privileged", &Build::privileged);
}
template <class Visit>
void members(Visit& v, Hook*) {
    v("command", &Hook::command), v("image", &Hook::image), v("user", &Hook::user);
    v("working_dir", &Hook::working_dir), v("privileged", &Hook::privileged);
    v("per_replica", &Hook::per_replica), v("environment", &Hook::environment);
}
template <class Visit>
void members(Visit& v, Probe*) {
    v("type", &Probe::type), v("host", &Probe::host), v("port", &Probe::port), v("path", &Probe::path);
    v("body", &Probe::body), v("status_from", &Probe::status_from), v("status_to", &Probe::status_to);
    v("headers", &Probe::headers);
}
template <class Visit>
void members(Visit& v, Schedule*) {
    v("cron", &Schedule::cron), v("timezone", &Schedule::timezone), v("overlap", &Schedule::overlap);
}
template <class Visit>
void members(Visit& v, WatchRule*) {
    v("path", &WatchRule::path), v("action", &WatchRule::action), v("target", &WatchRule::target);
    v("ignore", &WatchRule::ignore), v("include", &WatchRule::include);
    v("initial_sync", &WatchRule::initial_sync), v("exec", &WatchRule::exec);
}
template <class Visit>
void members(Visit& v, UpdateConfig*) {
    v("parallelism", &UpdateConfig::parallelism), v("delay", &UpdateConfig::delay);
    v("monitor", &UpdateConfig::monitor), v("failure_action", &UpdateConfig::failure_action);
    v("max_failure_ratio", &UpdateConfig::max_failure_ratio), v("order", &UpdateConfig::order);
}
template <class Visit>
void members(Visit& v, DeviceRate*) {
    v("path", &DeviceRate::path), v("rate", &DeviceRate::rate);
}
template <class Visit>
void members(Visit& v, BlockIo*) {
    v("weight", &BlockIo::weight), v("weight_device", &BlockIo::weight_device), v("read_bps", &BlockIo::read_bps);
    v("write_bps", &BlockIo::write_bps), v("read_iops", &BlockIo::read_iops), v("write_iops", &BlockIo::write_iops);
}
/// What config_hash covers.
template <class Visit>
void hashed_members(Visit& v, Service*) {
    v("name", &Service::name), v("image", &Service::image), v("command", &Service::command);
    v("entrypoint", &Service::entrypoint), v("environment", &Service::environment), v("labels", &Service::labels);
    v("annotations", &Service::annotations), v("sysctls", &Service::sysctls);
    v("container_name", &Service::container_name), v("hostname", &Service::hostname);
    v("domainname", &Service::domainname), v("user", &Service::user), v("working_dir", &Service::working_dir);
    v("stop_signal", &Service::stop_signal), v("platform", &Service::platform), v("runtime", &Service::runtime);
    v("stop_grace_period", &Service::stop_grace_period), v("init", &Service::init), v("tty", &Service::tty);
    v("stdin_open", &Service::stdin_open), v("read_only", &Service::read_only);
    v("privileged", &Service::privileged), v("attach", &Service::attach), v("ports", &Service::ports);
    v("expose", &Service::expose), v("mounts", &Service::mounts), v("configs", &Service::configs);
    v("secrets", &Service::secrets), v("networks", &Service::networks), v("network_mode", &Service::network_mode);
    v("ipc", &Service::ipc), v("pid", &Service::pid), v("uts", &Service::uts), v("cgroup", &Service::cgroup);
    v("userns_mode", &Service::userns_mode), v("cgroup_parent", &Service::cgroup_parent), v("dns", &Service::dns);
    v("dns_search", &Service::dns_search), v("dns_opt", &Service::dns_opt), v("extra_hosts", &Service::extra_hosts);
    v("healthcheck", &Service::healthcheck), v("restart", &Service::restart);
    v("on_unhealthy", &Service::on_unhealthy), v("memory", &Service::memory);
    v("memory_reservation", &Service::memory_reservation), v("memory_swap", &Service::memory_swap);
    v("shm_size", &Service::shm_size), v("cpus", &Service::cpus), v("cpu_shares", &Service::cpu_shares);
    v("cpu_quota", &Service::cpu_quota), v("cpu_period", &Service::cpu_period), v("pids_limit", &Service::pids_limit);
    v("cpuset", &Service::cpuset), v("oom_score_adj", &Service::oom_score_adj), v("ulimits", &Service::ulimits);
    v("cap_add", &Service::cap_add), v("cap_drop", &Service::cap_drop), v("security_opt", &Service::security_opt);
    v("group_add", &Service::group_add), v("devices", &Service::devices);
    v("device_cgroup_rules", &Service::device_cgroup_rules), v("logging", &Service::logging);
    v("extensions", &Service::extensions), v("external_links", &Service::external_links);
    v("probe", &Service::probe), v("pre_start", &Service::pre_start), v("cpu_rt_period", &Service::cpu_rt_period);
    v("cpu_rt_runtime", &Service::cpu_rt_runtime), v("memory_swappiness", &Service::memory_swappiness);
    v("oom_kill_disable", &Service::oom_kill_disable), v("block_io", &Service::block_io);
    v("storage_opt", &Service::storage_opt);
}
template <class Visit>
void members(Visit& v, Service* tag) {
    hashed_members(v, tag);
    v("build", &Service::build), v("pull_policy", &Service::pull_policy);
    v("pull_refresh_after", &Service::pull_refresh_after), v("depends_on", &Service::depends_on);
    v("scale", &Service::scale), v("profiles", &Service::profiles), v("post_start", &Service::post_start);
    v("pre_stop", &Service::pre_stop), v("schedule", &Service::schedule), v("on_change", &Service::on_change);
    v("watch", &Service::watch), v("update_config", &Service::update_config);
    v("rollback_config", &Service::rollback_config), v("deploy_labels", &Service::deploy_labels);
    v("deploy_mode", &Service::deploy_mode), v("endpoint_mode", &Service::endpoint_mode);
    v("unapplied", &Service::unapplied);
}
template <class Visit>
void members(Visit& v, Ipam*) {
    v("subnet", &Ipam::subnet), v("ip_range", &Ipam::ip_range), v("gateway", &Ipam::gateway);
    v("aux_addresses", &Ipam::aux_addresses);
}
template <class Visit>
void members(Visit& v, Network*) {
    v("key", &Network::key), v("name", &Network::name), v("driver", &Network::driver);
    v("external", &Network::external), v("internal", &Network::internal), v("enable_ipv6", &Network::enable_ipv6);
    v("attachable", &Network::attachable), v("driver_opts", &Network::driver_opts), v("labels", &Network::labels);
    v("ipam", &Network::ipam), v("enable_ipv4", &Network::enable_ipv4), v("ipam_driver", &Network::ipam_driver);
    v("ipam_options", &Network::ipam_options);
}
template <class Visit>
void members(Visit& v, Volume*) {
    v("key", &Volume::key), v("name", &Volume::name), v("driver", &Volume::driver), v("external", &Volume::external);
    v("driver_opts", &Volume::driver_opts), v("labels", &Volume::labels);
}
template <class Visit>
void members(Visit& v, FileObject*) {
    v("key", &FileObject::key), v("name", &FileObject::name), v("external", &FileObject::external);
    v("file", &FileObject::file), v("content", &FileObject::content), v("environment", &FileObject::environment);
    v("labels", &FileObject::labels), v("driver", &FileObject::driver), v("driver_opts", &FileObject::driver_opts);
    v("template_driver", &FileObject::template_driver), v("on_change", &FileObject::on_change);
}
template <class Visit>
void members(Visit& v, Project*) {
    v("name", &Project::name), v("working_dir", &Project::working_dir), v("config_files", &Project::config_files);
    v("environment_files", &Project::environment_files), v("services", &Project::services);
    v("networks", &Project::networks), v("volumes", &Project::volumes), v("configs", &Project::configs);
    v("secrets", &Project::secrets), v("models", &Project::models), v("extensions", &Project::extensions);
}

// The words of each enumeration, in the order of its values.
constexpr std::array<const char*, 4> names_of(Mount::Type) {
    return {"bind", "volume", "tmpfs", "image"};
}
constexpr std::array<const char*, 7> names_of(Probe::Type) {
    return {"http", "tcp", "fastcgi", "mysql", "redis", "log", "file"};
}
constexpr std::array<const char*, 3> names_of(Schedule::Overlap) {
    return {"skip", "wait", "replace"};
}
constexpr std::array<const char*, 4> names_of(OnChange::How) {
    return {"recreate", "signal", "exec", "none"};
}
constexpr std::array<const char*, 3> names_of(Dependency::Condition) {
    return {"started", "healthy", "completed"};
}
constexpr std::array<const char*, 4> names_of(RestartPolicy::Name) {
    return {"no", "always", "on-failure", "unless-stopped"};
}
constexpr std::array<const char*, 2> names_of(OnUnhealthy) {
    return {"restart", "none"};
}

}  // namespace
}  // namespace hoist::compose
