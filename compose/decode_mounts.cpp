// SPDX-License-Identifier: Apache-2.0
// Service keys about files: volumes, tmpfs, volumes_from, configs, secrets, devices.
#include <fmt/format.h>

#include <algorithm>

#include "base/path.h"
#include "base/text.h"
#include "compose/draft.h"
#include "compose/short_form.h"

namespace hoist::compose {
namespace {

void add_mount(ServiceDecoder& d, Mount mount, const Origin& where) {
    mount.target = clean_path(mount.target);
    const std::string place = "mounts." + mount.target;
    for (const auto& other : d.service.mounts) {
        if (other.target != mount.target) continue;
        d.values.error("C09", where, fmt::format("two mounts on {}", mount.target))
            .others.push_back(d.values.context().sources.span(d.draft.place(place), "the first"));
        return;
    }
    d.draft.places[place] = where;
    d.service.mounts.push_back(std::move(mount));
}

bool is_propagation(const std::string& word) {
    static const std::vector<std::string> words = {"rprivate", "private", "rshared", "shared", "rslave", "slave"};
    return std::find(words.begin(), words.end(), word) != words.end();
}

void decode_short_volume(ServiceDecoder& d, const Node& node) {
    TextProblem problem;
    const auto volume = parse_short_volume(node.text, problem);
    if (!volume) {
        d.values.error("C05", locate(d.values.context().sources, node, problem.offset, problem.length),
                       fmt::format("`volumes`: {}", problem.message));
        return;
    }
    Mount mount{.type = volume->is_bind() ? Mount::Type::bind : Mount::Type::volume, .target = volume->target};
    mount.source = volume->is_bind() ? d.values.path_of(node, volume->source) : volume->source;
    for (const auto& option : volume->options) {
        if (option == "ro")
            mount.read_only = true;
        else if (option == "nocopy")
            mount.no_copy = true;
        else if (is_propagation(option))
            mount.propagation = option;
        else if (option != "rw" && option != "z" && option != "Z" && option != "cached" && option != "delegated" &&
                 option != "consistent" && !option.empty())
            d.values.warning("C12", locate(d.values.context().sources, node, node.text.rfind(option), option.size()),
                             fmt::format("`volumes`: option \"{}\" is unknown and has no effect", option));
    }
    if (!volume->is_bind())
        d.draft.places["volumes." + volume->source] =
            locate(d.values.context().sources, node, 0, volume->source.size());
    add_mount(d, std::move(mount), node.where);
}

void decode_long_volume(ServiceDecoder& d, const Node& node) {
    Mount mount;
    std::string type, source;
    const Node* source_node = nullptr;
    const auto text = [&](const char* key, std::string& out) {
        return [&d, key, &out](const Node& n) { d.values.read(key, n, out); };
    };
    const auto flag = [&](const char* key, bool& out) {
        return [&d, key, &out](const Node& n) { d.values.read(key, n, out); };
    };
    const auto none = [](const Node&) {};
    read_fields(
        d.values, d.project, "volumes", node,
        {{"type", text("type", type)},
         {"source", [&](const Node& n) { source_node = &n, d.values.read("source", n, source); }},
         {"target", text("target", mount.target)},
         {"read_only", flag("read_only", mount.read_only)},
         {"consistency", text("consistency", mount.consistency), idle},
         {"bind",
          [&](const Node& n) {
              read_fields(
                  d.values, d.project, "bind", n,
                  {{"propagation", text("propagation", mount.propagation)},
                   {"create_host_path", flag("create_host_path", mount.create_host_path)},
                   {"recursive",
                    [&](const Node& v) {
                        static const std::vector<std::string> words = {"enabled", "disabled", "writable", "readonly"};
                        d.values.read("recursive", v, mount.recursive);
                        if (std::find(words.begin(), words.end(), mount.recursive) == words.end())
                            d.values.error("C05", v.where, fmt::format("`recursive` cannot be {}", describe(v)),
                                           suggest(mount.recursive, words));
                    }},
                   {"selinux", text("selinux", mount.selinux), idle}});
          }},
         {"volume",
          [&](const Node& n) {
              read_fields(d.values, d.project, "volume", n,
                          {{"nocopy", flag("nocopy", mount.no_copy)},
                           {"subpath", text("subpath", mount.subpath)},
                           {"labels", [&](const Node& v) { d.values.read("labels", v, mount.labels); }}});
          }},
         {"tmpfs",
          [&](const Node& n) {
              read_fields(d.values, d.project, "tmpfs", n,
                          {{"size", [&](const Node& v) { d.values.read("size", v, mount.tmpfs_size); }},
                           {"mode", [&](const Node& v) { d.values.read_mode("mode", v, mount.tmpfs_mode); }},
                           {"x-options", text("x-options", mount.tmpfs_options)}});
          }},
         {"image",
          [&](const Node& n) {
              read_fields(d.values, d.project, "image", n, {{"subpath", text("subpath", mount.subpath)}});
          }},
         {"cluster", none, idle}});
    if (mount.target.empty() || !mount.target.starts_with('/')) {
        d.values.error("C05", node.where, "`volumes`: `target` must be an absolute path in the container");
        return;
    }
    if (type == "bind") {
        mount.type = Mount::Type::bind;
        if (source.empty())
            d.values.error("C04", node.where, "`volumes`: a bind mount needs `source`");
        else
            mount.source = d.values.path_of(*source_node, source);
    } else if (type == "volume") {
        mount.source = source;
        if (source_node) d.draft.places["volumes." + source] = source_node->where;
    } else if (type == "tmpfs") {
        mount.type = Mount::Type::tmpfs;
    } else if (type == "image") {
        mount.type = Mount::Type::image;
        mount.source = source;
        if (source.empty()) d.values.error("C04", node.where, "`volumes`: an image mount needs `source`");
    } else {
        static const std::vector<std::string> types = {"bind", "volume", "tmpfs", "image"};
        d.values.error(type.empty() ? "C04" : "C05", node.where,
                       type.empty() ? "`volumes`: `type` is missing"
                                    : fmt::format("`volumes`: type \"{}\" is not available", type),
                       suggest(type, types));
        return;
    }
    for (const auto& entry : node.entries)
        if (entry.value.is_map() && entry.key != type && !entry.key.starts_with("x-"))
            d.values.warning("C12", entry.key_where,
                             fmt::format("`volumes`: `{}` has no effect on a mount of type {}", entry.key, type));
    add_mount(d, std::move(mount), node.where);
}

}  // namespace

void decode_volumes(ServiceDecoder& d, const std::string& key, const Node& node) {
    if (!d.values.is_list(key, node)) return;
    for (const auto& item : node.items) {
        if (item.is_map())
            decode_long_volume(d, item);
        else if (d.values.is_text("an entry of volumes", item))
            decode_short_volume(d, item);
    }
}

void decode_tmpfs(ServiceDecoder& d, const std::string& key, const Node& node) {
    if (!d.values.is_list(key, node)) return;
    for (const auto& item : node.items) {
        if (!d.values.is_text("an entry of tmpfs", item)) continue;
        const auto colon = item.text.find(':');
        Mount mount{.type = Mount::Type::tmpfs, .target = item.text.substr(0, colon)};
        if (!mount.target.starts_with('/')) {
            d.values.error("C05", item.where, fmt::format("`tmpfs`: \"{}\" is not an absolute path", mount.target));
            continue;
        }
        std::vector<std::string> rest;
        for (const auto& option : split(colon == std::string::npos ? "" : item.text.substr(colon + 1), ',')) {
            Node value = scalar_node(option.substr(option.find('=') + 1), item.where);
            value.plain = true;
            if (option.starts_with("size=") && option.find('%') == std::string::npos)
                d.values.read("size", value, mount.tmpfs_size);
            else if (option.starts_with("mode="))
                d.values.read_mode("mode", value, mount.tmpfs_mode);
            else if (option == "ro")
                mount.read_only = true;
            else if (!option.empty())
                rest.push_back(option);
        }
        mount.tmpfs_options = join(rest, ",");
        add_mount(d, std::move(mount), item.where);
    }
}

void decode_volumes_from(ServiceDecoder& d, const std::string& key, const Node& node) {
    if (!d.values.is_list(key, node)) return;
    for (const auto& item : node.items) {
        if (!d.values.is_text("an entry of volumes_from", item)) continue;
        const auto parts = split(item.text, ':');
        if (parts[0] == "container") {
            d.values.error("C12", item.where, "`volumes_from` of a container outside the project is not available",
                           "name a service");
            continue;
        }
        d.draft.mounts_from.push_back({parts[0], parts.size() > 1 && parts[1] == "ro", item.where});
        add_edge(d, parts[0], "volumes_from", item.where, false);
    }
}

void read_grants(ServiceDecoder& d, const std::string& key, const Node& node, const std::string& folder,
                 std::vector<Grant>& grants) {
    if (!d.values.is_list(key, node)) return;
    for (const auto& item : node.items) {
        Grant grant;
        if (item.is_map()) {
            read_fields(d.values, d.project, key, item,
                        {{"source", [&](const Node& n) { d.values.read("source", n, grant.source); }},
                         {"target", [&](const Node& n) { d.values.read("target", n, grant.target); }},
                         {"uid", [&](const Node& n) { d.values.read("uid", n, grant.uid); }},
                         {"gid", [&](const Node& n) { d.values.read("gid", n, grant.gid); }},
                         {"mode", [&](const Node& n) { d.values.read_mode("mode", n, grant.mode); }}});
            if (grant.source.empty()) {
                d.values.error("C04", item.where, fmt::format("an entry of `{}` needs `source`", key));
                continue;
            }
        } else if (d.values.is_text("an entry of " + key, item)) {
            grant.source = item.text;
        } else {
            continue;
        }
        if (grant.target.empty()) grant.target = grant.source;
        if (!grant.target.starts_with('/')) grant.target = folder + grant.target;
        const Node* source = item.is_map() ? item.find("source") : &item;
        d.draft.places[fmt::format("{}.{}", key, grant.source)] = source->where;
        grants.push_back(std::move(grant));
    }
}

void decode_grants(ServiceDecoder& d, const std::string& key, const Node& node) {
    const bool secret = key == "secrets";
    read_grants(d, key, node, secret ? "/run/secrets/" : "/", secret ? d.service.secrets : d.service.configs);
}

void decode_devices(ServiceDecoder& d, const std::string& key, const Node& node) {
    if (!d.values.is_list(key, node)) return;
    for (const auto& item : node.items) {
        std::string source, target, permissions = "rwm";
        if (item.is_map()) {
            read_fields(d.values, d.project, key, item,
                        {{"source", [&](const Node& n) { d.values.read("source", n, source); }},
                         {"target", [&](const Node& n) { d.values.read("target", n, target); }},
                         {"permissions", [&](const Node& n) { d.values.read("permissions", n, permissions); }}});
        } else if (d.values.is_text("an entry of devices", item)) {
            const auto parts = split(item.text, ':');
            source = parts[0];
            if (parts.size() > 1) target = parts[1];
            if (parts.size() > 2) permissions = parts[2];
            if (parts.size() > 3)
                d.values.error("C05", item.where, "`devices`: there are too many colons: HOST[:CONTAINER[:rwm]]");
        } else {
            continue;
        }
        if (target.find_first_not_of("rwm") == std::string::npos && !target.empty())
            std::swap(target, permissions), target.clear();
        if (permissions.find_first_not_of("rwm") != std::string::npos || permissions.empty())
            d.values.error("C05", item.where,
                           fmt::format("`devices`: permissions \"{}\" are not made of r, w and m", permissions));
        if (!source.starts_with('/'))
            d.values.error("C05", item.where, fmt::format("`devices`: \"{}\" is not an absolute path", source));
        d.service.devices.push_back(fmt::format("{}:{}:{}", source, target.empty() ? source : target, permissions));
    }
}

}  // namespace hoist::compose
