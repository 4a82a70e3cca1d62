// SPDX-License-Identifier: Apache-2.0
// Pull, push, login, search: what goes through a registry.
#include <deque>

#include "api/queue.h"
#include "api/registry_auth.h"
#include "api/router.h"
#include "base/error.h"
#include "base/text.h"
#include "registry/client.h"
#include "wire/base64.h"
#include "wire/errors.h"

#include <boost/asio/experimental/awaitable_operators.hpp>

namespace hoist::api {

using namespace asio::experimental::awaitable_operators;

namespace {

constexpr std::size_t most_lines = 10'000;

std::string line_of(const registry::Progress& progress) {
    Json line = {{"status", progress.status}};
    if (!progress.id.empty()) line["id"] = progress.id;
    if (progress.total > 0)
        line["progressDetail"] = {{"current", progress.current}, {"total", progress.total}};
    else if (!progress.id.empty())
        line["progressDetail"] = Json::object();
    return wire::dump(line) + "\r\n";
}

std::string error_line(const Error& error) {
    return wire::dump({{"errorDetail", {{"message", error.message()}}},
                       {"error", error.message()},
                       {"kind", to_string(error.kind())}}) +
           "\r\n";
}

/// Sends lines as they come. What fails before the first one is an answer with a status of its own.
asio::awaitable<void> send_lines(Exchange& exchange, Queue<std::string>& lines, const std::optional<Error>& problem) {
    bool begun = false;
    while (const auto line = co_await lines.next()) {
        if (!std::exchange(begun, true)) co_await exchange.begin_stream("application/json");
        co_await exchange.write(*line);
    }
    if (problem && !begun) throw Error(*problem);
    if (!begun) co_await exchange.begin_stream("application/json");
    if (problem) co_await exchange.write(error_line(*problem));
    co_await exchange.end_stream();
}

/// Runs work that reports progress, while its lines are sent.
class LineStream {
public:
    explicit LineStream(asio::any_io_executor executor) : lines_(std::move(executor), most_lines) {}

    registry::ProgressSink sink() {
        return [this](const registry::Progress& progress) { lines_.push(line_of(progress)); };
    }
    void say(const std::string& status) { lines_.push(line_of({"", status, 0, 0})); }
    void say(const Json& line) { lines_.push(wire::dump(line) + "\r\n"); }

    asio::awaitable<void> run(Exchange& exchange, asio::awaitable<void> work) {
        co_await (send_lines(exchange, lines_, problem_) && finish(std::move(work)));
    }

private:
    asio::awaitable<void> finish(asio::awaitable<void> work) {
        try {
            co_await std::move(work);
        } catch (const Error& error) {
            problem_ = error;
        } catch (const boost::system::system_error& error) {
            if (error.code() == asio::error::operation_aborted) throw;
            problem_ = Error(Kind::unavailable, error.code().message());
        } catch (const std::exception& error) {
            problem_ = Error(Kind::internal, error.what());
        }
        lines_.finish();
    }

