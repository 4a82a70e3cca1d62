#pragma once
// SPDX-License-Identifier: Apache-2.0
// The engine's networks: who has which address, which names and ports are published, what the kernel is told.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "netmgr/dns.h"
#include "netmgr/firewall.h"
#include "netmgr/network.h"
#include "orchestrator/engine.h"
#include "orchestrator/port_allocator.h"
#include "orchestrator/sync.h"

namespace hoist::orchestrator {

struct Network {
    NetworkView view;
    netmgr::BridgeNetwork bridge;
    std::optional<netmgr::Subnet> range;
    std::map<netmgr::Address, ContainerId> leases;
    std::optional<netmgr::Address> last;  ///< given last, so that a freed address is not reused at once
    /// Names of containers that are up, for the resolver.
    std::map<ContainerId, std::vector<std::string>> names;
};

/// What a container's process is plugged into.
struct NetworkSetup {
    Fd netns;
    std::optional<netmgr::DnsSockets> dns;
};

class Networks {
public:
    explicit Networks(Engine::State& engine);

    void load(const std::vector<storage::NetworkRow>& rows, const std::vector<storage::LeaseRow>& leases);
    /// Makes all bridges and the firewall say what the tables say. For the start.
    asio::awaitable<void> ensure_all();

    asio::awaitable<NetworkId> create(NetworkSpec spec);
    asio::awaitable<void> remove(std::string name);
    /// The network of Docker's default name, made when it is first needed.
    asio::awaitable<NetworkId> default_network();
    Network* find(const std::string& name_or_id);
    Network& get(const NetworkId& id);
    std::map<NetworkId, Network>& all() { return networks_; }

    /// Leases an address: `wanted` if not empty. Takes effect in memory; the caller stores it.
    /// An address of a container that does not run may be asked for by another one, which has it from then on.
    /// @throws Error(conflict) that names the owner
    netmgr::Address lease(const NetworkId& network, const ContainerId& container, const std::string& wanted);
    /// Before a start: takes the addresses that others got meanwhile. @return what has to be stored
    /// @throws Error(conflict) if one of them is in use
    std::vector<storage::LeaseRow> reclaim(const ContainerView& container);
    void release(const ContainerId& container);
    void release(const ContainerId& container, const NetworkId& network);

    /// Makes a namespace plugged into the container's networks, with resolver sockets. Blocking work on the pool.
    asio::awaitable<NetworkSetup> plug(ContainerId container, std::vector<EndpointState> endpoints,
                                       std::vector<EndpointSpec> wanted);
    /// Plugs the last one of a running container's endpoints in.
    asio::awaitable<void> plug_last(Fd netns, ContainerId container, std::vector<EndpointState> endpoints,
                                    std::vector<EndpointSpec> wanted);
    /// Unplugs one that has left; one of those that are left becomes the way out.
    asio::awaitable<void> unplug(Fd netns, ContainerId container, EndpointState gone, std::vector<EndpointState> left,
                                 std::vector<EndpointSpec> wanted);
    /// After a change of a running container's endpoints: its names there, and which names it is told.
    void change_names(const ContainerView& container);
    /// The same of its published ports, which lead to its first endpoint.
    asio::awaitable<void> retarget_ports(const ContainerView& container);
    /// Publishes a container's names on its networks and hands its sockets to the resolver.
    void serve_names(const ContainerView& container, netmgr::DnsSockets sockets);
    void forget_names(const ContainerId& container);
    /// While the daemon takes in what runs, no question is answered, for a name that is not known yet would be denied;
    /// questions wait in the containers' sockets. answer_names() ends that.
    void hold_names() { held_.emplace(); }
    void answer_names();

    /// Takes host ports for a container: chosen, reserved and put into the firewall.
    asio::awaitable<std::vector<PublishedPortState>> publish(ContainerId container, std::vector<PortSpec> wanted,
                                                             EndpointState to);
    /// Those that it has already, after a restart of the daemon.
    void restore_ports(const ContainerView& container);
    asio::awaitable<void> unpublish(ContainerId container);
    const PortTable& ports() const { return ports_; }
    bool firewall_intact() { return firewall_->intact(); }
    asio::awaitable<void> apply_firewall();
    netmgr::Links& links() { return *links_; }

    /// One interface to make.
    struct Plug {
        netmgr::BridgeNetwork network;
        netmgr::Endpoint endpoint;
    };

private:
    std::vector<Plug> plugs_of(const ContainerId& container, const std::vector<EndpointState>& endpoints,
                               const std::vector<EndpointSpec>& wanted);
    /// What the resolver is told of a container.
    struct Asker {
        netmgr::DnsSockets sockets;
        std::vector<NetworkId> networks;
        bool outside = false;
        std::vector<std::string> servers;
    };
    /// Whether it is made and does not run, nor waits for a restart.
    bool is_idle(const ContainerId& id) const;
    Asker asker_of(const ContainerView& container);
    void publish_names(const ContainerView& container);
    void push_names(const Network& network);
    void answer(const ContainerId& container, Asker asker);
    void reserve(const ContainerId& container, const std::vector<PublishedPortState>& ports, const EndpointState& to);
    netmgr::FirewallState firewall_state() const;
    asio::awaitable<netmgr::Subnet> choose_subnet(std::string asked);

    Engine::State& engine_;
    std::map<NetworkId, Network> networks_;
    std::shared_ptr<netmgr::Links> links_;
    std::shared_ptr<netmgr::Firewall> firewall_;
    netmgr::DnsServer dns_;
    std::optional<std::map<ContainerId, Asker>> held_;
    PortTable ports_;
    std::map<ContainerId, std::vector<netmgr::PublishedPort>> published_;
    Semaphore creating_, applying_;
    std::uint64_t wanted_ = 0, applied_ = 0;  ///< generations of the firewall
    bool forwarding_ = false;
};

/// The network as a view of its JSON row and back.
Json to_json(const NetworkView& view);
NetworkView network_view_from_json(const Json& object);

}  // namespace hoist::orchestrator
