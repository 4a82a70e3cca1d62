// SPDX-License-Identifier: Apache-2.0
#include "compose/shape.h"

#include <fmt/format.h>

#include <algorithm>

#include "compose/short_form.h"

namespace hoist::compose {
namespace {

bool all_scalars(const Node& list) {
    return std::all_of(list.items.begin(), list.items.end(), [](const Node& n) { return n.is_scalar(); });
}

/// The place of a part of a scalar that is written as itself.
Origin part_of(const Node& node, std::size_t offset, std::size_t length) {
    if (node.interpolated || node.where.length == 0) return node.where;
    const std::size_t quote = node.where.length == node.text.size() ? 0 : 1;
    if (node.where.length != node.text.size() + 2 * quote) return node.where;
    return {node.where.file, static_cast<std::uint32_t>(node.where.pos + quote + offset),
            static_cast<std::uint32_t>(length), node.where.trail};
}

/// Turns a list into a map; `make` says which key and value an entry stands for.
void list_to_map(Node& node, Entry (*make)(Node)) {
    if (!node.is_sequence() || !all_scalars(node)) return;
    Node map = map_node(node.where);
    map.tag = node.tag;
    for (auto& item : node.items) {
        Entry entry = make(std::move(item));
        if (Entry* before = map.entry(entry.key))
            *before = std::move(entry);
        else
            map.entries.push_back(std::move(entry));
    }
    node = std::move(map);
}

void key_values(Node& node) {
    list_to_map(node, [](Node item) {
        const auto equals = item.text.find('=');
        Entry entry{item.text.substr(0, equals), part_of(item, 0, std::min(equals, item.text.size())), {}};
        entry.value.where = item.where;
        if (equals == std::string::npos) return entry;
        entry.value =
            scalar_node(item.text.substr(equals + 1), part_of(item, equals + 1, item.text.size() - equals - 1));
        entry.value.interpolated = item.interpolated;
        return entry;
    });
}

void names(Node& node) {
    list_to_map(node, [](Node item) {
        Entry entry{item.text, item.where, {}};
        entry.value.where = item.where;
        return entry;
    });
}

void one_or_many(Node& node) {
    if (!node.is_scalar()) return;
    Node list;
    list.kind = Node::Kind::sequence;
    list.where = node.where, list.tag = node.tag;
    list.items.push_back(std::move(node));
    node = std::move(list);
}

void under_key(Node& node, const char* key) {
    if (!node.is_scalar()) return;
    Node map = map_node(node.where);
    map.tag = node.tag;
    const Origin where = node.where;
    map.entries.push_back({key, where, std::move(node)});
    node = std::move(map);
}

/// A map of host names to one address or several, as the list that it abbreviates.
void host_list(Node& node) {
    if (!node.is_map()) return;
    Node list;
    list.kind = Node::Kind::sequence;
    list.where = node.where, list.tag = node.tag;
    for (auto& entry : node.entries) {
        one_or_many(entry.value);
        for (auto& address : entry.value.items) {
            Node item = scalar_node(entry.key + "=" + address.text, entry.key_where);
            item.interpolated = true;
            list.items.push_back(std::move(item));
        }
    }
    node = std::move(list);
}

std::string text_of(const Node& node, std::string_view key) {
    const Node* found = node.find(key);
    return found && found->is_scalar() ? found->text : "";
}

std::string whole(const Node& node) {
    if (node.is_scalar()) return node.text;
    std::string text;
    for (const auto& item : node.items) text += whole(item) + "\x1f";
    for (const auto& entry : node.entries) text += entry.key + "\x1e" + whole(entry.value) + "\x1f";
    return text;
}

std::string port_identity(const Node& node) {
    const auto of = [](std::string ip, const std::string& published, const std::string& target, std::string protocol) {
        if (ip.empty()) ip = "0.0.0.0";
        if (protocol.empty()) protocol = "tcp";
        return fmt::format("{}:{}:{}/{}", ip, published, target, protocol);
    };
    if (node.is_map())
        return of(text_of(node, "host_ip"), text_of(node, "published"), text_of(node, "target"),
                  text_of(node, "protocol"));
    TextProblem problem;
    const auto ports = parse_ports(node.text, problem);
    if (!ports) return node.text;
    std::string text;
    for (const auto& port : *ports) {
        std::string published = port.published ? std::to_string(port.published) : "";
        if (port.published_end) published += "-" + std::to_string(port.published_end);
        if (&port != &ports->front()) text += ",";
        text += of(port.host_ip, published, std::to_string(port.target), port.protocol);
    }
    return text;
}

std::string volume_identity(const Node& node) {
    if (node.is_map()) return text_of(node, "target");
    TextProblem problem;
    const auto volume = parse_short_volume(node.text, problem);
    return volume ? volume->target : node.text;
}

std::string device_identity(const Node& node) {
    if (node.is_map()) return node.find("target") ? text_of(node, "target") : text_of(node, "source");
    const auto first = node.text.find(':');
    if (first == std::string::npos) return node.text;
    return node.text.substr(first + 1, node.text.find(':', first + 1) - first - 1);
}

template <char base>
std::string grant_identity(const Node& node) {
    const std::string source = node.is_map() ? text_of(node, "source") : node.text;
    std::string target = node.is_map() ? text_of(node, "target") : "";
    if (target.empty()) target = source;
    if (!target.starts_with('/')) target = (base == 's' ? "/run/secrets/" : "/") + target;
    return target;
}

std::string path_identity(const Node& node) {
    return node.is_map() ? text_of(node, "path") : node.text;
}
std::string subnet_identity(const Node& node) {
    return text_of(node, "subnet");
}
std::string up_to_equals(const Node& node) {
    return node.is_scalar() ? node.text.substr(0, node.text.find('=')) : whole(node);
}

const Shape replace{.how = Shape::How::replace};
const Shape key_value_map{.long_form = key_values};
const Shape name_map{.long_form = names};
const Shape unique_words{.identity = up_to_equals};
const Shape unique_whole{.identity = whole};
const Shape word_or_words{.long_form = one_or_many, .identity = up_to_equals};
const Shape paths{.long_form = one_or_many, .identity = path_identity};
const Shape hosts{.long_form = host_list, .identity = whole};
const Shape ports{.identity = port_identity};
const Shape mount_volume{.children = {{"labels", &key_value_map}}};
const Shape mount{.children = {{"volume", &mount_volume}}};
const Shape volumes{.identity = volume_identity, .each = &mount};
const Shape devices{.identity = device_identity};
const Shape configs{.identity = grant_identity<'c'>};
const Shape secrets{.identity = grant_identity<'s'>};
const Shape ulimits{.each = &replace};
const Shape healthcheck{.children = {{"test", &replace}}};
const Shape logging{.how = Shape::How::logging};
const Shape deploy{.children = {{"labels", &key_value_map}}};
const Shape labelled{.children = {{"labels", &key_value_map}}};
const Shape attachment{.children = {{"aliases", &unique_words}, {"link_local_ips", &unique_words}}};
const Shape attachments{.long_form = names, .each = &attachment};
const Shape blkio_devices{.identity = path_identity};
const Shape blkio{.children = {{"weight_device", &blkio_devices},
                               {"device_read_bps", &blkio_devices},
                               {"device_write_bps", &blkio_devices},
                               {"device_read_iops", &blkio_devices},
                               {"device_write_iops", &blkio_devices}}};
const Shape build{.long_form = [](Node& node) { under_key(node, "context"); },
                  .children = {{"args", &key_value_map},
                               {"labels", &key_value_map},
                               {"additional_contexts", &key_value_map},
                               {"tags", &unique_words},
                               {"ssh", &key_value_map},
                               {"secrets", &secrets},
                               {"extra_hosts", &hosts},
                               {"ulimits", &ulimits}}};
const Shape hook{.children = {{"command", &replace}, {"environment", &key_value_map}}};
const Shape hook_list{.each = &hook};
const Shape watch_rule{.children = {{"exec", &hook}}};
const Shape watch_rules{.each = &watch_rule};
const Shape develop{.children = {{"watch", &watch_rules}}};
const Shape extends{.how = Shape::How::replace, .long_form = [](Node& node) { under_key(node, "service"); }};

const Shape service{.children = {{"annotations", &key_value_map},
                                 {"blkio_config", &blkio},
                                 {"build", &build},
                                 {"cap_add", &unique_words},
                                 {"cap_drop", &unique_words},
                                 {"command", &replace},
                                 {"configs", &configs},
                                 {"depends_on", &name_map},
                                 {"deploy", &deploy},
                                 {"post_start", &hook_list},
                                 {"pre_start", &hook_list},
                                 {"pre_stop", &hook_list},
                                 {"develop", &develop},
                                 {"devices", &devices},
                                 {"dns", &word_or_words},
                                 {"dns_opt", &unique_words},
                                 {"dns_search", &word_or_words},
                                 {"entrypoint", &replace},
                                 {"env_file", &paths},
                                 {"environment", &key_value_map},
                                 {"expose", &unique_whole},
                                 {"extends", &extends},
                                 {"extra_hosts", &hosts},
                                 {"healthcheck", &healthcheck},
                                 {"label_file", &paths},
                                 {"labels", &key_value_map},
                                 {"links", &unique_words},
                                 {"logging", &logging},
                                 {"models", &name_map},
                                 {"networks", &attachments},
                                 {"ports", &ports},
                                 {"profiles", &unique_words},
                                 {"secrets", &secrets},
                                 {"sysctls", &key_value_map},
                                 {"tmpfs", &word_or_words},
                                 {"ulimits", &ulimits},
                                 {"volumes", &volumes}}};

const Shape subnets{.identity = subnet_identity};
const Shape ipam{.children = {{"config", &subnets}}};
const Shape network{.children = {{"labels", &key_value_map}, {"ipam", &ipam}}};
const Shape services_of_file{.each = &service};
const Shape networks_of_file{.each = &network};
const Shape labelled_objects{.each = &labelled};
const Shape file{.children = {{"services", &services_of_file},
                              {"networks", &networks_of_file},
                              {"volumes", &labelled_objects},
                              {"configs", &labelled_objects},
                              {"secrets", &labelled_objects}}};

}  // namespace

const Shape& file_shape() {
    return file;
}
const Shape& service_shape() {
    return service;
}

}  // namespace hoist::compose
