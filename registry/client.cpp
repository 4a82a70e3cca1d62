// SPDX-License-Identifier: Apache-2.0
#include "registry/client.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.h"
#include "base/text.h"
#include "registry/client_state.h"
#include "storage/image_archive.h"

namespace hoist::registry {
namespace {

constexpr int most_attempts = 5;
constexpr std::chrono::milliseconds first_pause{300};

std::string last_part(const Url& url) {
    return url.authority();
}

bool was_cancelled(std::exception_ptr problem) {
    try {
        std::rethrow_exception(problem);
    } catch (const boost::system::system_error& error) {
        return error.code() == asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

Json platforms_of(const Fetched& fetched) {
    Json platforms = Json::array();
    for (const auto& entry : json_value(fetched.manifest.document, "manifests", Json::array()))
        if (entry.is_object() && entry.contains("platform")) platforms.push_back(entry["platform"]);
    return platforms;
}

}  // namespace

Client::Client(asio::io_context& context, storage::ImageStore& images, const storage::Layout& layout, Config config)
    : state_(std::make_unique<State>(context, images, layout, std::move(config))) {}

Client::~Client() {
    state_->workers.join();
}

std::string short_digest(const std::string& digest) {
    return digest.substr(7, 12);
}

asio::awaitable<Fetched> fetch_manifest(Session& session, std::string name, std::string what) {
    Request request;
    request.url = session.url("manifests/" + name);
    request.fields = "Accept: " + manifest_types() + "\r\n";
    Reply reply = co_await session.ask(std::move(request), what);
    Fetched fetched;
    fetched.bytes = co_await reply.exchange->read_all(largest_manifest);
    fetched.digest = storage::sha256_digest(fetched.bytes);
    const bool by_digest = name.starts_with("sha256:");
    const std::string claimed = reply.head.field("docker-content-digest");
    if ((by_digest && fetched.digest != name) ||
        (!by_digest && claimed.starts_with("sha256:") && claimed != fetched.digest))
        fail(Kind::invalid, "{}: the manifest that {} sent has the digest {}, not {}", what,
             last_part(session.endpoint().base), fetched.digest, by_digest ? name : escape_for_terminal(claimed));
    try {
        fetched.manifest = parse_manifest(fetched.bytes, reply.head.field("content-type"));
    } catch (Error& error) {
        throw error.during("{}", what);
    }
    co_return fetched;
}

asio::awaitable<void> run_all(std::vector<asio::awaitable<void>> parts) {
    const auto executor = co_await asio::this_coro::executor;
    using Operation = decltype(asio::co_spawn(executor, std::move(parts.front()), asio::deferred));
    std::vector<Operation> operations;
    operations.reserve(parts.size());
    for (auto& part : parts) operations.push_back(asio::co_spawn(executor, std::move(part), asio::deferred));
    if (operations.empty()) co_return;
    auto group = asio::experimental::make_parallel_group(std::move(operations));
    auto [order, problems] = co_await group.async_wait(asio::experimental::wait_for_one_error(), asio::use_awaitable);
    std::exception_ptr first;
    for (const auto at : order)
        if (problems[at] && (!first || was_cancelled(first))) first = problems[at];
    if (first) std::rethrow_exception(first);
}

asio::awaitable<void> with_retries(std::function<asio::awaitable<void>()> attempt) {
    auto pause = first_pause;
    for (int left = most_attempts - 1;; --left) {
        try {
            co_await attempt();
            co_return;
        } catch (const Error& error) {
            if (error.kind() != Kind::unavailable || left == 0) throw;
        }
        asio::steady_timer timer(co_await asio::this_coro::executor, pause);
        co_await timer.async_wait(asio::use_awaitable);
        pause *= 3;
    }
}

asio::awaitable<void> Client::log_in(std::string registry, Credentials credentials) {
    for (const auto& endpoint : endpoints_of(registry, state_->config)) {
        if (endpoint.mirror) continue;
        Session session(endpoint, "", "", credentials);
        Request request;
        request.url = session.base_url("/v2/");
        Reply reply = co_await session.call(std::move(request));
        const int status = reply.head.status;
        if (status == 401 || status == 403)
            fail(Kind::denied, "log in to {}: the user or the password is wrong", registry);
        if (status >= 300) co_await session.refuse(std::move(reply), "log in to " + registry);
    }
}

asio::awaitable<Json> Client::inspect(std::string reference, Credentials credentials) {
    const auto parsed = storage::parse_reference(reference);
    Session session(endpoints_of(parsed.domain, state_->config).back(), parsed.path, "pull", std::move(credentials));
    const Fetched fetched = co_await fetch_manifest(session, parsed.digest.empty() ? parsed.tag : parsed.digest,
                                                    "inspect " + parsed.familiar());
    Json platforms = platforms_of(fetched);
    if (!fetched.manifest.is_index) {
        const auto machine = split(storage::machine_platform(), '/');
        platforms.push_back({{"os", machine[0]}, {"architecture", machine[1]}});
    }
    co_return Json{
        {"Descriptor",
         {{"mediaType", fetched.manifest.media_type}, {"digest", fetched.digest}, {"size", fetched.bytes.size()}}},
        {"Platforms", platforms}};
}

asio::awaitable<Json> Client::manifest(std::string reference, Credentials credentials) {
    const auto parsed = storage::parse_reference(reference);
    Session session(endpoints_of(parsed.domain, state_->config).back(), parsed.path, "pull", std::move(credentials));
    const Fetched fetched = co_await fetch_manifest(session, parsed.digest.empty() ? parsed.tag : parsed.digest,
                                                    "inspect " + parsed.familiar());
    co_return fetched.manifest.document;
}

namespace {

Json search_entry(const std::string& name) {
    return {{"name", name}, {"description", ""}, {"star_count", 0}, {"is_official", false}, {"is_automated", false}};
}

/// Docker Hub's index answers as Docker's API does.
asio::awaitable<Json> search_hub(Endpoint endpoint, std::string term, int limit) {
    endpoint.base = parse_url("https://index.docker.io");
    endpoint.base.target.clear();
    Session session(std::move(endpoint), "", "", {});
    Request request;
    request.url = session.base_url(fmt::format("/v1/search?q={}&n={}", percent_encode(term), limit));
    Reply reply = co_await session.ask(std::move(request), "search for " + escape_for_terminal(term));
    const Json answer = parse_json(co_await reply.exchange->read_all(largest_manifest), "the answer of the search");
    co_return json_value(answer, "results", Json::array());
}

/// Other registries only list what they have.
asio::awaitable<Json> search_catalog(Endpoint endpoint, std::string term, int limit, Credentials credentials) {
    const std::string name = endpoint.name;
    Session session(std::move(endpoint), "", "", std::move(credentials));
    Request request;
    request.url = session.base_url("/v2/_catalog?n=1000");
    Reply reply = co_await session.ask(std::move(request), "list the images of " + name);
    const Json answer = parse_json(co_await reply.exchange->read_all(largest_manifest), "the list of images");
    Json found = Json::array();
    for (const auto& repository : json_value(answer, "repositories", std::vector<std::string>{}))
        if (repository.find(term) != std::string::npos && std::ssize(found) < limit)
            found.push_back(search_entry(name + "/" + repository));
    co_return found;
}

}  // namespace

asio::awaitable<Json> Client::search(std::string term, int limit, Credentials credentials) {
    const auto slash = term.find('/');
    const std::string first = term.substr(0, slash);
    const bool elsewhere =
        slash != std::string::npos && (first == "localhost" || first.find_first_of(".:") != std::string::npos);
    if (elsewhere)
        co_return co_await search_catalog(endpoints_of(first, state_->config).back(), term.substr(slash + 1), limit,
                                          std::move(credentials));
    co_return co_await search_hub(endpoints_of("docker.io", state_->config).back(), std::move(term), limit);
}

}  // namespace hoist::registry