    Queue<std::string> lines_;
    std::optional<Error> problem_;
};

asio::awaitable<void> do_pull(Services& services, registry::PullRequest request, LineStream& lines) {
    const std::string reference = request.reference;
    try {
        const auto done = co_await services.engine.registry().pull(std::move(request));
        const auto name = storage::parse_reference(reference).familiar();
        lines.say("Digest: " + done.digest);
        lines.say(std::string("Status: ") + (done.fresh ? "Downloaded newer image for " : "Image is up to date for ") +
                  name);
        services.engine.events().publish("image", "pull", name, {{"name", name}});
    } catch (Error& error) {
        // Without a registry an image still has ways to get here.
        if (error.kind() == Kind::unavailable)
            fail(Kind::unavailable, "{}. Without a registry: hoist load < IMAGES.tar, or hoist import ROOT.tar {}",
                 error.message(), reference);
        throw;
    }
}

}  // namespace

registry::Credentials credentials_from(const Json& object) {
    registry::Credentials found;
    found.username = json_value(object, "username", std::string{});
    found.password = json_value(object, "password", std::string{});
    found.identity_token = json_value(object, "identitytoken", std::string{});
    const auto auth = wire::base64_decode(json_value(object, "auth", std::string{}));
    if (const auto colon = auth ? auth->find(':') : std::string::npos;
        found.username.empty() && colon != std::string::npos) {
        found.username = auth->substr(0, colon);
        found.password = auth->substr(colon + 1);
    }
    return found;
}

registry::Credentials credentials_in(const Request& request) {
    const auto it = request.headers.find("x-registry-auth");
    if (it == request.headers.end() || it->second.empty()) return {};
    const auto text = wire::base64_decode(it->second);
    if (!text) fail(Kind::invalid, "the header X-Registry-Auth is not base64");
    const Json object = parse_json(*text, "X-Registry-Auth");
    return object.is_object() ? credentials_from(object) : registry::Credentials{};
}

asio::awaitable<void> pull_image(Exchange& exchange, Services& services) {
    const auto& query = exchange.request.query;
    registry::PullRequest request;
    request.reference = query.get("fromImage");
    const auto tag = query.get("tag");
    if (!tag.empty()) request.reference += (tag.find(':') != std::string::npos ? "@" : ":") + tag;
    request.platform = query.get("platform");
    request.credentials = credentials_in(exchange.request);
    storage::parse_reference(request.reference);
    LineStream lines(co_await asio::this_coro::executor);
    request.progress = lines.sink();
    co_await lines.run(exchange, do_pull(services, std::move(request), lines));
}

namespace {

asio::awaitable<void> do_push(Services& services, registry::PushRequest request, LineStream& lines) {
    const auto name = storage::parse_reference(request.reference);
    const auto done = co_await services.engine.registry().push(std::move(request));
    lines.say(fmt::format("{}: digest: {} size: {}", name.tag, done.digest, done.size));
    const Json aux = {{"Tag", name.tag}, {"Digest", done.digest}, {"Size", done.size}};
    lines.say(Json{{"progressDetail", Json::object()}, {"aux", aux}});
    services.engine.events().publish("image", "push", name.familiar(), {{"name", name.familiar()}});
}

asio::awaitable<void> push_image(Exchange& exchange, Services& services) {
    registry::PushRequest request;
    request.reference = exchange.request.parameter("name");
    if (const auto tag = exchange.request.query.get("tag"); !tag.empty()) request.reference += ":" + tag;
    request.credentials = credentials_in(exchange.request);
    LineStream lines(co_await asio::this_coro::executor);
    request.progress = lines.sink();
    co_await lines.run(exchange, do_push(services, std::move(request), lines));
}

/// "https://index.docker.io/v1/" and the like, as clients name a registry.
std::string registry_of(std::string address) {
    if (address.empty() || address.find("index.docker.io") != std::string::npos) return "docker.io";
    if (const auto scheme = address.find("://"); scheme != std::string::npos) address.erase(0, scheme + 3);
    return address.substr(0, address.find('/'));
}

asio::awaitable<void> log_in(Exchange& exchange, Services& services) {
    const Json body = co_await exchange.read_json();
    const auto registry = registry_of(json_value(body, "serveraddress", std::string{}));
    co_await services.engine.registry().log_in(registry, credentials_from(body));
    Json answer = {{"Status", "Login Succeeded"}, {"IdentityToken", ""}};
    co_await exchange.send_json(200, std::move(answer));
}

asio::awaitable<void> search(Exchange& exchange, Services& services) {
    const auto& query = exchange.request.query;
    const auto term = query.get("term");
    if (term.empty()) fail(Kind::invalid, "the parameter term is missing");
    const auto limit = query.number("limit").value_or(25);
    if (limit < 1 || limit > 100) fail(Kind::invalid, "limit {} is outside the range of [1, 100]", limit);
    Json found =
        co_await services.engine.registry().search(term, static_cast<int>(limit), credentials_in(exchange.request));
    co_await exchange.send_json(200, std::move(found));
}

asio::awaitable<void> inspect_distribution(Exchange& exchange, Services& services) {
    Json found = co_await services.engine.registry().inspect(exchange.request.parameter("name"),
                                                             credentials_in(exchange.request));
    co_await exchange.send_json(200, std::move(found));
}

asio::awaitable<void> show_manifest(Exchange& exchange, Services& services) {
    Json found = co_await services.engine.registry().manifest(exchange.request.parameter("name"),
                                                              credentials_in(exchange.request));
    co_await exchange.send_json(200, std::move(found));
}

}  // namespace

std::vector<Route> registry_routes() {
    return {{"POST", "/images/{name...}/push", push_image, WhenGone::cancel},
            {"POST", "/auth", log_in, WhenGone::cancel},
            {"GET", "/images/search", search, WhenGone::cancel},
            {"GET", "/distribution/{name...}/json", inspect_distribution, WhenGone::cancel},
            {"GET", "/hoist/v1/manifests/{name...}", show_manifest, WhenGone::cancel}};
}

}  // namespace hoist::api
