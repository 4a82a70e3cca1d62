// SPDX-License-Identifier: Apache-2.0
#include "builder/file_mode.h"

#include <sys/stat.h>

#include "base/error.h"
#include "base/text.h"
#include "runtime/users.h"

namespace hoist::builder {
namespace {

mode_t who_mask(std::string_view who) {
    mode_t mask = 0;
    for (const char c : who) mask |= c == 'u' ? 04700 : c == 'g' ? 02070 : c == 'o' ? 01007 : 07777;
    return who.empty() ? 07777 : mask;
}

/// The permissions of "rwxXst" for everybody; what stands for whom is masked afterwards.
mode_t permission_bits(std::string_view letters, mode_t mode) {
    mode_t bits = 0;
    for (const char c : letters) {
        if (c == 'r') bits |= 0444;
        if (c == 'w') bits |= 0222;
        if (c == 'x' || (c == 'X' && (S_ISDIR(mode) || (mode & 0111)))) bits |= 0111;
        if (c == 's') bits |= 06000;
        if (c == 't') bits |= 01000;
    }
    return bits;
}

struct Clause {
    std::string_view who, letters;
    char operation;
};

Clause parse_clause(std::string_view text) {
    const auto operation = text.find_first_of("+-=");
    if (operation == std::string_view::npos) fail(Kind::invalid, "mode \"{}\": a + - or = is missing", text);
    const Clause clause{text.substr(0, operation), text.substr(operation + 1), text[operation]};
    if (clause.who.find_first_not_of("ugoa") != std::string_view::npos ||
        clause.letters.find_first_not_of("rwxXst") != std::string_view::npos)
        fail(Kind::invalid, "mode \"{}\": write it as 0644 or u+rwx,go-w", text);
    return clause;
}

}  // namespace

ModeChange ModeChange::parse(const std::string& text) {
    ModeChange change;
    if (!text.empty() && text.size() <= 5 && text.find_first_not_of("01234567") == std::string::npos) {
        const auto value = std::stoul(text, nullptr, 8);
        if (value <= 07777) {
            change.fixed_ = static_cast<mode_t>(value);
            return change;
        }
    }
    for (const auto& clause : split(text, ',')) parse_clause(clause);
    change.symbolic_ = text;
    return change;
}

mode_t ModeChange::apply(mode_t mode) const {
    if (fixed_) return *fixed_;
    mode_t permissions = mode & 07777;
    for (const auto& text : split(symbolic_, ',')) {
        const auto clause = parse_clause(text);
        const auto mask = who_mask(clause.who);
        const auto bits = permission_bits(clause.letters, (mode & S_IFMT) | permissions) & mask;
        if (clause.operation == '+') permissions |= bits;
        if (clause.operation == '-') permissions &= ~bits;
        if (clause.operation == '=') permissions = (permissions & ~(mask & 0777)) | bits;
    }
    return permissions;
}

Owner parse_owner(const std::string& text, std::string_view passwd, std::string_view group) {
    const auto colon = text.find(':');
    const auto name = text.substr(0, colon);
    if (colon == std::string::npos)
        if (const auto id = runtime::parse_id(name)) return {*id, *id};
    runtime::User user;
    user.name = text;
    try {
        const auto resolved = runtime::resolve_user(user, passwd, group);
        return {resolved.uid, resolved.gid};
    } catch (Error& error) {
        throw error.during("--chown={}", text);
    }
}

}  // namespace hoist::builder
