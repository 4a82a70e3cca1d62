// SPDX-License-Identifier: Apache-2.0
#include "netmgr/firewall.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <nftables/libnftables.h>

#include <mutex>

#include "base/error.h"
#include "base/text.h"
#include "netmgr/netlink.h"
#include "netmgr/ruleset.h"

namespace hoist::netmgr {
namespace {

struct FreeContext {
    void operator()(nft_ctx* context) const { nft_ctx_free(context); }
};

/// The number of the kernel's present ruleset: every change by anybody makes it one more.
std::uint32_t generation() {
    NetlinkSocket socket(NETLINK_NETFILTER);
    std::uint32_t number = 0;
    const nfgenmsg header{AF_UNSPEC, NFNETLINK_V0, 0};
    socket.ask(Message(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, 0, header), [&](const nlmsghdr* answer) {
        const nlattr* id = nlmsg_find_attr(const_cast<nlmsghdr*>(answer), sizeof(nfgenmsg), NFTA_GEN_ID);
        if (id) number = ntohl(nla_get_u32(id));
    });
    return number;
}

/// A picture of a listed table that is equal for equal tables: chains with their rules, sets with their elements.
struct Census {
    std::size_t chains = 0, rules = 0, sets = 0, elements = 0;
    bool operator==(const Census&) const = default;
};

Census census_of(const nlohmann::json& listing) {
    Census census;
    for (const auto& object : listing.at("nftables")) {
        census.chains += object.contains("chain");
        census.rules += object.contains("rule");
        for (const char* kind : {"set", "map"}) {
            if (!object.contains(kind)) continue;
            ++census.sets;
            if (object[kind].contains("elem")) census.elements += object[kind]["elem"].size();
        }
    }
    return census;
}

std::size_t count(const Elements& elements) {
    std::size_t sum = 0;
    for (const auto& [set, members] : elements) sum += members.size();
    return sum;
}

}  // namespace

struct Firewall::State {
    std::mutex mutex;
    std::unique_ptr<nft_ctx, FreeContext> nft{nft_ctx_new(NFT_CTX_DEFAULT)};
    std::optional<Elements> applied;  ///< what the kernel holds by our own doing; nullopt: unknown
    std::uint32_t seen = 0;           ///< the generation in which that was certain
    Census census;                    ///< of the table without elements

    State() {
        if (!nft) fail(Kind::internal, "start libnftables: no memory");
        nft_ctx_buffer_output(nft.get());
        nft_ctx_buffer_error(nft.get());
    }

    /// @return nft's words if the script failed, else empty
    std::string run(const std::string& script) {
        if (nft_run_cmd_from_buffer(nft.get(), script.c_str()) == 0) return {};
        const std::string words(trim(nft_ctx_get_error_buffer(nft.get())));
        return words.empty() ? "unknown error" : words;
    }

    std::optional<Census> take_census() {
        nft_ctx_output_set_flags(nft.get(), NFT_CTX_OUTPUT_JSON);
        const std::string error = run("list table inet hoist");
        nft_ctx_output_set_flags(nft.get(), 0);
        if (!error.empty()) return std::nullopt;
        const auto listing = nlohmann::json::parse(nft_ctx_get_output_buffer(nft.get()), nullptr, false);
        if (listing.is_discarded()) return std::nullopt;
        return census_of(listing);
    }

    bool check_intact() {
        if (!applied) return false;
        const std::uint32_t now = generation();
        if (now == seen) return true;
        auto expected = census;
        expected.elements = count(*applied);
        if (take_census() != expected) return false;
        seen = now;  // the change was to somebody else's table
        return true;
    }

    void replace(const Elements& wanted) {
        applied.reset();
        const std::string error = run(render_skeleton() + render_difference({}, wanted));
        if (!error.empty()) fail(Kind::internal, "set up the firewall table inet hoist: {}", error);
        const std::uint32_t now = generation();
        const auto taken = take_census();
        if (!taken || taken->elements != count(wanted))
            fail(Kind::internal, "set up the firewall table inet hoist: another program changed it at once");
        census = *taken;
        applied = wanted;
        seen = now;
    }

    bool change(const Elements& wanted) {
        if (!check_intact()) return false;
        const std::string difference = render_difference(*applied, wanted);
        if (difference.empty()) return true;
        if (!run(difference).empty()) return false;
        applied = wanted;
        ++seen;  // one transaction; if others came between, the next look finds a higher number and counts
        return true;
    }
};

Firewall::Firewall() : state_(std::make_unique<State>()) {}
Firewall::~Firewall() = default;

void Firewall::apply(const FirewallState& state) {
    const Elements wanted = elements_of(state);
    const std::lock_guard lock(state_->mutex);
    if (!state_->change(wanted)) state_->replace(wanted);
}

void Firewall::remove() {
    const std::lock_guard lock(state_->mutex);
    state_->applied.reset();
    const std::string error = state_->run("table inet hoist\ndelete table inet hoist\n");
    if (!error.empty()) fail(Kind::internal, "remove the firewall table inet hoist: {}", error);
}

bool Firewall::intact() {
    const std::lock_guard lock(state_->mutex);
    return state_->check_intact();
}

}  // namespace hoist::netmgr
