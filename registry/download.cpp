// SPDX-License-Identifier: Apache-2.0
#include "registry/download.h"

#include <sys/stat.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "base/blocking.h"
#include "base/error.h"
#include "base/fail_point.h"
#include "base/file.h"
#include "registry/challenge.h"
#include "storage/unpacked_layer.h"

namespace hoist::registry {

using namespace asio::experimental::awaitable_operators;

namespace {

constexpr auto progress_interval = std::chrono::milliseconds(100);

/// What had come before, and then what comes through a pipe, which is added to the file.
class DownloadSource : public storage::RawSource {
public:
    DownloadSource(Fd file, std::int64_t have, Fd pipe, std::int64_t size)
        : file_(std::move(file)), have_(have), pipe_(std::move(pipe)), reader_(pipe_), size_(size) {}

    std::size_t read(char* to, std::size_t size) override {
        if (at_ < have_) {
            const auto part = std::min<std::int64_t>(static_cast<std::int64_t>(size), have_ - at_);
            const auto got = check(::pread(file_.get(), to, static_cast<std::size_t>(part), at_), "read a download");
            if (got == 0) fail(Kind::internal, "a download's file became shorter");
            return passed(static_cast<std::size_t>(got));
        }
        const std::size_t got = reader_.read(to, size);
        // A layer that is cut off must not be taken for a damaged one: what has come is kept.
        if (got == 0 && at_ < size_) fail(Kind::unavailable, "the download was interrupted");
        write_all(file_, {to, got}, "a download");
        fail_point("download_written");
        return passed(got);
    }
    void stop() override { reader_.stop(); }

private:
    std::size_t passed(std::size_t bytes) {
        at_ += static_cast<std::int64_t>(bytes);
        count(bytes);
        return bytes;
    }

    Fd file_;
    std::int64_t have_;
    Fd pipe_;
    storage::StoppableReader reader_;
    std::int64_t size_, at_ = 0;
};

/// How a transfer ended that has two ends.
struct Outcome {
    std::exception_ptr problem;
    std::shared_ptr<storage::AddedLayer> layer;
};

bool is_broken_pipe(const std::exception_ptr& problem) {
    try {
        std::rethrow_exception(problem);
    } catch (const boost::system::system_error& error) {
        return error.code() == asio::error::broken_pipe;
    } catch (...) {
        return false;
    }
}

class Download {
public:
    Download(Client::State& state, Session& session, Descriptor layer, std::string diff_id, ProgressSink progress)
        : state_(state),
          session_(session),
          layer_(std::move(layer)),
          diff_id_(std::move(diff_id)),
          progress_(std::move(progress)),
          path_(state.layout.download(layer_.digest)),
          what_("layer " + short_digest(layer_.digest)) {}

    asio::awaitable<void> attempt() {
        Fd file = open_file(path_, O_RDWR | O_CREAT, 0600);
        std::int64_t have = size_of(file);
        if (have > layer_.size) have = cut(file);
        const bool resumed = have > 0;
        Reply reply;
        if (have < layer_.size) {
            reply = co_await begin(have);
            if (reply.head.status == 416 || (have > 0 && reply.head.status == 200)) {
                have = cut(file);  // it does not do ranges, or not this one
                if (reply.head.status == 416) reply = co_await begin(0);
            }
            check_reply(reply, have);
        }
        check(::lseek(file.get(), 0, SEEK_END), "go to the end of {}", path_);
        try {
            co_await transfer(std::move(reply), std::move(file), have);
        } catch (const Error& error) {
            if (error.kind() == Kind::unavailable) throw;
            ::unlink(path_.c_str());
            // After a power loss the file may hold what never came.
            if (error.kind() != Kind::invalid || !resumed) throw;
            fail(Kind::unavailable, "{}", error.message());
        }
        ::unlink(path_.c_str());  // what came uncompressed is not kept
    }

    storage::AddedLayer take_result() { return std::move(*result_); }

private:
    static std::int64_t size_of(const Fd& file) {
        struct stat info {};
        check(::fstat(file.get(), &info), "look at a download");
        return info.st_size;
    }
    static std::int64_t cut(const Fd& file) {
        check(::ftruncate(file.get(), 0), "empty a download");
        return 0;
    }

    asio::awaitable<Reply> begin(std::int64_t from) {
        Request request;
        request.url = session_.url("blobs/" + layer_.digest);
        if (from > 0) request.fields = fmt::format("Range: bytes={}-\r\n", from);
        Reply reply = co_await session_.call(std::move(request));
        const int status = reply.head.status;
        if (status != 200 && status != 206 && status != 416) co_await session_.refuse(std::move(reply), what_);
        co_return reply;
    }

