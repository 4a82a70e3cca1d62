// SPDX-License-Identifier: Apache-2.0
// Joining and leaving networks, of containers that run and that do not. A running one is plugged in before the row says
// so, and the row forgets a network before the plug is pulled: what a crash leaves between is a link without an owner,
// which the next start removes.
#include <algorithm>

#include "base/error.h"
#include "base/fail_point.h"
#include "orchestrator/container_actor.h"
#include "orchestrator/container_files.h"
#include "orchestrator/container_row.h"
#include "orchestrator/create.h"

namespace hoist::orchestrator {
namespace {

auto on_network(const NetworkId& network) {
    return [&network](const auto& endpoint) { return endpoint.network == network; };
}

}  // namespace

void ContainerActor::check_may_join(const Network& network) const {
    if (removed_ || std::holds_alternative<Removing>(view_.state))
        fail(Kind::not_found, "no such container: {}", view_.name);
    const auto& mode = view_.spec.network_mode;
    if (mode == "host") fail(Kind::denied, "container {} uses the host's network: it cannot join others", view_.name);
    if (mode.starts_with("container:"))
        fail(Kind::denied, "container {} uses another container's network: connect that one", view_.name);
    const auto& endpoints = view_.endpoints;
    if (std::any_of(endpoints.begin(), endpoints.end(), on_network(network.view.id)))
        fail(Kind::denied, "endpoint with name {} already exists in network {}", view_.name, network.view.spec.name);
}

/// The namespace that a running container is in, also if it was made without us.
asio::awaitable<void> ContainerActor::take_namespace() {
    if (netns_) co_return;
    const auto* up = std::get_if<Running>(&view_.state);
    if (!up) co_return;
    netns_ = open_file(fmt::format("/proc/{}/ns/net", up->pid), O_RDONLY);
    auto job = [netns = std::make_shared<Fd>(netns_.duplicate())] { return netmgr::open_dns_sockets(*netns); };
    auto dns = co_await on_pool(engine_.pool, std::move(job));
    unkept_dns_ = netmgr::DnsSockets{dns.udp.duplicate(), dns.tcp.duplicate()};
    engine_.networks.serve_names(view_, std::move(dns));
    co_await keep_network();
}

/// What depends on which endpoints there are, once they have changed.
asio::awaitable<void> ContainerActor::follow_endpoints() {
    if (!plugged_) co_return;
    engine_.networks.change_names(view_);
    auto job = [view = view_, directory = engine_.layout.container(view_.id), host = engine_.config.resolv_conf] {
        write_network_files(view, directory, host);
    };
    co_await on_pool(engine_.pool, std::move(job));
    if (view_.endpoints.empty()) {
        if (!std::exchange(view_.ports, {}).empty()) co_await engine_.networks.unpublish(view_.id);
    } else if (view_.ports.empty() && !view_.spec.ports.empty()) {
        view_.ports = co_await engine_.networks.publish(view_.id, view_.spec.ports, view_.endpoints.front());
    } else if (!view_.ports.empty()) {
        co_await engine_.networks.retarget_ports(view_);
    }
}

asio::awaitable<void> ContainerActor::store_endpoints(NetworkId network, std::optional<std::string> address) {
    spec_text_ = text_of(view_.spec);
    auto write = [row = row(), id = view_.id, network, address](storage::Transaction& transaction) {
        transaction.put(row);
        if (address)
            transaction.take(storage::LeaseRow{network, id, *address});
        else
            transaction.remove_lease(network, id);
    };
    co_await engine_.commit(std::move(write));
}

void ContainerActor::publish_network(const std::string& action, const Network& network) {
    engine_.events.publish("network", action, network.view.id.str(),
                           {{"container", view_.id.str()}, {"name", network.view.spec.name}, {"type", "bridge"}});
}

asio::awaitable<void> ContainerActor::connect(EndpointSpec wanted) {
    const auto self = shared_from_this();
    const auto lock = co_await operations_.acquire();
    check_may_join(engine_.networks.get(wanted.network));
    const auto endpoint = lease_endpoint(engine_, view_.id, wanted, view_.endpoints);
    const auto before = view_.spec;
    const auto id = endpoint.network;
    view_.endpoints.push_back(endpoint);
    view_.spec.endpoints.push_back(wanted);
    view_.spec.network_mode = "bridge";
    std::exception_ptr failure;
    try {
        if (plugged_ && running()) {
            co_await take_namespace();
            co_await engine_.networks.plug_last(netns_.duplicate(), view_.id, view_.endpoints, view_.spec.endpoints);
        }
        fail_point("connect.plugged");
        co_await store_endpoints(id, endpoint.address);
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        view_.endpoints.pop_back();
        view_.spec = before;
        spec_text_ = text_of(view_.spec);
        if (netns_)
            co_await engine_.networks.unplug(netns_.duplicate(), view_.id, endpoint, view_.endpoints,
                                             view_.spec.endpoints);
        engine_.networks.release(view_.id, id);
        std::rethrow_exception(failure);
    }
    co_await follow_endpoints();
    publish_network("connect", engine_.networks.get(id));
}

asio::awaitable<void> ContainerActor::disconnect(NetworkId network) {
    const auto self = shared_from_this();
    const auto lock = co_await operations_.acquire();
    const auto found = std::find_if(view_.endpoints.begin(), view_.endpoints.end(), on_network(network));
    if (found == view_.endpoints.end())
        fail(Kind::denied, "container {} is not connected to network {}", view_.name,
             engine_.networks.get(network).view.spec.name);
    const auto gone = *found;
    const auto before = std::pair(view_.endpoints, view_.spec);
    view_.endpoints.erase(found);
    std::erase_if(view_.spec.endpoints, on_network(network));
    std::exception_ptr failure;
    try {
        co_await store_endpoints(network, std::nullopt);
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        std::tie(view_.endpoints, view_.spec) = before;
        spec_text_ = text_of(view_.spec);
        std::rethrow_exception(failure);
    }
    fail_point("disconnect.stored");
    co_await follow_endpoints();
    if (netns_)
        co_await engine_.networks.unplug(netns_.duplicate(), view_.id, gone, view_.endpoints, view_.spec.endpoints);
    engine_.networks.release(view_.id, network);
    publish_network("disconnect", engine_.networks.get(network));
}

}  // namespace hoist::orchestrator
