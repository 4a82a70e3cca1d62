// SPDX-License-Identifier: Apache-2.0
#include "runtime/monitor/writer_sink.h"

#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>

#include "base/error.h"
#include "runtime/json_log_writer.h"
#include "runtime/monitor/journal_sink.h"

namespace hoist::runtime {
namespace {

constexpr std::chrono::seconds patience_at_end(2);
constexpr std::size_t largest_part = 64 << 10;

/// Before the bytes of each packet to the child.
struct Header {
    char kind;  ///< 'o' output, 'e' the run is over: answer when all is written
    std::uint8_t stream;
    std::uint16_t unused = 0;
    std::uint32_t unused_too = 0;
    std::uint64_t dropped;  ///< so many bytes are missing before these
};
/// What the child says, when it has lost something, and to 'e'.
struct Report {
    std::uint64_t lost;
    bool ended;
};

std::unique_ptr<LogSink> make_writer(const LogSinkSpec& spec) {
    if (spec.settings.driver == LogSettings::Driver::json_file)
        return std::make_unique<WriterSink<JsonLogWriter>>(JsonLogWriter(spec.settings));
    return std::make_unique<WriterSink<LogWriter>>(LogWriter(spec.directory, spec.settings.limits));
}

/// The child: writes what comes until nobody can send any more.
template <class Writer>
void serve(int socket, Writer writer) {
    static std::array<char, sizeof(Header) + largest_part> packet;
    std::uint64_t told = 0, dropped = 0;
    for (;;) {
        const ssize_t got = ::recv(socket, packet.data(), packet.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < static_cast<ssize_t>(sizeof(Header))) return;
        Header header;
        std::memcpy(&header, packet.data(), sizeof header);
        if (header.dropped > 0) writer.lose(header.dropped);
        dropped += header.dropped;
        writer.append(static_cast<Stream>(header.stream),
                      {packet.data() + sizeof header, static_cast<std::size_t>(got) - sizeof header});
        if (header.kind == 'e') writer.end_run();
        const Report report{writer.lost_bytes() - dropped, header.kind == 'e'};
        if (report.lost != told || report.ended) (void)::send(socket, &report, sizeof report, MSG_NOSIGNAL);
        told = report.lost;
    }
}

[[noreturn]] void become_writer(int socket, const LogSinkSpec& spec) {
    ::prctl(PR_SET_NAME, "hoist-log");
    // Nothing of the monitor's may live on in here: its lock, its sockets, the container's streams.
    if (socket > 3) ::syscall(SYS_close_range, 3, socket - 1, 0);
    ::syscall(SYS_close_range, socket + 1, ~0u, 0);
    if (spec.settings.driver == LogSettings::Driver::json_file)
        serve(socket, JsonLogWriter(spec.settings));
    else
        serve(socket, LogWriter(spec.directory, spec.settings.limits));
    ::_exit(0);
}

}  // namespace

WriterProcess::WriterProcess(Loop& loop, LogSinkSpec spec) : loop_(loop), spec_(std::move(spec)) {
    start();
}

WriterProcess::~WriterProcess() {
    loop_.unwatch(reports_);
    loop_.unwatch(pidfd_);
}

void WriterProcess::start() {
    int ends[2];
    check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "make a socket for the log's writer");
    Fd ours(ends[0]);
    const Fd theirs(ends[1]);
    const pid_t pid = check(::fork(), "start the log's writer");
    if (pid == 0) become_writer(theirs.get(), spec_);
    pidfd_ = open_pidfd(pid);
    reports_ = ours.duplicate();  // watched for reading, while the queue watches the other for writing
    queue_ = std::make_unique<PacketQueue>(loop_, std::move(ours), [] {});
    loop_.watch(reports_, EPOLLIN, [this](std::uint32_t) { take_reports(); });
    loop_.watch(pidfd_, EPOLLIN, [this](std::uint32_t) { on_exit(); });
}

/// It was killed. What it had not written is lost; the next output starts another one.
void WriterProcess::on_exit() {
    siginfo_t info{};
    ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG);
    loop_.unwatch(reports_);
    loop_.unwatch(pidfd_);
    queue_->drop_waiting();
    dropped_ += queue_->lost() + written_lost_;
    written_lost_ = 0;
    queue_.reset();
    reports_.reset();
    pidfd_.reset();
}

void WriterProcess::take_reports() {
    Report report{};
    while (::recv(reports_.get(), &report, sizeof report, MSG_DONTWAIT) == sizeof report) {
        written_lost_ = report.lost;
        ended_ = ended_ || report.ended;
    }
}

void WriterProcess::append(Stream stream, std::string_view bytes) {
    try {
        if (!queue_) start();
    } catch (const Error&) {  // no process to be had: what is written now is lost
        dropped_ += bytes.size();
        return;
    }
    for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), largest_part)))
        send('o', stream, bytes.substr(0, largest_part));
}

void WriterProcess::send(char kind, Stream stream, std::string_view bytes) {
    const auto limit = static_cast<std::size_t>(std::max<std::int64_t>(spec_.settings.most_waiting.count, 0));
    if (kind == 'o' && queue_->waiting() > 0 && queue_->waiting() + bytes.size() > limit) {
        dropped_ += bytes.size();
        return;
    }
    const std::uint64_t missing = dropped_ + queue_->lost() - announced_;
    const Header header{.kind = kind, .stream = static_cast<std::uint8_t>(stream), .dropped = missing};
    std::string packet(reinterpret_cast<const char*>(&header), sizeof header);
    packet += bytes;
    queue_->send(std::move(packet), bytes.size());
    announced_ += missing;
}

void WriterProcess::end_run() {
    if (!queue_) return;
    ended_ = false;
    send('e', Stream::stdin_, {});
    const auto deadline = std::chrono::steady_clock::now() + patience_at_end;
    queue_->flush(patience_at_end);
    while (!ended_) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
        pollfd readable{reports_.get(), POLLIN, 0};
        if (left <= 0 || ::poll(&readable, 1, static_cast<int>(left)) == 0 || (readable.revents & POLLHUP)) return;
        take_reports();
    }
}

std::unique_ptr<LogSink> make_log_sink(Loop& loop, LogSinkSpec spec) {
    using Driver = LogSettings::Driver;
    if (spec.settings.driver == Driver::none) return nullptr;
    if (spec.settings.driver == Driver::journald) return std::make_unique<JournalSink>(loop, std::move(spec));
    if (spec.settings.non_blocking) return std::make_unique<WriterProcess>(loop, std::move(spec));
    return make_writer(spec);
}

}  // namespace hoist::runtime
