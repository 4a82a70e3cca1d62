#pragma once
// SPDX-License-Identifier: Apache-2.0
// The monitor itself: one container, its runs one after the other, and the daemons that ask about it.

#include <list>
#include <map>

#include "runtime/monitor/connection.h"
#include "runtime/monitor/container_io.h"
#include "runtime/monitor/container_run.h"
#include "runtime/monitor/loop.h"
#include "runtime/monitor_protocol.h"

namespace hoist::runtime {

class Owner {
public:
    /// @param listening  the monitor's socket
    Owner(std::string run_directory, Fd listening);
    /// Takes a daemon's connection and greets it.
    void connect(Fd socket);
    /// Until "quit".
    void run() { loop_.run(); }

private:
    struct Exec {
        pid_t pid;
        Fd pidfd;
    };
    struct Answer {
        Json body = Json::object();
        std::vector<int> fds;
        std::vector<Fd> owned;  ///< closed once sent
    };

    void accept();
    void greet(Connection& connection);
    void forget(const Connection& connection);
    bool tell(const Json& event);
    void on_message(Connection& connection, Message message);
    Answer answer(const std::string& operation, Message& message);

    Answer start();
    Answer signal(const Json& request);
    Answer exec(Message& message);
    Answer resize(const Json& request);
    Answer attach(Message& message);
    Answer set_paused(bool paused);
    Answer update(const Json& request);
    Answer keep(Message& message);
    Answer drop(const Json& request);
    void quit(Connection& connection, const Json& request);

    ContainerRun& running();
    void adopt(ContainerRun run);
    void kill_process_one();
    void on_exit();
    void on_exec_exit(const std::string& id);
    void on_oom();
    void tell_oom();
    void record_exit(const ExitRecord& record, const std::string& state_directory);
    void finish_quit();

    std::string run_directory_, state_directory_;
    Fd listening_;
    Loop loop_;
    ContainerIo io_{loop_, [this](std::uint64_t lost) { tell({{"event", "log_lost"}, {"bytes", lost}}); }};
    std::list<Connection> connections_;  ///< the newest last
    std::vector<std::pair<std::string, Fd>> kept_;
    std::map<std::string, Exec> execs_;
    std::vector<Json> untold_exec_exits_;

    std::uint64_t runs_ = 0;
    std::optional<ContainerRun> run_;
    std::optional<ExitRecord> last_exit_;
    Cgroup cgroup_;          ///< of the last run
    bool oom_told_ = false;  ///< in this run
    Connection* quitting_ = nullptr;
    std::optional<Json> quit_number_;  ///< set while "quit" waits for the exit
};

}  // namespace hoist::runtime
