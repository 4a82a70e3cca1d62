// SPDX-License-Identifier: Apache-2.0
// Freezing, killing and measuring what runs in a cgroup.
#include <poll.h>
#include <signal.h>

#include <chrono>

#include "base/error.h"
#include "base/file.h"
#include "base/kernel_features.h"
#include "base/text.h"
#include "runtime/cgroup.h"

namespace hoist::runtime {
namespace {

std::uint64_t number_in(const std::string& path) {
    const auto text = read_file_if_exists(path);
    if (!text || text->empty() || (*text)[0] == 'm') return 0;  // "max"
    return std::stoull(*text);
}

/// The number behind a word in a file of "word number" lines.
std::uint64_t field_in(const std::string& path, std::string_view word) {
    const auto text = read_file_if_exists(path);
    if (!text) return 0;
    for (const auto& line : split(*text, '\n')) {
        if (line.size() > word.size() && line.compare(0, word.size(), word) == 0 && line[word.size()] == ' ')
            return std::stoull(line.substr(word.size() + 1));
    }
    return 0;
}

/// v1 says "no limit" as the largest number of whole pages.
std::uint64_t limit_or_zero(std::uint64_t limit) {
    return limit >= (std::uint64_t{1} << 62) ? 0 : limit;
}

}  // namespace

bool Cgroup::frozen() const {
    const Place* place = place_of("freezer");
    if (!place) return false;
    if (mode_ == CgroupMode::v2) return field_in(place->directory + "/cgroup.events", "frozen") == 1;
    const auto state = read_file_if_exists(place->directory + "/freezer.state");
    return state && trim(*state) != "THAWED";
}

void Cgroup::set_frozen(bool wanted) const {
    const Place* place = place_of("freezer");
    if (!place) fail(Kind::invalid, "pause: the kernel's cgroup controller \"freezer\" is not mounted");
    if (mode_ != CgroupMode::v2) {
        write("freezer", "freezer.state", wanted ? "FROZEN" : "THAWED");
        // v1 freezes in the background and has no event for it; a second write helps it over new forks.
        for (int tries = 0; wanted && tries < 1000; ++tries) {
            if (trim(read_file(place->directory + "/freezer.state")) == "FROZEN") return;
            const timespec pause{0, 1'000'000};
            ::nanosleep(&pause, nullptr);
            write("freezer", "freezer.state", "FROZEN");
        }
        if (!wanted) return;
        write("freezer", "freezer.state", "THAWED");
        fail(Kind::timeout, "pause cgroup {}: a process inside could not be frozen within a second", path_);
    }
    const Fd events = open_file(place->directory + "/cgroup.events", O_RDONLY);
    write("", "cgroup.freeze", wanted ? "1" : "0");
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (frozen() != wanted) {
        pollfd waiting{events.get(), POLLPRI, 0};
        ::poll(&waiting, 1, 100);
        if (std::chrono::steady_clock::now() > deadline)
            fail(Kind::timeout, "freeze or thaw cgroup {}: no change within 2 s", path_);
    }
}

void Cgroup::freeze() const {
    set_frozen(true);
}

void Cgroup::thaw() const {
    set_frozen(false);
}

void Cgroup::kill_all(int signal) const {
    if (places_.empty()) return;
    if (signal == SIGKILL && mode_ == CgroupMode::v2 && kernel_has(KernelFeature::cgroup_kill) &&
        ::access((places_[0].directory + "/cgroup.kill").c_str(), W_OK) == 0) {
        write("", "cgroup.kill", "1");
        return;
    }
    // Frozen, so that nobody forks away between the list and the signal.
    const bool was_frozen = frozen();
    const bool freeze_now = signal == SIGKILL && !was_frozen && place_of("freezer");
    if (freeze_now && !processes().empty()) {
        try {
            freeze();
        } catch (const Error&) {  // then without: a second round gets those that slipped through
        }
    }
    for (const pid_t pid : processes()) ::kill(pid, signal);
    if (freeze_now || (signal == SIGKILL && was_frozen)) thaw();
}

std::uint64_t Cgroup::oom_kills() const {
    const Place* place = place_of("memory");
    if (!place) return 0;
    return field_in(place->directory + (mode_ == CgroupMode::v2 ? "/memory.events" : "/memory.oom_control"),
                    "oom_kill");
}

CgroupStats Cgroup::stats() const {
    CgroupStats now;
    const bool v2 = mode_ == CgroupMode::v2;
    if (const Place* memory = place_of("memory")) {
        now.memory_bytes = number_in(memory->directory + (v2 ? "/memory.current" : "/memory.usage_in_bytes"));
        now.memory_limit =
            limit_or_zero(number_in(memory->directory + (v2 ? "/memory.max" : "/memory.limit_in_bytes")));
    }
    if (const Place* cpu = place_of("cpuacct")) {
        now.cpu_nanoseconds = v2 ? field_in(cpu->directory + "/cpu.stat", "usage_usec") * 1000
                                 : number_in(cpu->directory + "/cpuacct.usage");
    }
    if (const Place* pids = place_of("pids")) now.pids = number_in(pids->directory + "/pids.current");
    now.oom_kills = oom_kills();
    return now;
}

}  // namespace hoist::runtime
