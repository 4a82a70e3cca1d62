// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/support/programs/inside.h"

namespace hoist::inside {

int notify(int count, char** words) {
    const char* path = std::getenv("NOTIFY_SOCKET");
    sockaddr_un address{};
    if (count != 1 || !path || std::strlen(path) >= sizeof(address.sun_path)) return 2;
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path);
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM, 0);
    const ssize_t sent = ::sendto(socket, words[0], std::strlen(words[0]), 0,
                                  reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::close(socket);
    if (sent < 0) std::perror(path);
    return sent < 0 ? 1 : 0;
}

}  // namespace hoist::inside
