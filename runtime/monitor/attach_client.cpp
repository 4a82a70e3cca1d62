// SPDX-License-Identifier: Apache-2.0
#include "runtime/monitor/attach_client.h"

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>

#include "base/error.h"

namespace hoist::runtime {
namespace {

constexpr std::uint64_t largest_spool = 1ull << 30;

/// Docker's header: the stream, three zeros, the length in network order.
std::array<char, 8> frame_header(Stream stream, std::size_t length) {
    const auto size = static_cast<std::uint32_t>(length);
    return {static_cast<char>(stream),
            0,
            0,
            0,
            static_cast<char>(size >> 24),
            static_cast<char>(size >> 16),
            static_cast<char>(size >> 8),
            static_cast<char>(size)};
}

}  // namespace

AttachClient::AttachClient(Loop& loop, Fd socket, std::string spool_directory, Handlers handlers)
    : loop_(loop),
      socket_(std::move(socket)),
      spool_directory_(std::move(spool_directory)),
      handlers_(std::move(handlers)) {
    check(::fcntl(socket_.get(), F_SETFL, O_NONBLOCK), "make an attach socket non-blocking");
    loop_.watch(socket_, EPOLLIN, [this](std::uint32_t events) { on_ready(events); });
}

AttachClient::~AttachClient() {
    loop_.unwatch(socket_);
}

void AttachClient::send(Stream stream, std::string_view bytes, bool framed) {
    if (broken_) return;
    const auto header = frame_header(stream, bytes.size());
    iovec parts[] = {{const_cast<char*>(header.data()), framed ? header.size() : 0},
                     {const_cast<char*>(bytes.data()), bytes.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    std::size_t put = 0;
    if (!behind()) {
        const ssize_t result = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (result < 0 && errno != EAGAIN && errno != EINTR) give_up();
        if (result > 0) put = static_cast<std::size_t>(result);
    }
    for (const iovec& part : parts) {
        const std::size_t skipped = std::min(put, part.iov_len);
        put -= skipped;
        spool({static_cast<const char*>(part.iov_base) + skipped, part.iov_len - skipped});
    }
    update_events();
}

void AttachClient::spool(std::string_view bytes) {
    if (bytes.empty() || broken_) return;
    if (!spool_) spool_ = Fd(::open(spool_directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    const ssize_t put = ::pwrite(spool_.get(), bytes.data(), bytes.size(), static_cast<off_t>(spooled_));
    if (put != static_cast<ssize_t>(bytes.size()) || spooled_ - delivered_ > largest_spool) {
        return give_up();  // bytes left out in the middle would be worse than an end
    }
    spooled_ += bytes.size();
}

void AttachClient::give_up() {
    broken_ = true;
    ::shutdown(socket_.get(), SHUT_RDWR);  // the event that follows closes it
}

bool AttachClient::send_spooled() {
    while (behind()) {
        auto offset = static_cast<off_t>(delivered_);
        const ssize_t sent = ::sendfile(socket_.get(), spool_.get(), &offset, 256 << 10);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno == EAGAIN) return true;
        if (sent <= 0) return false;
        delivered_ += static_cast<std::uint64_t>(sent);
    }
    spool_.reset();  // the disk gets its room back
    spooled_ = delivered_ = 0;
    return true;
}

void AttachClient::update_events() {
    std::uint32_t events = 0;
    if (behind()) events |= EPOLLOUT;
    if (!input_ended_ && input_wanted_) events |= EPOLLIN;
    if (events != events_) loop_.change(socket_, events);
    events_ = events;
}

void AttachClient::set_input_wanted(bool wanted) {
    input_wanted_ = wanted;
    update_events();
}

void AttachClient::finish() {
    finishing_ = true;
    if (!behind() || broken_) handlers_.closed(*this);
}

void AttachClient::read_input() {
    std::array<char, 4096> bytes;
    const ssize_t got = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        input_ended_ = true;
        update_events();
    }
    handlers_.input({bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0});
}

void AttachClient::on_ready(std::uint32_t events) {
    if (broken_ || (events & (EPOLLHUP | EPOLLERR))) {
        if (input_wanted_ && !input_ended_) return read_input();  // what it typed before it left
        if (!input_ended_) handlers_.input({});
        return handlers_.closed(*this);
    }
    if (events & EPOLLOUT) {
        if (!send_spooled() || (finishing_ && !behind())) return handlers_.closed(*this);
        update_events();
    }
    if (events & EPOLLIN) read_input();
}

}  // namespace hoist::runtime
