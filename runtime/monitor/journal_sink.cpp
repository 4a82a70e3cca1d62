// SPDX-License-Identifier: Apache-2.0
#include "runtime/monitor/journal_sink.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "base/error.h"
#include "runtime/journal_message.h"

namespace hoist::runtime {
namespace {

constexpr const char* journal = "/run/systemd/journal/socket";
constexpr std::size_t longest_message = 16 << 10;  // Docker's: a longer line becomes several
constexpr std::chrono::seconds journal_patience_at_end(2);

/// A socket that is connected to the journal, or empty, with errno.
Fd connect_journal() {
    Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::string_view(journal).copy(address.sun_path, sizeof address.sun_path - 1);
    if (!socket || ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return Fd();
    return socket;
}

Fd need_journal() {
    Fd socket = connect_journal();
    if (!socket)
        fail(Kind::unavailable, "log driver journald: there is no journal at {} ({}); use local or json-file", journal,
             std::strerror(errno));
    return socket;
}

}  // namespace

JournalSink::JournalSink(Loop& loop, LogSinkSpec spec)
    : spec_(std::move(spec)),
      queue_(loop, need_journal(), [this] { spec_.relieved(); }),
      out_(longest_message),
      err_(longest_message) {
    for (const auto& [field, value] : spec_.settings.fields) append_field(fields_, field, value);
}

/// Of a journal that was started anew, once per batch of output: nothing is tried while nothing is written.
void JournalSink::reconnect() {
    if (queue_.error() == 0 || queue_.error() == EMSGSIZE || queue_.waiting() > 0) return;
    if (Fd socket = connect_journal()) queue_.replace(std::move(socket));
}

void JournalSink::append(Stream stream, std::string_view bytes) {
    reconnect();
    if (lost_bytes() > noted_) note_loss();
    LineSplitter& lines = stream == Stream::stderr_ ? err_ : out_;
    lines.feed(bytes, [&](std::string_view text, bool) { send_line(stream, text); });
}

void JournalSink::send_line(Stream stream, std::string_view text) {
    const bool partial = !text.ends_with('\n');
    const std::string_view message = text.substr(0, text.size() - (partial ? 0 : 1));
    send(stream == Stream::stderr_ ? priority_error : priority_information, message, partial, text.size());
}

void JournalSink::send(std::string_view priority, std::string_view message, bool partial, std::size_t weight) {
    std::string packet;
    packet.reserve(fields_.size() + message.size() + 80);
    append_field(packet, "MESSAGE", message);
    append_field(packet, "PRIORITY", priority);
    if (partial) append_field(packet, "CONTAINER_PARTIAL_MESSAGE", "true");
    packet += fields_;
    const auto limit = static_cast<std::size_t>(std::max<std::int64_t>(spec_.settings.most_waiting.count, 0));
    if (spec_.settings.non_blocking && queue_.waiting() + packet.size() > limit && queue_.waiting() > 0) {
        dropped_ += weight;
        return;
    }
    queue_.send(std::move(packet), weight);
}

void JournalSink::note_loss() {
    const std::uint64_t lost = lost_bytes();
    if (queue_.waiting() > 0) return;  // later: it would only be dropped, too
    send(priority_warning, fmt::format("[hoist: {} bytes of output were lost]", lost - noted_), false, 0);
    if (queue_.error() == 0) noted_ = lost;
}

void JournalSink::end_run() {
    out_.finish([&](std::string_view text, bool) { send_line(Stream::stdout_, text); });
    err_.finish([&](std::string_view text, bool) { send_line(Stream::stderr_, text); });
    queue_.flush(journal_patience_at_end);
}

}  // namespace hoist::runtime
