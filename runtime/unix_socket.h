#pragma once
// SPDX-License-Identifier: Apache-2.0
// Addresses of unix sockets at paths of any length.

#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "base/fd.h"

namespace hoist::runtime {

/// The address of a socket at a path ("@name": in the abstract space). A path over 107 bytes, which the kernel does not
/// take, goes through a descriptor of its directory.
class UnixAddress {
public:
    explicit UnixAddress(const std::string& path);
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
    socklen_t size() const { return size_; }
    const char* path() const { return address_.sun_path; }

private:
    sockaddr_un address_{};
    socklen_t size_ = sizeof address_;
    Fd directory_;
};

/// A socket connected to the one at `path`. @param type  SOCK_STREAM, SOCK_DGRAM
Fd connect_unix(const std::string& path, int type);
/// Sends one descriptor, with `text` beside it.
void send_descriptor(const Fd& socket, const Fd& descriptor, const std::string& text);

}  // namespace hoist::runtime
