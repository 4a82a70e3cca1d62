// SPDX-License-Identifier: Apache-2.0
#include "wire/errors.h"

#include "base/text.h"

namespace hoist::wire {

int status_of(Kind kind) {
    switch (kind) {
        case Kind::invalid:
            return 400;
        case Kind::not_found:
            return 404;
        case Kind::conflict:
            return 409;
        case Kind::denied:
            return 403;
        case Kind::timeout:
            return 504;
        case Kind::unavailable:
            return 503;
        case Kind::internal:
            break;
    }
    return 500;
}

Kind kind_of_status(int status) {
    switch (status) {
        case 404:
            return Kind::not_found;
        case 409:
            return Kind::conflict;
        case 401:
        case 403:
            return Kind::denied;
        case 408:
        case 504:
            return Kind::timeout;
        case 503:
            return Kind::unavailable;
        default:
            return status >= 400 && status < 500 ? Kind::invalid : Kind::internal;
    }
}

Json error_body(Kind kind, const std::string& message) {
    return {{"message", message}, {"kind", to_string(kind)}};
}

Error error_from(int status, std::string_view body) {
    try {
        const Json document = parse_json(body, "answer");
        const auto message = json_value<std::string>(document, "message", "");
        if (!message.empty()) {
            const auto kind = json_optional<std::string>(document, "kind");
            return Error(kind ? kind_from_string(*kind) : kind_of_status(status), message);
        }
    } catch (const Error&) {  // not JSON: shown as it came
    }
    return Error(kind_of_status(status), fmt::format("the daemon answered {}: {}", status, trim(body.substr(0, 500))));
}

std::string dump(const Json& document) {
    return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace hoist::wire
