// SPDX-License-Identifier: Apache-2.0
#include "cli/creation_options.h"

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "base/units.h"

namespace hoist::cli {
namespace {

[[noreturn]] void fail_form(const char* option, const std::string& text, const char* form) {
    throw UsageError(fmt::format("{}: '{}' is not {}", option, escape_for_terminal(text), form));
}

/// "NAME=VALUE" @throws UsageError
std::pair<std::string, std::string> pair_of(const char* option, const std::string& text) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) fail_form(option, text, "NAME=VALUE");
    return {text.substr(0, equals), text.substr(equals + 1)};
}

std::int64_t nanoseconds(const Arguments& arguments, const std::string& key) {
    const auto duration = parse_duration(arguments.get(key));
    if (!duration) fail_form(("--" + key).c_str(), arguments.get(key), "a duration such as 30s");
    return duration->count();
}

void add_network(const Arguments& arguments, Json& body) {
    Json& host = body["HostConfig"];
    for (const auto& [option, field] : {std::pair{"dns", "Dns"},
                                        {"dns-search", "DnsSearch"},
                                        {"dns-option", "DnsOptions"},
                                        {"add-host", "ExtraHosts"}})
        if (arguments.has(option)) host[field] = arguments.all(option);
    if (!arguments.has("ip") && !arguments.has("network-alias") && !arguments.has("mac-address")) return;
    const std::string network = arguments.get("network", "bridge");
    Json settings = {{"Aliases", arguments.all("network-alias")}, {"MacAddress", arguments.get("mac-address")}};
    if (arguments.has("ip")) settings["IPAMConfig"]["IPv4Address"] = arguments.get("ip");
    body["NetworkingConfig"]["EndpointsConfig"][network] = std::move(settings);
}

void add_health(const Arguments& arguments, Json& body) {
    Json check = Json::object();
    if (arguments.flag("no-healthcheck")) check["Test"] = {"NONE"};
    if (arguments.has("health-cmd")) check["Test"] = {"CMD-SHELL", arguments.get("health-cmd")};
    for (const auto& [option, field] : {std::pair{"health-interval", "Interval"},
                                        {"health-timeout", "Timeout"},
                                        {"health-start-period", "StartPeriod"},
                                        {"health-start-interval", "StartInterval"}})
        if (arguments.has(option)) check[field] = nanoseconds(arguments, option);
    if (const auto retries = arguments.number("health-retries")) check["Retries"] = *retries;
    if (!check.empty()) body["Healthcheck"] = std::move(check);
}

/// "nofile=1024:2048"
Json ulimit(const std::string& text) {
    const auto [name, limits] = pair_of("--ulimit", text);
    const auto parts = split(limits, ':');
    const auto number = [&](const std::string& digits) -> std::int64_t {
        if (digits == "unlimited" || digits == "-1") return -1;
        if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos || digits.size() > 18)
            fail_form("--ulimit", text, "NAME=SOFT[:HARD]");
        return std::stoll(digits);
    };
    return {{"Name", name}, {"Soft", number(parts[0])}, {"Hard", number(parts.back())}};
}

/// "type=volume,source=data,target=/data,readonly"
Json mount(const std::string& text) {
    Json made = {{"Type", "volume"}};
    for (const auto& part : split(text, ',')) {
        const auto equals = part.find('=');
        const std::string key = part.substr(0, equals),
                          value = equals == std::string::npos ? "true" : part.substr(equals + 1);
        if (key == "type")
            made["Type"] = value;
        else if (key == "source" || key == "src")
            made["Source"] = value;
        else if (key == "target" || key == "dst" || key == "destination")
            made["Target"] = value;
        else if (key == "readonly" || key == "ro")
            made["ReadOnly"] = value != "false" && value != "0";
        else if (key == "bind-propagation")
            made["BindOptions"]["Propagation"] = value;
        else if (key == "volume-nocopy")
            made["VolumeOptions"]["NoCopy"] = value != "false";
        else if (key == "volume-subpath")
            made["VolumeOptions"]["Subpath"] = value;
        else if (key == "tmpfs-size")
            made["TmpfsOptions"]["SizeBytes"] = parse_bytes(value).value_or(Bytes{-1}).count;
        else if (key == "tmpfs-mode")
            made["TmpfsOptions"]["Mode"] = std::stol(value, nullptr, 8);
        else
            fail_form("--mount", text, "made of known fields (type, source, target, readonly, ...)");
    }
    if (!made.contains("Target")) fail_form("--mount", text, "complete: target= is missing");
    return made;
}

