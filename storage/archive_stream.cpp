// SPDX-License-Identifier: Apache-2.0
#include "storage/archive_stream.h"

#include <array>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "base/error.h"
#include "storage/byte_source.h"
#include "storage/digest.h"

namespace hoist::storage {
namespace {

constexpr std::size_t read_size = 256 * 1024;
constexpr std::size_t blocks = 16;  // enough to ride over a burst of small files, few enough to stay in the cache
constexpr auto progress_interval = std::chrono::milliseconds(200);

struct Block {
    std::vector<char> bytes = std::vector<char>(read_size);
    std::size_t used = 0;
};

}  // namespace

/// A ring: the thread fills blocks [taken, filled), the caller empties them.
struct ArchiveStream::State {
    State(std::unique_ptr<RawSource> from, ArchiveStreamOptions how)
        : reader(std::move(from)), options(std::move(how)) {}

    const std::unique_ptr<RawSource> reader;
    const ArchiveStreamOptions options;
    std::chrono::steady_clock::time_point reported{};

    std::mutex mutex;
    std::condition_variable changed;
    std::array<Block, blocks> ring;
    std::size_t filled = 0, taken = 0;
    bool holding = false;  ///< the caller still looks at block `taken`
    bool ended = false, stopped = false;
    std::exception_ptr problem;
    std::string digest;
    std::int64_t total = 0;
    std::thread thread;

    void fill() {
        try {
            pump();
        } catch (...) {
            const std::lock_guard lock(mutex);
            problem = std::current_exception();
        }
        const std::lock_guard lock(mutex);
        ended = true;
        changed.notify_all();
    }

    void pump() {
        const auto source = open_byte_source(*reader);
        Sha256 hash;
        while (Block* block = free_block()) {
            block->used = fill_block(*source, *block);
            if (block->used == 0) {
                drain();
                if (options.hash) digest = hash.finish();
                return;
            }
            total += static_cast<std::int64_t>(block->used);
            if (total > options.limit)
                fail(Kind::invalid, "the archive holds more than the limit of {} bytes", options.limit);
            publish();
            // While the caller already unpacks it; the block is not filled again before we come back for it.
            const std::string_view bytes(block->bytes.data(), block->used);
            if (options.hash) hash.update(bytes);
            if (options.tap) options.tap(bytes);
        }
    }

    /// What lies behind the end of the compressed data belongs to the source's digest too.
    void drain() const {
        std::array<char, 4096> rest{};
        while (reader->read(rest.data(), rest.size()) != 0) {
        }
    }

    /// Decompressors hand out small pieces: gathering them spares the threads most of their meetings.
    static std::size_t fill_block(ByteSource& source, Block& block) {
        std::size_t used = 0;
        while (used < block.bytes.size()) {
            const std::size_t got = source.read(block.bytes.data() + used, block.bytes.size() - used);
            if (got == 0) break;
            used += got;
        }
        return used;
    }

    Block* free_block() {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return stopped || filled - taken < blocks; });
        return stopped ? nullptr : &ring[filled % blocks];
    }

    void publish() {
        const std::lock_guard lock(mutex);
        ++filled;
        changed.notify_all();
    }

    void report() {
        const auto time = std::chrono::steady_clock::now();
        if (!options.progress || time - reported < progress_interval) return;
        reported = time;
        options.progress(reader->bytes_read());
    }
};

ArchiveStream::ArchiveStream(std::unique_ptr<RawSource> source, ArchiveStreamOptions options)
    : state_(std::make_unique<State>(std::move(source), std::move(options))) {
    state_->thread = std::thread([state = state_.get()] { state->fill(); });
}

ArchiveStream::~ArchiveStream() {
    state_->reader->stop();
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopped = true;
        state_->changed.notify_all();
    }
    state_->thread.join();
}

std::string_view ArchiveStream::next() {
    State& state = *state_;
    state.report();
    std::unique_lock lock(state.mutex);
    if (state.holding) {
        ++state.taken;
        state.holding = false;
        state.changed.notify_all();
    }
    const auto ready = [&] { return state.ended || state.filled > state.taken; };
    while (!state.changed.wait_for(lock, progress_interval, ready)) {
        lock.unlock();
        state.report();
        lock.lock();
    }
    if (state.filled == state.taken) {
        if (state.problem) std::rethrow_exception(state.problem);
        return {};
    }
    state.holding = true;
    const Block& block = state.ring[state.taken % blocks];
    return {block.bytes.data(), block.used};
}

std::string ArchiveStream::finish() {
    while (!next().empty()) {
    }
    return state_->digest;
}

std::int64_t ArchiveStream::size() const {
    return state_->total;
}

}  // namespace hoist::storage
