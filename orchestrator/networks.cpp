// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/networks.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "orchestrator/container_actor.h"
#include "orchestrator/engine_state.h"

namespace hoist::orchestrator {
namespace {

void check_network_name(const std::string& name) {
    const auto good = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '.' || c == '-'; };
    if (name.empty() || !std::isalnum(static_cast<unsigned char>(name.front())) ||
        !std::all_of(name.begin(), name.end(), good))
        fail(Kind::invalid, "network name '{}': use letters, digits, '_', '.', '-', and begin with a letter or digit",
             name);
    if (name == "host" || name == "none") fail(Kind::conflict, "network name '{}' has a meaning of its own", name);
}

netmgr::Subnet subnet_of(const std::string& text, const char* what) {
    const auto subnet = netmgr::parse_subnet(text);
    if (!subnet) fail(Kind::invalid, "{} '{}' is not an IPv4 subnet such as 172.28.0.0/16", what, text);
    return *subnet;
}

bool option(const std::map<std::string, std::string>& options, const char* key, bool fallback) {
    const auto it = options.find(key);
    return it == options.end() ? fallback : it->second != "false" && it->second != "0";
}

int mtu_of(const NetworkSpec& spec) {
    const auto it = spec.options.find("com.docker.network.driver.mtu");
    if (it == spec.options.end()) return 1500;
    const int mtu = std::atoi(it->second.c_str());
    if (mtu < 68 || mtu > 65535) fail(Kind::invalid, "network {}: mtu '{}' is out of range", spec.name, it->second);
    return mtu;
}

/// The view with its parsed parts. @throws Error(invalid)
Network network_of(NetworkView view) {
    Network network;
    const auto& spec = view.spec;
    network.bridge = {.id = view.id,
                      .name = spec.name,
                      .bridge = netmgr::bridge_name(view.id),
                      .subnet = subnet_of(spec.subnet, "subnet"),
                      .internal = spec.internal,
                      .masquerade = option(spec.options, "com.docker.network.bridge.enable_ip_masquerade", true),
                      .inter_container = option(spec.options, "com.docker.network.bridge.enable_icc", true),
                      .mtu = mtu_of(spec)};
    const auto gateway =
        spec.gateway.empty() ? network.bridge.subnet.first_host() : netmgr::parse_address(spec.gateway);
    if (!gateway || !network.bridge.subnet.contains(*gateway))
        fail(Kind::invalid, "gateway '{}' does not lie in subnet {}", spec.gateway, spec.subnet);
    network.bridge.gateway = *gateway;
    if (!spec.ip_range.empty()) network.range = subnet_of(spec.ip_range, "ip_range");
    view.bridge = network.bridge.bridge;
    view.spec.subnet = to_string(network.bridge.subnet);
    view.spec.gateway = to_string(*gateway);
    network.view = std::move(view);
    return network;
}

}  // namespace

Json to_json(const NetworkView& view) {
    const auto& spec = view.spec;
    return {{"driver", spec.driver},     {"subnet", spec.subnet},
            {"gateway", spec.gateway},   {"ip_range", spec.ip_range},
            {"internal", spec.internal}, {"options", spec.options},
            {"labels", spec.labels},     {"created", view.created.time_since_epoch().count()}};
}

NetworkView network_view_from_json(const Json& object) {
    NetworkView view;
    auto& spec = view.spec;
    spec.driver = json_value<std::string>(object, "driver", "bridge");
    spec.subnet = json_value<std::string>(object, "subnet", "");
    spec.gateway = json_value<std::string>(object, "gateway", "");
    spec.ip_range = json_value<std::string>(object, "ip_range", "");
    spec.internal = json_value(object, "internal", false);
    spec.options = json_value(object, "options", spec.options);
    spec.labels = json_value(object, "labels", spec.labels);
    view.created = TimePoint(Nanoseconds(json_value<std::int64_t>(object, "created", 0)));
    return view;
}

Networks::Networks(Engine::State& engine)
    : engine_(engine),
      links_(std::make_shared<netmgr::Links>()),
      firewall_(std::make_shared<netmgr::Firewall>()),
      dns_(engine.config.resolv_conf),
      creating_(engine.executor(), 1),
      applying_(engine.executor(), 1) {}

