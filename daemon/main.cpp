// SPDX-License-Identifier: Apache-2.0
// hoistd: makes the parts and hands each one the others; no logic of its own.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>

#include "api/server.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "daemon/memory.h"
#include "daemon/options.h"
#include "daemon/system.h"

namespace hoist::daemon {
namespace {

namespace asio = boost::asio;

/// A run of the daemon, from the first lock to the last.
class Daemon {
public:
    explicit Daemon(const Options& options)
        : run_lock_(lock(options.run, 0711, "hoistd.pid")),
          root_lock_(lock(options.root, 0711, "hoistd.lock")),
          // Before the slow part: clients that come meanwhile wait in the socket's queue.
          socket_(open_socket(options)),
          context_(1),
          engine_(context_, engine_config(options)),
          projects_(engine_) {}

    int run() {
        asio::signal_set signals(context_, SIGTERM, SIGINT);
        signals.async_wait([this](boost::system::error_code problem, int) {
            if (!problem) stop();
        });
        asio::co_spawn(
            context_, start(),
            asio::bind_cancellation_slot(starting_.slot(), [this](std::exception_ptr problem) { started(problem); }));
        run_and_give_back(context_);
        // Open connections end now; what does not, ends with the process. No container notices.
        context_.restart();
        context_.run_for(std::chrono::milliseconds(500));
        return status_;
    }

private:
    static Fd lock(const std::string& directory, mode_t mode, const char* file) {
        make_directories(directory, mode);
        return lock_pid_file(directory + "/" + file);
    }

    static Fd open_socket(const Options& options) {
        if (auto socket = inherited_socket()) return std::move(*socket);
        return api::listen_on(options.socket);
    }

    static orchestrator::EngineConfig engine_config(const Options& options) {
        orchestrator::EngineConfig config;
        config.root = options.root;
        config.run = options.run;
        config.runtime_program = find_runtime();
        if (const auto text = read_file_if_exists(options.config)) {
            try {
                config.registries = registry::parse_config(parse_json(*text, options.config));
            } catch (Error& error) {
                throw error.during("read {}", options.config);
            }
        }
        config.registries.certificates = split_path(options.config).parent + "/certs.d";
        if (const char* parent = std::getenv("HOIST_CGROUP_PARENT"); parent && *parent) config.cgroup_parent = parent;
        return config;
    }

    asio::awaitable<void> start() {
        co_await engine_.reconcile();
        server_ = std::make_unique<api::Server>(context_, engine_, projects_, std::move(socket_));
        notify_service_manager("READY=1");
        spdlog::info("hoistd {} serves", HOIST_VERSION);
        co_await projects_.bring_back();
    }

    void started(std::exception_ptr problem) {
        if (!problem || stopping_) return;
        try {
            std::rethrow_exception(problem);
        } catch (const std::exception& error) {
            spdlog::error("start: {}", error.what());
        }
        if (server_) return;  // projects that did not come back leave the rest at work
        status_ = 1;
        stop();
    }

    void stop() {
        if (std::exchange(stopping_, true)) return;
        notify_service_manager("STOPPING=1");
        if (server_) server_->close();
        starting_.emit(asio::cancellation_type::terminal);
        engine_.shut_down();
        context_.stop();
    }

    Fd run_lock_, root_lock_, socket_;
    asio::io_context context_;
    orchestrator::Engine engine_;
    orchestrator::Projects projects_;
    std::unique_ptr<api::Server> server_;
    asio::cancellation_signal starting_;
    bool stopping_ = false;
    int status_ = 0;
};

int run(const std::vector<std::string>& arguments) {
    share_one_heap();
    const Options options = read_options(arguments);
    if (options.help || options.version) {
        std::fputs(options.help ? usage : "hoistd " HOIST_VERSION "\n", stdout);
        return 0;
    }
    open_log(options.log_level);
    std::signal(SIGPIPE, SIG_IGN);
    raise_file_limit();
    return Daemon(options).run();
}

}  // namespace
}  // namespace hoist::daemon

int main(int count, char** words) {
    try {
        return hoist::daemon::run({words + 1, words + count});
    } catch (const hoist::Error& error) {
        std::fprintf(stderr, "hoistd: %s\n", error.what());
        return error.kind() == hoist::Kind::invalid ? 2 : 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "hoistd: %s\n", error.what());
        return 1;
    }
}
