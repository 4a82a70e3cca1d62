#pragma once
// SPDX-License-Identifier: Apache-2.0
// A project while it is being made: the model, and where each part of it was written.

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "compose/model.h"
#include "compose/node.h"
#include "compose/values.h"

namespace hoist::compose {

struct EnvFileUse {
    std::string path;
    Origin where;
    bool required = true, raw = false;
};
struct LinkUse {
    std::string service, alias;
};
struct MountsFrom {
    std::string service;
    bool read_only = false;
    Origin where;
};

struct Draft {
    Service service;
    Origin where;                              ///< of its name
    std::map<std::string, Origin> places;      ///< "ports.2", "depends_on.db", "networks.back.ipv4_address"
    std::map<std::string, std::string> edges;  ///< what makes it depend on another: "depends_on", "links", ...
    std::map<std::string, std::optional<std::string>> environment;  ///< of `environment:`, over env_file
    std::vector<EnvFileUse> env_files, label_files;
    std::vector<LinkUse> links;
    std::vector<MountsFrom> mounts_from;
    std::string mac_address;
    StringMap labels;

    Origin place(const std::string& key) const {
        const auto found = places.find(key);
        return found == places.end() ? where : found->second;
    }
};

struct ProjectDraft {
    Project project;
    std::map<std::string, Draft> services;
    std::map<std::string, Origin> networks, volumes, configs, secrets;  ///< where each is defined
    std::vector<std::pair<std::string, Origin>> no_effect;              ///< what was accepted and does nothing
};

/// Decodes a merged tree. Mistakes go to the context's report.
ProjectDraft decode_project(Context& context, const Node& tree);

// ---- parts of decode_project ----

struct ServiceDecoder {
    Values& values;
    Draft& draft;
    Service& service;
    ProjectDraft& project;
};
using ServiceHandler = void (*)(ServiceDecoder&, const std::string& key, const Node&);

/// A key of an object with fixed keys. Without a handler it is accepted and has no effect.
struct Field {
    std::string name;
    std::function<void(const Node&)> read;
};
/// Reads an object with fixed keys; x-* is let through, what is unknown reported with a suggestion.
void read_fields(Values& values, ProjectDraft& project, const std::string& what, const Node& map,
                 const std::vector<Field>& fields);
void unknown_key(Values& values, const std::string& what, const Entry& entry, const std::vector<std::string>& known,
                 const std::map<std::string, std::string>& synonyms = {});

void decode_service(Context& context, ProjectDraft& project, const Entry& entry);
void decode_objects(Context& context, ProjectDraft& project, const Node& tree);

/// Every service key: its name, and its handler (none: accepted without effect).
struct ServiceKey {
    const char* name;
    ServiceHandler handler;
};
const std::vector<ServiceKey>& service_keys();

// Handlers that are more than one assignment.
void decode_ports(ServiceDecoder&, const std::string&, const Node&);
void decode_expose(ServiceDecoder&, const std::string&, const Node&);
void decode_networks(ServiceDecoder&, const std::string&, const Node&);
void decode_namespace(ServiceDecoder&, const std::string&, const Node&);
void decode_links(ServiceDecoder&, const std::string&, const Node&);
void decode_extra_hosts(ServiceDecoder&, const std::string&, const Node&);
void decode_volumes(ServiceDecoder&, const std::string&, const Node&);
void decode_tmpfs(ServiceDecoder&, const std::string&, const Node&);
void decode_volumes_from(ServiceDecoder&, const std::string&, const Node&);
void decode_grants(ServiceDecoder&, const std::string&, const Node&);
void decode_devices(ServiceDecoder&, const std::string&, const Node&);
void decode_environment(ServiceDecoder&, const std::string&, const Node&);
void decode_env_file(ServiceDecoder&, const std::string&, const Node&);
void decode_depends_on(ServiceDecoder&, const std::string&, const Node&);
void decode_healthcheck(ServiceDecoder&, const std::string&, const Node&);
void decode_restart(ServiceDecoder&, const std::string&, const Node&);
void decode_ulimits(ServiceDecoder&, const std::string&, const Node&);
void decode_logging(ServiceDecoder&, const std::string&, const Node&);
void decode_security_opt(ServiceDecoder&, const std::string&, const Node&);
void decode_build(ServiceDecoder&, const std::string&, const Node&);
/// After all other keys: `deploy` must agree with its older twins.
void decode_deploy(ServiceDecoder&, const Node&);

/// Notes that a service needs another one, unless the file says so itself.
void add_edge(ServiceDecoder&, const std::string& service, const char* kind, const Origin& where, bool restart);

}  // namespace hoist::compose