void Networks::load(const std::vector<storage::NetworkRow>& rows, const std::vector<storage::LeaseRow>& leases) {
    for (const auto& row : rows) {
        auto view = network_view_from_json(parse_json(row.spec, "network " + row.name));
        view.id = row.id;
        view.spec.name = row.name;
        view.spec.project = row.project;
        networks_.emplace(row.id, network_of(std::move(view)));
    }
    for (const auto& lease : leases) {
        const auto it = networks_.find(lease.network);
        const auto address = netmgr::parse_address(lease.address);
        if (it != networks_.end() && address) it->second.leases.emplace(*address, lease.container);
    }
}

asio::awaitable<void> Networks::ensure_all() {
    std::vector<netmgr::BridgeNetwork> bridges;
    for (const auto& [id, network] : networks_) bridges.push_back(network.bridge);
    if (bridges.empty()) co_return;
    forwarding_ = true;
    auto job = [links = links_, bridges] {
        netmgr::enable_forwarding();
        for (const auto& bridge : bridges) links->ensure_bridge(bridge);
    };
    co_await on_pool(engine_.pool, std::move(job));
    co_await apply_firewall();
}

Network* Networks::find(const std::string& name_or_id) {
    for (auto& [id, network] : networks_)
        if (network.view.spec.name == name_or_id) return &network;
    if (name_or_id.size() < 4) return nullptr;
    Network* found = nullptr;
    for (auto& [id, network] : networks_) {
        if (!id.str().starts_with(name_or_id)) continue;
        if (found) return nullptr;  // ambiguous
        found = &network;
    }
    return found;
}

Network& Networks::get(const NetworkId& id) {
    const auto it = networks_.find(id);
    if (it != networks_.end()) return it->second;
    if (auto* named = find(id.str())) return *named;
    fail(Kind::not_found, "no such network: {}", id);
}

asio::awaitable<netmgr::Subnet> Networks::choose_subnet(std::string asked) {
    if (asked.empty()) {
        auto job = [links = links_] { return links->host_subnets(); };
        auto taken = co_await on_pool(engine_.pool, std::move(job));
        for (const auto& [id, network] : networks_) taken.push_back(network.bridge.subnet);
        co_return netmgr::allocate_subnet(engine_.config.address_pools, taken);
    }
    const auto subnet = subnet_of(asked, "subnet");
    for (const auto& [id, network] : networks_)
        if (network.bridge.subnet.overlaps(subnet))
            fail(Kind::conflict, "subnet {} overlaps {} of network {}", asked, to_string(network.bridge.subnet),
                 network.view.spec.name);
    co_return subnet;
}

asio::awaitable<NetworkId> Networks::create(NetworkSpec spec) {
    const auto permit = co_await creating_.acquire();
    check_network_name(spec.name);
    if (spec.driver.empty() || spec.driver == "default") spec.driver = "bridge";
    if (spec.driver != "bridge")
        fail(Kind::invalid, "network {}: driver '{}' is not available; use bridge", spec.name, spec.driver);
    if (const auto* other = find(spec.name); other && other->view.spec.name == spec.name)
        fail(Kind::conflict, "network with name {} already exists", spec.name);
    spec.subnet = to_string(co_await choose_subnet(spec.subnet));
    NetworkView view{.id = NetworkId::random(), .spec = std::move(spec), .created = now()};
    const auto network = network_of(std::move(view));
    const auto id = network.view.id;
    networks_.emplace(id, network);
    const storage::NetworkRow row{id, network.view.spec.name, network.view.spec.project,
                                  to_json(network.view).dump(-1, ' ', false, Json::error_handler_t::replace)};
    std::exception_ptr failure;
    try {
        // The row first: a bridge without a row is a leftover that the next start removes.
        auto write = [row](storage::Transaction& transaction) { transaction.put(row); };
        co_await engine_.commit(std::move(write));
        auto job = [links = links_, bridge = network.bridge, first = !std::exchange(forwarding_, true)] {
            if (first) netmgr::enable_forwarding();
            links->ensure_bridge(bridge);
        };
        co_await on_pool(engine_.pool, std::move(job));
        co_await apply_firewall();
    } catch (...) {
        failure = std::current_exception();
        networks_.erase(id);
    }
    if (failure) {
        auto write2 = [id](storage::Transaction& transaction) { transaction.remove_network(id); };
        co_await engine_.commit(std::move(write2));
        auto job2 = [links = links_, bridge = network.bridge] { links->remove_bridge(bridge); };
        co_await on_pool(engine_.pool, std::move(job2));
        std::rethrow_exception(failure);
    }
    engine_.events.publish("network", "create", id.str(), {{"name", row.name}, {"type", "bridge"}});
    co_return id;
}

