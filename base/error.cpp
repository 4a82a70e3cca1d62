// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <array>

namespace hoist {
namespace {

struct KindName {
    Kind kind;
    const char* name;
};
constexpr std::array kind_names = {
    KindName{Kind::invalid, "invalid"},   KindName{Kind::not_found, "not_found"},
    KindName{Kind::conflict, "conflict"}, KindName{Kind::denied, "denied"},
    KindName{Kind::timeout, "timeout"},   KindName{Kind::unavailable, "unavailable"},
    KindName{Kind::internal, "internal"},
};

}  // namespace

const char* to_string(Kind kind) noexcept {
    for (const auto& entry : kind_names)
        if (entry.kind == kind) return entry.name;
    return "internal";
}

Kind kind_from_string(const std::string& name) noexcept {
    for (const auto& entry : kind_names)
        if (name == entry.name) return entry.kind;
    return Kind::internal;
}

Kind kind_of(int error_number) noexcept {
    switch (error_number) {
        case ENOENT:
        case ESRCH:
        case ENODEV:
        case ENXIO:
            return Kind::not_found;
        case EPERM:
        case EACCES:
        case EROFS:
            return Kind::denied;
        case EEXIST:
        case EBUSY:
        case EADDRINUSE:
        case ENOTEMPTY:
            return Kind::conflict;
        case EINVAL:
        case ENAMETOOLONG:
        case ELOOP:
        case ENOTDIR:
        case EISDIR:
            return Kind::invalid;
        case ETIMEDOUT:
            return Kind::timeout;
        case ECONNREFUSED:
        case EAGAIN:
            return Kind::unavailable;
        default:
            return Kind::internal;
    }
}

}  // namespace hoist
