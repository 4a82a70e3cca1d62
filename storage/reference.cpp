// SPDX-License-Identifier: Apache-2.0
// Image references after the grammar of the distribution project: [domain/]path[:tag][@digest].
#include "base/error.h"
#include "base/text.h"
#include "storage/image.h"

namespace hoist::storage {
namespace {

bool is_lower_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_hex_digits(std::string_view text) {
    return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
    fail(Kind::invalid, "invalid image reference \"{}\": {}", escape_for_terminal(text), why);
}

/// Whether the part before the first slash is a registry and not a piece of the path.
bool looks_like_domain(std::string_view first) {
    return first == "localhost" || first.find_first_of(".:") != std::string_view::npos ||
           std::any_of(first.begin(), first.end(), is_upper);
}

void check_host(const std::string& text, std::string_view host) {
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        if (host.find_first_not_of("0123456789abcdefABCDEF:", 1) == host.size() - 1) return;
        refuse(text, "the registry's IPv6 address is malformed");
    }
    for (const auto& label : split(host, '.')) {
        const auto right = [](char c) { return is_lower_or_digit(c) || is_upper(c) || c == '-'; };
        if (label.empty() || label.front() == '-' || label.back() == '-' ||
            !std::all_of(label.begin(), label.end(), right))
            refuse(text, fmt::format("\"{}\" is not a registry's host name", escape_for_terminal(host)));
    }
}

void check_domain(const std::string& text, std::string_view domain) {
    const auto colon = domain.rfind(':');
    const bool has_port = colon != std::string_view::npos && domain.back() != ']';
    check_host(text, has_port ? domain.substr(0, colon) : domain);
    if (!has_port) return;
    const auto port = domain.substr(colon + 1);
    if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string_view::npos)
        refuse(text, "the registry's port is not a number");
}

/// One part of a path: runs of [a-z0-9] joined by ".", "_", "__" or any number of "-".
bool is_path_part(std::string_view part) {
    std::size_t at = 0;
    const auto run = [&](auto belongs) {
        const auto from = at;
        while (at < part.size() && belongs(part[at])) ++at;
        return part.substr(from, at - from);
    };
    if (run(is_lower_or_digit).empty()) return false;
    while (at < part.size()) {
        const auto joint = run([](char c) { return c == '.' || c == '_' || c == '-'; });
        const bool dashes = joint.find_first_not_of('-') == std::string_view::npos;
        if (joint != "." && joint != "_" && joint != "__" && !dashes) return false;
        if (run(is_lower_or_digit).empty()) return false;
    }
    return true;
}

void check_path(const std::string& text, const std::string& path) {
    if (path.empty()) refuse(text, "the name is empty");
    if (path.size() > 255) refuse(text, "the name is longer than 255 characters");
    if (std::any_of(path.begin(), path.end(), is_upper))
        refuse(text, fmt::format("uppercase letters in \"{}\"; image names are lower case", path));
    for (const auto& part : split(path, '/')) {
        if (part.empty()) refuse(text, "a part of the name between slashes is empty");
        if (!is_path_part(part))
            refuse(text, fmt::format("\"{}\" may only hold a-z, 0-9 and single separators . _ __ - between them",
                                     escape_for_terminal(part)));
    }
    if (path.size() == 64 && is_hex_digits(path)) refuse(text, "64 hexadecimal digits are an image's id, not a name");
}

void check_tag(const std::string& text, const std::string& tag) {
    const auto right = [](char c) { return is_lower_or_digit(c) || is_upper(c) || c == '_' || c == '.' || c == '-'; };
    if (tag.empty()) refuse(text, "the tag after \":\" is empty");
    if (tag.size() > 128) refuse(text, "the tag is longer than 128 characters");
    if (tag.front() == '.' || tag.front() == '-' || !std::all_of(tag.begin(), tag.end(), right))
        refuse(text, fmt::format("tag \"{}\" may only hold letters, digits, _ . - and not start with . or -",
                                 escape_for_terminal(tag)));
}

void check_digest(const std::string& text, std::string_view digest) {
    if (digest.substr(0, 7) != "sha256:") refuse(text, "only sha256 digests are supported");
    if (digest.size() != 7 + 64 || !is_hex_digits(digest.substr(7)))
        refuse(text, "a sha256 digest has 64 hexadecimal digits in lower case");
}

}  // namespace

std::string Reference::canonical() const {
    std::string text = domain + "/" + path;
    if (!tag.empty()) text += ":" + tag;
    if (!digest.empty()) text += "@" + digest;
    return text;
}

/// Docker Hub's own part is left out, unless what remains would be read as something else.
std::string Reference::familiar() const {
    const std::string text = canonical();
    const std::string_view library = "docker.io/library/";
    const std::string_view hub = "docker.io/";
    if (domain != "docker.io") return text;
    const std::string first = path.substr(0, path.find('/'));
    if (looks_like_domain(first)) return text;
    const std::string last = path.substr(path.rfind('/') + 1);
    const bool official = first == "library" && path.size() == first.size() + 1 + last.size() &&
                          !(last.size() == 64 && is_hex_digits(last));
    return text.substr(official ? library.size() : hub.size());
}

Reference parse_reference(const std::string& text) {
    Reference parsed;
    std::string rest = text;
    if (rest.empty()) refuse(text, "it is empty");
    if (const auto at = rest.find('@'); at != std::string::npos) {
        parsed.digest = rest.substr(at + 1);
        check_digest(text, parsed.digest);
        rest.resize(at);
    }
    const auto slash = rest.find('/');
    if (slash != std::string::npos && looks_like_domain(std::string_view(rest).substr(0, slash))) {
        parsed.domain = rest.substr(0, slash);
        check_domain(text, parsed.domain);
        if (parsed.domain == "index.docker.io") parsed.domain = "docker.io";
        rest.erase(0, slash + 1);
    }
    if (const auto colon = rest.rfind(':'); colon != std::string::npos && rest.find('/', colon) == std::string::npos) {
        parsed.tag = rest.substr(colon + 1);
        check_tag(text, parsed.tag);
        rest.resize(colon);
    } else if (parsed.digest.empty()) {
        parsed.tag = "latest";
    }
    check_path(text, rest);
    const bool official = parsed.domain == "docker.io" && rest.find('/') == std::string::npos;
    parsed.path = official ? "library/" + rest : rest;
    return parsed;
}

}  // namespace hoist::storage
