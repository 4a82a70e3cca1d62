// SPDX-License-Identifier: Apache-2.0
#include "registry/url.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace hoist::registry {
namespace {

bool is_plain(char c) {
    return c > ' ' && c < 0x7f;
}

std::string lower(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

std::uint16_t parse_port(const std::string& text, const std::string& digits) {
    const bool right = !digits.empty() && digits.size() <= 5 &&
                       digits.find_first_not_of("0123456789") == std::string::npos && std::stoi(digits) <= 65535;
    if (!right) fail(Kind::invalid, "\"{}\": the port is not a number", escape_for_terminal(text));
    return static_cast<std::uint16_t>(std::stoi(digits));
}

bool is_address(const std::string& host) {
    return host.find(':') != std::string::npos || host.find_first_not_of("0123456789.") == std::string::npos;
}

bool is_within(const std::string& inner, const std::string& outer) {
    return outer.find('.') != std::string::npos && !is_address(outer) && inner.size() > outer.size() + 1 &&
           inner.ends_with("." + outer);
}

}  // namespace

std::string Url::authority() const {
    const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
    const std::uint16_t usual = secure() ? 443 : 80;
    return port == usual ? name : fmt::format("{}:{}", name, port);
}

Url parse_url(const std::string& text) {
    if (!std::all_of(text.begin(), text.end(), is_plain) || text.size() > 8192)
        fail(Kind::invalid, "\"{}\" is not an address", escape_for_terminal(text.substr(0, 200)));
    const auto colon = text.find("://");
    Url url;
    url.scheme = lower(text.substr(0, colon));
    if (colon == std::string::npos || (url.scheme != "https" && url.scheme != "http"))
        fail(Kind::invalid, "\"{}\": only https and http are used", escape_for_terminal(text.substr(0, 200)));
    url.port = url.secure() ? 443 : 80;
    const auto start = colon + 3;
    const auto end = std::min(text.find_first_of("/?#", start), text.size());
    std::string host = text.substr(start, end - start);
    if (host.find('@') != std::string::npos)
        fail(Kind::invalid, "an address with a user name in it is not used");  // and not shown: a password may follow
    if (const auto port = host.rfind(':'); port != std::string::npos && host.back() != ']') {
        url.port = parse_port(text, host.substr(port + 1));
        host.resize(port);
    }
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    if (host.empty()) fail(Kind::invalid, "\"{}\" names no host", escape_for_terminal(text.substr(0, 200)));
    url.host = lower(host);
    const std::string rest = text.substr(end, text.find('#', end) - end);
    url.target = rest.starts_with('/') ? rest : "/" + rest;
    return url;
}

Url resolve_url(const Url& base, const std::string& location) {
    if (location.find("://") != std::string::npos && location.find("://") < location.find_first_of("/?#"))
        return parse_url(location);
    const auto colon = location.find(':');
    if (colon != std::string::npos && colon < std::min(location.find_first_of("/?#"), location.size()))
        fail(Kind::invalid, "\"{}\": only https and http are used", escape_for_terminal(location.substr(0, 200)));
    if (location.starts_with("//")) return parse_url(base.scheme + ":" + location);
    Url url = base;
    url.target = "/";
    const std::string path = base.target.substr(0, base.target.find('?'));
    if (location.starts_with('/')) return parse_url(url.str().substr(0, url.str().size() - 1) + location);
    const std::string folder = location.starts_with('?') ? path : path.substr(0, path.rfind('/') + 1);
    return parse_url(url.str().substr(0, url.str().size() - 1) + folder + location);
}

bool is_loopback(const std::string& host) {
    if (host == "localhost" || host.ends_with(".localhost") || host == "::1") return true;
    return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos;
}

bool shares_credentials(const std::string& registry, const std::string& other) {
    if (registry == other || is_within(registry, other) || is_within(other, registry)) return true;
    return (registry == "registry-1.docker.io" || registry == "index.docker.io") && other == "auth.docker.io";
}

std::string percent_encode(std::string_view text) {
    std::string encoded;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '_' || c == '.' || c == '~';
        if (plain)
            encoded += c;
        else
            encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return encoded;
}

}  // namespace hoist::registry