    void check_reply(const Reply& reply, std::int64_t have) const {
        if (reply.head.status == 206) {
            const auto range = parse_content_range(reply.head.field("content-range"));
            if (!range || range->first != have) fail(Kind::invalid, "{}: another part came than was asked for", what_);
        }
        if (reply.head.length && static_cast<std::int64_t>(*reply.head.length) + have != layer_.size)
            fail(Kind::invalid, "{}: {} bytes come, but the manifest says {}", what_, *reply.head.length + have,
                 layer_.size);
    }

    asio::awaitable<void> transfer(Reply reply, Fd file, std::int64_t have) {
        Pipe pipe = make_pipe();
        // Fewer wake-ups of the worker for a fast connection; the default is a quarter of it.
        ::fcntl(pipe.write_end.get(), F_SETPIPE_SZ, 256 * 1024);
        const auto executor = co_await asio::this_coro::executor;
        asio::posix::stream_descriptor sink(executor, pipe.write_end.release());
        const auto pumped = std::make_shared<Outcome>();
        const Outcome unpacked = co_await (pump(std::move(reply), std::move(sink), have, pumped) &&
                                           unpack(std::move(file), have, std::move(pipe.read_end)));
        // The worker knows best why it has stopped; else the connection does.
        if (pumped->problem && !is_broken_pipe(pumped->problem)) std::rethrow_exception(pumped->problem);
        if (unpacked.problem) std::rethrow_exception(unpacked.problem);
        result_ = unpacked.layer;
    }

    asio::awaitable<void> pump(Reply reply, asio::posix::stream_descriptor sink, std::int64_t have,
                               std::shared_ptr<Outcome> outcome) {
        try {
            std::string part(256 * 1024, '\0');
            std::int64_t at = have;
            while (reply.exchange) {
                const std::size_t got = co_await reply.exchange->read_some(part.data(), part.size());
                if (got == 0) break;
                at += static_cast<std::int64_t>(got);
                if (at > layer_.size) fail(Kind::invalid, "{}: more bytes come than the manifest says", what_);
                co_await asio::async_write(sink, asio::buffer(part.data(), got), asio::use_awaitable);
                tell(at);
            }
            if (at < layer_.size) fail(Kind::unavailable, "{}: the connection ended too early", what_);
        } catch (...) {
            outcome->problem = std::current_exception();
        }
        sink.close();
    }

    asio::awaitable<Outcome> unpack(Fd file, std::int64_t have, Fd pipe) {
        storage::LayerInput input;
        input.source = std::make_unique<DownloadSource>(std::move(file), have, std::move(pipe), layer_.size);
        input.keep_compressed = true;
        input.downloaded = path_;
        input.digest = layer_.digest;
        input.diff_id = diff_id_;
        const auto shared = std::make_shared<storage::LayerInput>(std::move(input));
        auto& images = state_.images;
        auto job = [&images, shared] {
            return std::make_shared<storage::AddedLayer>(images.add_layer(images.receive_layer(std::move(*shared))));
        };
        Outcome outcome;
        try {
            outcome.layer = co_await on_pool(state_.workers, std::move(job));
        } catch (Error& error) {
            error.during("{}", what_);
            outcome.problem = std::make_exception_ptr(error);
        }
        co_return outcome;
    }

    void tell(std::int64_t at) {
        const auto present = std::chrono::steady_clock::now();
        if (!progress_ || (present - told_ < progress_interval && at < layer_.size)) return;
        told_ = present;
        progress_({short_digest(layer_.digest), at < layer_.size ? "Downloading" : "Download complete", at,
                   at < layer_.size ? layer_.size : 0});
    }

    Client::State& state_;
    Session& session_;
    const Descriptor layer_;
    const std::string diff_id_;
    const ProgressSink progress_;
    const std::string path_, what_;
    std::shared_ptr<storage::AddedLayer> result_;
    std::chrono::steady_clock::time_point told_{};
};

}  // namespace

asio::awaitable<storage::AddedLayer> download_layer(Client::State& state, Session& session, Descriptor layer,
                                                    std::string diff_id, ProgressSink progress) {
    Download download(state, session, std::move(layer), std::move(diff_id), std::move(progress));
    std::function<asio::awaitable<void>()> attempt = [&download] { return download.attempt(); };
    co_await with_retries(std::move(attempt));
    co_return download.take_result();
}

}  // namespace hoist::registry