Json device(const std::string& text) {
    const auto parts = split(text, ':');
    return {{"PathOnHost", parts[0]},
            {"PathInContainer", parts.size() > 1 ? parts[1] : parts[0]},
            {"CgroupPermissions", parts.size() > 2 ? parts[2] : "rwm"}};
}

/// Lines of "NAME=VALUE", or "NAME" for the caller's own; "#" begins a comment.
void add_env_file(const std::string& path, Json& environment) {
    for (const auto& line : split(read_file(path), '\n')) {
        const std::string text(trim(line));
        if (text.empty() || text[0] == '#') continue;
        const char* own = text.find('=') == std::string::npos ? std::getenv(text.c_str()) : nullptr;
        if (text.find('=') != std::string::npos)
            environment.push_back(text);
        else if (own)
            environment.push_back(text + "=" + own);
    }
}

void add_host_config(const Arguments& arguments, Json& host) {
    for (const auto& text : arguments.all("ulimit")) host["Ulimits"].push_back(ulimit(text));
    for (const auto& text : arguments.all("mount")) host["Mounts"].push_back(mount(text));
    for (const auto& text : arguments.all("device")) host["Devices"].push_back(device(text));
    if (arguments.has("group-add")) host["GroupAdd"] = arguments.all("group-add");
    for (const auto& text : arguments.all("sysctl")) {
        const auto [name, value] = pair_of("--sysctl", text);
        host["Sysctls"][name] = value;
    }
    if (arguments.has("shm-size")) {
        const auto size = parse_bytes(arguments.get("shm-size"));
        if (!size) fail_form("--shm-size", arguments.get("shm-size"), "a size such as 64m");
        host["ShmSize"] = size->count;
    }
}

}  // namespace

Options further_creation_options() {
    return {{"--ip", "ADDRESS", "address on the network; default: a free one"},
            {"--network-alias", "NAME", "further name there; may be repeated"},
            {"--mac-address", "MAC", "hardware address there"},
            {"--dns", "ADDRESS", "DNS server; may be repeated"},
            {"--dns-search", "DOMAIN", "may be repeated"},
            {"--dns-option", "OPTION", "may be repeated"},
            {"--add-host", "NAME:ADDRESS", "line for /etc/hosts; may be repeated"},
            {"--mount", "type=...,source=...,target=...", "volume, bind or tmpfs; may be repeated"},
            {"--env-file", "FILE", "variables, one a line; may be repeated"},
            {"--ulimit", "NAME=SOFT[:HARD]", "may be repeated"},
            {"--sysctl", "NAME=VALUE", "may be repeated"},
            {"--device", "HOST[:CONTAINER[:rwm]]", "may be repeated"},
            {"--group-add", "GROUP", "may be repeated"},
            {"--shm-size", "SIZE", "of /dev/shm"},
            {"--stop-timeout", "SECONDS", "between the stop signal and SIGKILL"},
            {"--domainname", "NAME", "domain name"},
            {"--health-cmd", "COMMAND", "command that tells whether it is healthy"},
            {"--health-interval", "DURATION", "between two checks"},
            {"--health-timeout", "DURATION", "of one check"},
            {"--health-retries", "N", "failures in a row that make it unhealthy"},
            {"--health-start-period", "DURATION", "in which failures do not count"},
            {"--health-start-interval", "DURATION", "between two checks in it"},
            {"--no-healthcheck", "", "without the image's check"}};
}

void add_further_options(const Arguments& arguments, Json& body) {
    add_network(arguments, body);
    add_health(arguments, body);
    add_host_config(arguments, body["HostConfig"]);
    for (const auto& path : arguments.all("env-file")) add_env_file(path, body["Env"]);
    if (arguments.has("domainname")) body["Domainname"] = arguments.get("domainname");
    if (const auto seconds = arguments.number("stop-timeout")) body["StopTimeout"] = *seconds;
}

}  // namespace hoist::cli
