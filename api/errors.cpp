// SPDX-License-Identifier: Apache-2.0
#include "api/errors.h"

#include "wire/errors.h"

namespace hoist::api {

Answer to_answer(const Error& error) {
    std::string message = error.message();
    // Testcontainers, docker-py and the docker command compare these words with their capital.
    if (message.rfind("no such ", 0) == 0) message[0] = 'N';
    return {wire::status_of(error.kind()), wire::error_body(error.kind(), message)};
}

}  // namespace hoist::api
