// SPDX-License-Identifier: Apache-2.0
#include "runtime/monitor/container_io.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include <array>

#include "base/error.h"

namespace hoist::runtime {
namespace {

constexpr std::size_t output_at_once = 128 << 10;
// Room for what a loud container writes while we put away what we have read: it then need not wait for us, nor we for
// it. Costs memory only while it is full.
constexpr int pipe_size = 256 << 10;
// Of what the container has left behind: more than any pipe holds, so that nothing is cut, and yet an end, should some
// process outside our reach go on writing.
constexpr int reads_after_exit = 64;

// Touched, and so paid for, only as far as it is used.
constexpr std::size_t page = 4096, kept_of_buffer = 4 * page;
alignas(page) std::array<char, output_at_once> buffer;
std::size_t touched = 0;

ssize_t read_into_buffer(const Fd& fd) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    touched = std::max(touched, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    // A loud container has become quiet: what only the loud need of the buffer goes back.
    if (got < static_cast<ssize_t>(page) && touched > kept_of_buffer) {
        ::madvise(buffer.data() + kept_of_buffer, buffer.size() - kept_of_buffer, MADV_DONTNEED);
        touched = 0;
    }
    return got;
}

void make_nonblocking(const Fd& fd) {
    check(::fcntl(fd.get(), F_SETFL, O_NONBLOCK), "make a pipe non-blocking");
}

/// A pipe for output, whose end here does not block.
Pipe make_output_pipe() {
    Pipe made = make_pipe();
    make_nonblocking(made.read_end);
    ::fcntl(made.read_end.get(), F_SETPIPE_SZ, pipe_size);  // refused to users with many pipes: then as it is
    return made;
}

}  // namespace

Stdio ContainerIo::prepare(const MonitorSpec& spec) {
    open_log(spec);
    stdin_once_ = spec.stdin_once;
    framed_ = !spec.config.process.terminal;
    input_closed_ = framed_ && !spec.open_stdin;
    if (spec.config.process.terminal) return {};
    Stdio theirs;
    Pipe out = make_output_pipe(), err = make_output_pipe();
    out_ = {.own = std::move(out.read_end), .stream = Stream::stdout_};
    err_ = {.own = std::move(err.read_end), .stream = Stream::stderr_};
    theirs.out = std::move(out.write_end);
    theirs.err = std::move(err.write_end);
    if (spec.open_stdin) {
        Pipe in = make_pipe();
        make_nonblocking(in.write_end);
        theirs.in = std::move(in.read_end);
        input_ = std::move(in.write_end);
    } else {
        theirs.in = open_file("/dev/null", O_RDONLY);
    }
    return theirs;
}

/// The same log goes on through restarts, unless its settings have changed.
void ContainerIo::open_log(const MonitorSpec& spec) {
    Json settings = to_json(spec.log);
    if (settings == log_made_from_) return;
    lost_before_ = lost_bytes();
    log_.reset();
    log_made_from_ = nullptr;
    log_ = make_log_sink(
        loop_, {.settings = spec.log, .directory = spec.state_directory, .relieved = [this] { release_output(); }});
    log_made_from_ = std::move(settings);
}

void ContainerIo::begin(const Fd* terminal) {
    if (terminal) {
        make_nonblocking(*terminal);
        out_ = {.fd = terminal, .stream = Stream::stdout_};
        input_target_ = terminal;
        watch(out_);
        return write_input();
    }
    out_.fd = &out_.own;
    err_.fd = &err_.own;
    watch(out_);
    watch(err_);
    if (input_) {
        input_target_ = &input_;
        loop_.watch(input_, 0, [this](std::uint32_t events) {
            if (events & (EPOLLERR | EPOLLHUP)) close_input();
            write_input();
        });
    }
    write_input();  // what clients sent before the start
}

void ContainerIo::abandon() {
    output_held_ = false;
    close(out_);
    close(err_);
    close_input();
    input_closed_ = input_ends_ = false;
    pending_input_.clear();
}

void ContainerIo::watch(Source& source) {
    loop_.watch(*source.fd, EPOLLIN, [this, &source](std::uint32_t events) {
        if (&source == &out_ && (events & EPOLLOUT)) write_input();
        if (!source.fd || !(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
        if (!read_from(source)) close(source);
    });
}

/// Takes one buffer. @return false at the end of the stream
bool ContainerIo::read_from(Source& source) {
    const ssize_t got = read_into_buffer(*source.fd);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (got <= 0) return false;  // a pty's master says EIO when its last user is gone
    deliver(source.stream, {buffer.data(), static_cast<std::size_t>(got)});
    if (source.own) let_gather(source, static_cast<std::size_t>(got));
    return true;
}

/// A container that writes line by line, as fast as it can, pays a wake-up of ours for each line, and so do we. When
/// little pieces follow at once upon another, we look away for a moment: it then writes on undisturbed, and we take
/// many at a time. Nobody who reads along sees a tenth of a millisecond.
void ContainerIo::let_gather(Source& source, std::size_t got) {
    constexpr std::chrono::microseconds at_once(250);
    constexpr timespec moment{.tv_sec = 0, .tv_nsec = 50'000};
    const auto present = std::chrono::steady_clock::now();
    const bool follows = present - std::exchange(source.last_read, present) < at_once;
    if (!follows || got > output_at_once / 2) return;
    ::nanosleep(&moment, nullptr);
}

void ContainerIo::close(Source& source) {
    if (source.fd) {
        loop_.unwatch(*source.fd);
        if (source.fd == input_target_) input_target_ = nullptr;
    }
    source.fd = nullptr;
    source.own.reset();
}

void ContainerIo::end() {
    for (Source* source : {&out_, &err_}) {
        for (int left = reads_after_exit; left > 0 && source->fd; --left) {
            const ssize_t got = read_into_buffer(*source->fd);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) break;
            deliver(source->stream, {buffer.data(), static_cast<std::size_t>(got)});
        }
    }
    abandon();
    if (log_) log_->end_run();
    if (lost_bytes() != lost_told_ || losing_) tell_loss();
    for (auto client = clients_.begin(); client != clients_.end();) {
        AttachClient& connection = *client->connection;
        ++client;  // finish() may remove it
        connection.finish();
    }
}

void ContainerIo::deliver(Stream stream, std::string_view bytes) {
    if (log_) {
        log_->append(stream, bytes);
        if (log_->lost_bytes() + lost_before_ != lost_told_ || losing_) tell_loss();
        if (log_->congested()) hold_output();
    }
    for (Client& client : clients_)
        if (client.wants(stream)) client.connection->send(stream, bytes, framed_);
}

/// At the beginning of a loss and at its end, not at each byte.
void ContainerIo::tell_loss() {
    const std::uint64_t lost = lost_bytes();
    const bool more = lost != lost_told_;
    lost_told_ = lost;
    if (more == losing_) return;
    losing_ = more;
    on_loss_(lost);
}

void ContainerIo::hold_output() {
    if (std::exchange(output_held_, true)) return;
    for (const Source* source : {&out_, &err_})
        if (source->fd) loop_.unwatch(*source->fd);
}

void ContainerIo::release_output() {
    if (!std::exchange(output_held_, false)) return;
    for (Source* source : {&out_, &err_})
        if (source->fd) watch(*source);
    update_terminal();
}

/// A terminal is one descriptor for both ways.
void ContainerIo::update_terminal() {
    if (!input_target_ || input_ || output_held_) return;
    loop_.change(*input_target_, pending_input_.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

void ContainerIo::attach(Fd socket, Wishes wishes, const std::string& state_directory) {
    DetachKeys keys(wishes.detach_keys);
    Client& client = clients_.emplace_back(Client{nullptr, std::move(wishes), std::move(keys)});
    try {
        client.connection = std::make_unique<AttachClient>(
            loop_, std::move(socket), state_directory,
            AttachClient::Handlers{.input = [this, &client](std::string_view bytes) { on_input(client, bytes); },
                                   .closed = [this](AttachClient& which) { remove(which); }});
    } catch (...) {
        clients_.pop_back();
        throw;
    }
    if (!pending_input_.empty()) client.connection->set_input_wanted(false);
}

void ContainerIo::remove(const AttachClient& which) {
    clients_.remove_if([&](const Client& client) { return client.connection.get() == &which; });
}

void ContainerIo::on_input(Client& client, std::string_view bytes) {
    if (!client.wishes.input) return;
    bool detaches = false;
    if (bytes.empty()) {
        input_ends_ = input_ends_ || stdin_once_;
    } else if (framed_) {
        pending_input_ += bytes;
    } else {
        detaches = client.keys.feed(bytes, pending_input_);
    }
    write_input();
    if (detaches) detach(client);
}

void ContainerIo::detach(Client& client) {
    const auto on_detach = client.wishes.on_detach;
    client.connection->finish();  // destroys the client, now or once it has taken what is on its way
    on_detach();
}

void ContainerIo::close_input() {
    loop_.unwatch(input_);
    input_.reset();
    input_target_ = nullptr;
    input_closed_ = true;
}

/// Gives the container what was typed, and asks for more once it has taken all of it.
void ContainerIo::write_input() {
    while (input_target_ && !pending_input_.empty()) {
        const ssize_t put = ::write(input_target_->get(), pending_input_.data(), pending_input_.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0 && errno != EAGAIN) pending_input_.clear();
        if (put < 0) break;
        pending_input_.erase(0, static_cast<std::size_t>(put));
    }
    if (input_closed_) pending_input_.clear();
    const bool waiting = !pending_input_.empty();
    if (!waiting && input_ends_ && input_) close_input();
    if (input_target_ && input_) loop_.change(input_, waiting ? std::uint32_t{EPOLLOUT} : 0);
    update_terminal();
    set_input_wanted(!waiting);
}

void ContainerIo::set_input_wanted(bool wanted) {
    for (Client& client : clients_) client.connection->set_input_wanted(wanted);
}

}  // namespace hoist::runtime
