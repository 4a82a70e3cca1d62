#pragma once
// SPDX-License-Identifier: Apache-2.0
// A project while it is being made: the model, and where each part of it was written.

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
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
    StringMap config_digests, secret_digests;                           ///< of contents, where they are known
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

    /// Notes that a key is accepted, shown by `config`, and does nothing here.
    void set_aside(const std::string& key, const Origin& where, const Node& node);
};
using ServiceHandler = void (*)(ServiceDecoder&, const std::string& key, const Node&);

/// What reads the value of a field: a reference to a callable that lives at least until read_fields returns.
class FieldReader {
public:
    template <class Call>
    requires std::is_invocable_v<const Call&, const Node&> FieldReader(
        const Call& call)  // NOLINT(google-explicit-constructor): written in tables
        : object_(&call),
          call_([](const void* object, const Node& node) { (*static_cast<const Call*>(object))(node); }) {}
    void operator()(const Node& node) const { call_(object_, node); }

private:
    const void* object_;
    void (*call_)(const void*, const Node&);
};

/// A key of an object with fixed keys. What is idle is read, so that it must be well-formed, and has no effect.
struct Field {
    std::string_view name;
    FieldReader read;
    bool idle = false;
};
constexpr bool idle = true;

/// Reads an object with fixed keys; x-* is let through, what is unknown reported with a suggestion.
void read_fields(Values& values, ProjectDraft& project, const std::string& what, const Node& map,
                 std::initializer_list<Field> fields);
/// `x-on-change`: recreate, none, `signal: SIGHUP` or `exec: [...]`.
void read_on_change(Values& values, ProjectDraft& project, const Node& node, std::optional<OnChange>& out);
void unknown_key(Values& values, const std::string& what, const Entry& entry, const std::vector<std::string>& known,
                 const std::map<std::string, std::string>& synonyms = {});

void decode_service(Context& context, ProjectDraft& project, const Entry& entry);
void decode_objects(Context& context, ProjectDraft& project, const Node& tree);

/// A service key: its name, and what reads it. What is idle is read, so that it must be well-formed, and does nothing.
struct ServiceKey {
    const char* name;
    ServiceHandler handler;
    bool idle = false;
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
void decode_block_io(ServiceDecoder&, const std::string&, const Node&);
void decode_realtime(ServiceDecoder&, const std::string&, const Node&);
void decode_hooks(ServiceDecoder&, const std::string&, const Node&);
void decode_develop(ServiceDecoder&, const std::string&, const Node&);
void decode_probe(ServiceDecoder&, const std::string&, const Node&);
void decode_schedule(ServiceDecoder&, const std::string&, const Node&);
/// Keys that are valid and do nothing here: gpus, models, credential_spec, ...
void decode_idle(ServiceDecoder&, const std::string&, const Node&);
/// Requests for devices of drivers: `gpus`, `deploy.resources.reservations.devices`. Only checked.
void read_device_requests(ServiceDecoder&, const std::string& key, const Node& node);
/// One hook, of a list of hooks or of `develop.watch`.
Hook read_hook(ServiceDecoder&, const std::string& key, const Node& node, bool has_image);
/// Variables, some without a value: those are the environment's, or removed (nullopt).
void read_variables(Values& values, const std::string& key, const Node& node,
                    std::map<std::string, std::optional<std::string>>& out);
/// "host=address" lines, checked.
void read_extra_hosts(Values& values, const std::string& key, const Node& node, std::vector<std::string>& out);
void read_ulimits(ServiceDecoder&, const std::string& key, const Node& node, std::map<std::string, Ulimit>& out);
/// Configs or secrets given to a service, or secrets given to a build.
void read_grants(ServiceDecoder&, const std::string& key, const Node& node, const std::string& folder,
                 std::vector<Grant>& grants);
/// After all other keys: `deploy` must agree with its older twins.
void decode_deploy(ServiceDecoder&, const Node&);

/// Notes that a service needs another one, unless the file says so itself.
void add_edge(ServiceDecoder&, const std::string& service, const char* kind, const Origin& where, bool restart);

}  // namespace hoist::compose