asio::awaitable<NetworkId> Networks::default_network() {
    if (const auto* network = find("bridge")) co_return network->view.id;
    NetworkSpec spec{.name = "bridge"};
    try {
        co_return co_await create(std::move(spec));
    } catch (const Error& error) {
        if (error.kind() != Kind::conflict || !find("bridge")) throw;
    }
    co_return find("bridge")->view.id;  // somebody else made it meanwhile
}

asio::awaitable<void> Networks::remove(std::string name) {
    const auto permit = co_await creating_.acquire();
    auto* network = find(name);
    if (!network) fail(Kind::not_found, "no such network: {}", name);
    if (!network->leases.empty()) {
        std::vector<std::string> users;
        for (const auto& [address, container] : network->leases) users.push_back(engine_.name_of(container));
        fail(Kind::conflict, "network {} is in use by container {}", network->view.spec.name, join(users, ", "));
    }
    const auto id = network->view.id;
    const auto shown = network->view.spec.name;
    const auto bridge = network->bridge;
    networks_.erase(id);
    auto write = [id](storage::Transaction& transaction) { transaction.remove_network(id); };
    co_await engine_.commit(std::move(write));
    dns_.remove_network(id);
    auto job = [links = links_, bridge] { links->remove_bridge(bridge); };
    co_await on_pool(engine_.pool, std::move(job));
    co_await apply_firewall();
    engine_.events.publish("network", "destroy", id.str(), {{"name", shown}, {"type", "bridge"}});
}

netmgr::Address Networks::lease(const NetworkId& id, const ContainerId& container, const std::string& wanted) {
    auto& network = get(id);
    if (wanted.empty()) {
        std::set<netmgr::Address> used;
        for (const auto& [address, owner] : network.leases) used.insert(address);
        const auto address =
            netmgr::allocate_address(network.bridge.subnet, network.range, network.bridge.gateway, used, network.last);
        network.leases.emplace(address, container);
        network.last = address;
        return address;
    }
    const auto address = netmgr::parse_address(wanted);
    if (!address || !network.bridge.subnet.contains(*address))
        fail(Kind::invalid, "address {} does not lie in subnet {} of network {}", wanted, network.view.spec.subnet,
             network.view.spec.name);
    if (*address == network.bridge.gateway)
        fail(Kind::conflict, "address {} is the gateway of network {}", wanted, network.view.spec.name);
    const auto [it, added] = network.leases.emplace(*address, container);
    if (!added && it->second != container) {
        // One that does not run has its address until somebody asks for it, as clients do that make a container anew
        // before they remove the old one. It takes it again when it starts.
        if (!is_idle(it->second))
            fail(Kind::conflict, "address {} on network {} is already used by container {}", wanted,
                 network.view.spec.name, engine_.name_of(it->second));
        it->second = container;
    }
    return *address;
}

bool Networks::is_idle(const ContainerId& id) const {
    const auto it = engine_.containers.find(id);
    if (it == engine_.containers.end()) return false;  // being made
    const auto& state = it->second->view().state;
    return std::holds_alternative<Created>(state) || std::holds_alternative<Exited>(state);
}

std::vector<storage::LeaseRow> Networks::reclaim(const ContainerView& container) {
    std::vector<storage::LeaseRow> taken;
    for (const auto& endpoint : container.endpoints) {
        const auto& leases = get(endpoint.network).leases;
        const auto address = netmgr::parse_address(endpoint.address);
        const auto it = address ? leases.find(*address) : leases.end();
        if (it != leases.end() && it->second == container.id) continue;
        lease(endpoint.network, container.id, endpoint.address);
        taken.push_back({endpoint.network, container.id, endpoint.address});
    }
    return taken;
}

void Networks::release(const ContainerId& container, const NetworkId& id) {
    std::erase_if(get(id).leases, [&](const auto& lease) { return lease.second == container; });
}

void Networks::release(const ContainerId& container) {
    for (auto& [id, network] : networks_)
        std::erase_if(network.leases, [&](const auto& lease) { return lease.second == container; });
}

}  // namespace hoist::orchestrator
