// SPDX-License-Identifier: Apache-2.0
#include "cli/docker_config.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/text.h"
#include "wire/base64.h"

namespace hoist::cli {
namespace {

std::string default_directory() {
    if (const char* given = std::getenv("DOCKER_CONFIG"); given && *given) return given;
    const char* home = std::getenv("HOME");
    return std::string(home ? home : "/root") + "/.docker";
}

/// Docker Hub's key is the address that it once had.
std::string key_of(const std::string& registry) {
    return registry == "docker.io" ? "https://index.docker.io/v1/" : registry;
}

/// Runs "docker-credential-<name> <verb>" with `input` on its standard input. @return what it printed
std::string run_helper(const std::string& name, const char* verb, const std::string& input) {
    if (name.find('/') != std::string::npos) fail(Kind::invalid, "the credential helper \"{}\" is no name", name);
    const std::string program = "docker-credential-" + name;
    Pipe in = make_pipe(), out = make_pipe();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in.read_end.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out.write_end.get(), STDOUT_FILENO);
    std::array<char*, 3> words = {const_cast<char*>(program.c_str()), const_cast<char*>(verb), nullptr};
    pid_t pid = 0;
    const int code = ::posix_spawnp(&pid, program.c_str(), &actions, nullptr, words.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (code != 0) fail_errno(code, "run {} (named in Docker's config.json)", program);
    in.read_end.reset();
    out.write_end.reset();
    write_all(in.write_end, input, program);
    in.write_end.reset();
    const std::string text = read_all(out.read_end, 1 << 20);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        if (text.find("credentials not found") != std::string::npos) return {};
        fail(Kind::internal, "{} {}: {}", program, verb, escape_for_terminal(trim(text)));
    }
    return text;
}

}  // namespace

std::string registry_of(const std::string& reference) {
    const auto slash = reference.find('/');
    const std::string first = reference.substr(0, slash);
    const bool named =
        slash != std::string::npos && (first == "localhost" || first.find_first_of(".:") != std::string::npos);
    if (!named || first == "index.docker.io") return "docker.io";
    return first;
}

DockerConfig::DockerConfig() : DockerConfig(default_directory()) {}

DockerConfig::DockerConfig(std::string directory) : directory_(std::move(directory)), file_(Json::object()) {
    const std::string path = directory_ + "/config.json";
    if (const auto text = read_file_if_exists(path)) file_ = parse_json(*text, path);
    if (!file_.is_object()) fail(Kind::invalid, "{} is not a JSON object", path);
}

std::string DockerConfig::helper_for(const std::string& key) const {
    const auto helpers = json_value(file_, "credHelpers", std::map<std::string, std::string>{});
    const std::string host = key.find("index.docker.io") != std::string::npos ? "index.docker.io" : key;
    for (const auto& name : {key, host})
        if (const auto it = helpers.find(name); it != helpers.end()) return it->second;
    return json_value(file_, "credsStore", std::string{});
}

Json DockerConfig::credentials(const std::string& registry) const {
    const std::string key = key_of(registry);
    Json found = Json::object();
    if (const auto helper = helper_for(key); !helper.empty()) {
        const std::string text = run_helper(helper, "get", key);
        if (trim(text).empty()) return found;
        const Json answer = parse_json(text, "the answer of docker-credential-" + helper);
        const auto user = json_value(answer, "Username", std::string{}),
                   secret = json_value(answer, "Secret", std::string{});
        if (user == "<token>") return {{"identitytoken", secret}};
        return {{"username", user}, {"password", secret}};
    }
    const Json auths = json_value(file_, "auths", Json::object());
    for (const auto& name : {key, "https://" + key, "http://" + key, "https://" + key + "/v1/"}) {
        const auto it = auths.find(name);
        if (it == auths.end() || !it->is_object()) continue;
        if (const auto token = json_value(*it, "identitytoken", std::string{}); !token.empty())
            found["identitytoken"] = token;
        const auto pair = wire::base64_decode(json_value(*it, "auth", std::string{}));
        const auto colon = pair ? pair->find(':') : std::string::npos;
        if (colon != std::string::npos) {
            found["username"] = pair->substr(0, colon);
            found["password"] = pair->substr(colon + 1);
        }
        break;
    }
    return found;
}

std::string DockerConfig::auth_header(const std::string& registry) const {
    const Json found = credentials(registry);
    return found.empty() ? "" : "X-Registry-Auth: " + wire::base64_encode(found.dump()) + "\r\n";
}

void DockerConfig::write() const {
    make_directories(directory_, 0700);
    write_file_atomic(directory_ + "/config.json", file_.dump(2) + "\n", 0600, Durable::yes);
}

void DockerConfig::store(const std::string& registry, const std::string& username, const std::string& password) {
    const std::string key = key_of(registry);
    if (const auto helper = helper_for(key); !helper.empty()) {
        const Json entry = {{"ServerURL", key}, {"Username", username}, {"Secret", password}};
        run_helper(helper, "store", entry.dump());
        file_["auths"][key] = Json::object();
    } else {
        file_["auths"][key] = {{"auth", wire::base64_encode(username + ":" + password)}};
    }
    write();
}

bool DockerConfig::forget(const std::string& registry) {
    const std::string key = key_of(registry);
    const bool known = file_.contains("auths") && file_["auths"].contains(key);
    if (const auto helper = helper_for(key); !helper.empty() && known) run_helper(helper, "erase", key);
    if (!known) return false;
    file_["auths"].erase(key);
    write();
    return true;
}

}  // namespace hoist::cli
