// SPDX-License-Identifier: Apache-2.0
// What a container gets of its networks while it is up: interfaces, names, published ports.
#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "orchestrator/engine_state.h"

namespace hoist::orchestrator {
namespace {

std::string lower(std::string text) {
    for (auto& letter : text) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    return text;
}

NetworkSetup plug_in(netmgr::Links& links, const std::vector<Networks::Plug>& plugs) {
    NetworkSetup setup{netmgr::make_network_namespace(), std::nullopt};
    for (const auto& plug : plugs) links.attach(setup.netns, plug.network, plug.endpoint);
    setup.dns = netmgr::open_dns_sockets(setup.netns);
    return setup;
}

netmgr::Endpoint netmgr_endpoint(const ContainerId& container, const EndpointState& endpoint, std::size_t index) {
    const auto address = netmgr::parse_address(endpoint.address);
    if (!address) fail(Kind::internal, "address '{}' of network {}", endpoint.address, endpoint.network_name);
    // Rows of an older version have no name: then it is that of its place.
    const auto name = endpoint.interface_name.empty() ? fmt::format("eth{}", index) : endpoint.interface_name;
    return {endpoint.network, container, *address, endpoint.mac, name};
}

/// The network through which the container reaches the outside: highest priority, then not internal, then first.
std::size_t default_route(const std::vector<Networks::Plug>& plugs, const std::vector<EndpointSpec>& wanted) {
    std::size_t best = 0;
    const auto rank = [&](std::size_t i) {
        return std::pair(i < wanted.size() ? wanted[i].gw_priority : 0, !plugs[i].network.internal);
    };
    for (std::size_t i = 1; i < plugs.size(); ++i)
        if (rank(i) > rank(best)) best = i;
    return best;
}

}  // namespace

std::vector<Networks::Plug> Networks::plugs_of(const ContainerId& container,
                                               const std::vector<EndpointState>& endpoints,
                                               const std::vector<EndpointSpec>& wanted) {
    std::vector<Plug> plugs;
    for (const auto& endpoint : endpoints)
        plugs.push_back({get(endpoint.network).bridge, netmgr_endpoint(container, endpoint, plugs.size())});
    if (!plugs.empty()) plugs[default_route(plugs, wanted)].endpoint.default_route = true;
    for (auto& plug : plugs)
        if (plug.network.internal) plug.endpoint.default_route = false;
    return plugs;
}

asio::awaitable<void> Networks::plug_last(Fd netns, ContainerId container, std::vector<EndpointState> endpoints,
                                          std::vector<EndpointSpec> wanted) {
    auto job = [links = links_, netns = std::make_shared<Fd>(std::move(netns)),
                plug = plugs_of(container, endpoints, wanted).back()] {
        links->attach(*netns, plug.network, plug.endpoint);
    };
    co_await on_pool(engine_.pool, std::move(job));
}

asio::awaitable<void> Networks::unplug(Fd netns, ContainerId container, EndpointState gone,
                                       std::vector<EndpointState> left, std::vector<EndpointSpec> wanted) {
    auto job = [links = links_, netns = std::make_shared<Fd>(std::move(netns)),
                plugs = plugs_of(container, left, wanted), gone = netmgr_endpoint(container, gone, 0)] {
        links->detach(gone);
        for (const auto& plug : plugs)
            if (plug.endpoint.default_route) links->route_through(*netns, plug.network, plug.endpoint);
    };
    co_await on_pool(engine_.pool, std::move(job));
}

asio::awaitable<NetworkSetup> Networks::plug(ContainerId container, std::vector<EndpointState> endpoints,
                                             std::vector<EndpointSpec> wanted) {
    auto plugs = plugs_of(container, endpoints, wanted);
    auto job = [links = links_, plugs = std::move(plugs)] { return plug_in(*links, plugs); };
    co_return co_await on_pool(engine_.pool, std::move(job));
}

void Networks::push_names(const Network& network) {
    netmgr::NameTable table;
    for (const auto& [container, names] : network.names) {
        const auto lease = std::find_if(network.leases.begin(), network.leases.end(),
                                        [&](const auto& entry) { return entry.second == container; });
        if (lease == network.leases.end()) continue;
        for (const auto& name : names) table[name].push_back(lease->first);
    }
    dns_.set_names(network.view.id, std::move(table));
}

void Networks::publish_names(const ContainerView& container) {
    for (const auto& endpoint : container.endpoints) {
        auto& network = get(endpoint.network);
        std::set<std::string> names{lower(container.name), container.id.shortened()};
        if (!container.spec.hostname.empty()) names.insert(lower(container.spec.hostname));
        for (const auto& alias : endpoint.aliases) names.insert(lower(alias));
        network.names[container.id] = {names.begin(), names.end()};
        push_names(network);
    }
}

/// Which names it is told, and whether others are asked for it.
Networks::Asker Networks::asker_of(const ContainerView& container) {
    Asker asker{.servers = container.spec.dns};
    for (const auto& endpoint : container.endpoints) {
        asker.networks.push_back(endpoint.network);
        asker.outside = asker.outside || !get(endpoint.network).bridge.internal;
    }
    return asker;
}

void Networks::change_names(const ContainerView& container) {
    const auto is_on = [&](const NetworkId& id) {
        return std::any_of(container.endpoints.begin(), container.endpoints.end(),
                           [&](const auto& endpoint) { return endpoint.network == id; });
    };
    for (auto& [id, network] : networks_)
        if (!is_on(id) && network.names.erase(container.id) > 0) push_names(network);
    publish_names(container);
    auto asker = asker_of(container);
    dns_.set_networks(container.id, std::move(asker.networks), asker.outside);
}

void Networks::serve_names(const ContainerView& container, netmgr::DnsSockets sockets) {
    publish_names(container);
    Asker asker = asker_of(container);
    asker.sockets = std::move(sockets);
    if (held_)
        held_->insert_or_assign(container.id, std::move(asker));
    else
        answer(container.id, std::move(asker));
}

void Networks::answer(const ContainerId& container, Asker asker) {
    dns_.add(container, std::move(asker.sockets), std::move(asker.networks), asker.outside, std::move(asker.servers));
}

void Networks::answer_names() {
    auto held = std::exchange(held_, std::nullopt).value_or(std::map<ContainerId, Asker>{});
    for (auto& [container, asker] : held) answer(container, std::move(asker));
}

void Networks::forget_names(const ContainerId& container) {
    if (held_) held_->erase(container);
    dns_.remove(container);
    for (auto& [id, network] : networks_)
        if (network.names.erase(container) > 0) push_names(network);
}

void Networks::reserve(const ContainerId& container, const std::vector<PublishedPortState>& ports,
                       const EndpointState& to) {
    const auto address = netmgr::parse_address(to.address);
    for (const auto& port : ports) {
        const auto host = host_port(port);
        ports_.emplace(host, container);
        if (address)
            published_[container].push_back(
                {host.address, host.port, host.protocol, to.network, *address, port.container_port});
    }
}

asio::awaitable<std::vector<PublishedPortState>> Networks::publish(ContainerId container, std::vector<PortSpec> wanted,
                                                                   EndpointState to) {
    // Others may publish while we look at the host's sockets, so what they took meanwhile is looked at again.
    const auto nobody = [](const HostPort&) { return std::string(); };
    const auto name_of = [this](const ContainerId& id) {
        return id.empty() ? std::string("itself (published twice)") : engine_.name_of(id);
    };
    auto chosen = allocate_ports(wanted, ports_, name_of, nobody);
    std::map<HostPort, std::string> held;
    for (;;) {
        reserve(container, chosen, to);
        std::vector<HostPort> ask;
        for (const auto& port : chosen) ask.push_back(host_port(port));
        std::exception_ptr failure;
        bool again = false;
        try {
            auto job = [ask] {
                std::vector<std::string> found;
                for (const auto& port : ask)
                    found.push_back(netmgr::port_holder(port.address, port.port, port.protocol));
                return found;
            };
            const auto holders = co_await on_pool(engine_.pool, std::move(job));
            for (std::size_t i = 0; i < ask.size(); ++i)
                if (!holders[i].empty()) held[ask[i]] = holders[i], again = true;
            if (!again) co_await apply_firewall();
        } catch (...) {
            failure = std::current_exception();
        }
        if (!again && !failure) co_return chosen;
        std::erase_if(ports_, [&](const auto& entry) { return entry.second == container; });
        published_.erase(container);
        if (failure) std::rethrow_exception(failure);
        chosen = allocate_ports(wanted, ports_, name_of, [&](const HostPort& port) {
            const auto it = held.find(port);
            return it == held.end() ? std::string() : it->second;
        });
    }
}

void Networks::restore_ports(const ContainerView& container) {
    if (!container.ports.empty() && !container.endpoints.empty())
        reserve(container.id, container.ports, container.endpoints.front());
}

asio::awaitable<void> Networks::retarget_ports(const ContainerView& container) {
    std::erase_if(ports_, [&](const auto& entry) { return entry.second == container.id; });
    published_.erase(container.id);
    restore_ports(container);
    co_await apply_firewall();
}

asio::awaitable<void> Networks::unpublish(ContainerId container) {
    const auto removed = std::erase_if(ports_, [&](const auto& entry) { return entry.second == container; });
    published_.erase(container);
    if (removed > 0) co_await apply_firewall();
}

netmgr::FirewallState Networks::firewall_state() const {
    netmgr::FirewallState state;
    for (const auto& [id, network] : networks_) state.networks.push_back(network.bridge);
    for (const auto& [container, ports] : published_) state.ports.insert(state.ports.end(), ports.begin(), ports.end());
    return state;
}

asio::awaitable<void> Networks::apply_firewall() {
    const auto mine = ++wanted_;
    const auto permit = co_await applying_.acquire();
    if (applied_ >= mine) co_return;  // somebody's later application said ours too
    const auto covers = wanted_;
    auto job = [firewall = firewall_, state = firewall_state()] {
        if (state.networks.empty())
            firewall->remove();  // nothing of ours is left in the kernel
        else
            firewall->apply(state);
    };
    co_await on_pool(engine_.pool, std::move(job));
    applied_ = covers;
}

}  // namespace hoist::orchestrator
