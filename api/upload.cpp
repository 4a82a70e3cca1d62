// SPDX-License-Identifier: Apache-2.0
#include "api/upload.h"

#include <atomic>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "api/pump.h"
#include "base/error.h"
#include "orchestrator/blocking.h"

namespace hoist::api {

using namespace asio::experimental::awaitable_operators;

namespace {

constexpr std::size_t part_size = 64 * 1024;

/// Shared by the two ends of the pipe: an upload that broke off must not look like a complete one.
struct Upload {
    std::atomic<bool> broken = false;
    std::string problem;

    void check() const {
        if (broken) fail(Kind::invalid, "the upload broke off: {}", problem);
    }
};

asio::awaitable<void> feed(Exchange& exchange, Descriptor pipe, std::shared_ptr<Upload> upload) {
    std::string part(part_size, '\0');
    try {
        while (const auto size = co_await exchange.read_some(part.data(), part.size()))
            co_await asio::async_write(pipe, asio::buffer(part, size), asio::use_awaitable);
        co_return;
    } catch (const Error& error) {
        upload->problem = error.message();
    } catch (const boost::system::system_error& error) {
        if (error.code() == asio::error::broken_pipe) co_return;  // the reader has given up and says why itself
        upload->problem = error.what();
    }
    upload->broken = true;  // before the pipe is closed, which the reader takes for the archive's end
}

/// What `job` throws, as a value: the other end of the pipe is to be done before it is thrown on.
template <class Job>
asio::awaitable<std::optional<Error>> outcome(asio::thread_pool& pool, Job job) {
    std::optional<Error> problem;
    try {
        co_await orchestrator::on_pool(pool, std::move(job));
    } catch (const Error& error) {
        problem = error;
    }
    co_return problem;
}

/// Copies the pipe to the client. @return whether something came
asio::awaitable<bool> drain(Exchange& exchange, Descriptor pipe, std::string content_type) {
    std::string part(part_size, '\0');
    bool begun = false;
    for (;;) {
        boost::system::error_code problem;
        const auto size =
            co_await pipe.async_read_some(asio::buffer(part), asio::redirect_error(asio::use_awaitable, problem));
        if (problem == asio::error::eof || (!problem && size == 0)) co_return begun;
        if (problem) throw boost::system::system_error(problem);
        if (!std::exchange(begun, true)) co_await exchange.begin_stream(content_type);
        co_await exchange.write(part.substr(0, size));
    }
}

}  // namespace

asio::awaitable<void> read_upload(Exchange& exchange, asio::thread_pool& pool, ReadUpload work) {
    Pipe pipe = make_pipe();
    const auto upload = std::make_shared<Upload>();
    const auto source = std::make_shared<Fd>(std::move(pipe.read_end));
    auto job = [source, upload, work = std::move(work)] {
        const Fd read_end = std::move(*source);  // closed on either way out: the sender then stops
        work(read_end, [&upload](std::uint64_t) { upload->check(); });
        upload->check();
    };
    const auto executor = co_await asio::this_coro::executor;
    Descriptor write_end(executor, pipe.write_end.release());
    const auto problem = co_await (feed(exchange, std::move(write_end), upload) && outcome(pool, std::move(job)));
    if (problem) throw Error(*problem);
}

asio::awaitable<void> send_archive(Exchange& exchange, asio::thread_pool& pool, std::string content_type,
                                   WriteArchive work) {
    Pipe pipe = make_pipe();
    const auto target = std::make_shared<Fd>(std::move(pipe.write_end));
    auto job = [target, work = std::move(work)] {
        const Fd write_end = std::move(*target);  // closed on either way out: the archive's end
        work(write_end);
    };
    const auto executor = co_await asio::this_coro::executor;
    Descriptor read_end(executor, pipe.read_end.release());
    const auto [begun, problem] =
        co_await (drain(exchange, std::move(read_end), content_type) && outcome(pool, std::move(job)));
    if (problem) throw Error(*problem);
    if (!begun) co_await exchange.begin_stream(std::move(content_type));
    co_await exchange.end_stream();
}

}  // namespace hoist::api
