// SPDX-License-Identifier: Apache-2.0
#include "base/fail_point.h"

#ifdef HOIST_FAIL_POINTS

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace hoist {
namespace {

struct Trigger {
    std::string step;
    int at = 1;
    int error_number = 0;  ///< 0: kill
    std::atomic<int> passed = 0;
};

int errno_of(const std::string& name) {
    static const std::map<std::string, int> known = {{"ENOSPC", ENOSPC}, {"EIO", EIO},       {"EAGAIN", EAGAIN},
                                                     {"ENOMEM", ENOMEM}, {"EMFILE", EMFILE}, {"EROFS", EROFS}};
    const auto it = known.find(name);
    return it == known.end() ? EIO : it->second;
}

std::vector<Trigger> read_triggers() {
    const char* text = std::getenv("HOIST_FAIL");
    if (!text) return {};
    const auto entries = split(text, ',');
    std::vector<Trigger> triggers(entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const auto parts = split(entries[i], ':');
        triggers[i].step = parts[0];
        if (parts.size() > 1) triggers[i].at = std::atoi(parts[1].c_str());
        if (parts.size() > 2 && parts[2] != "kill") triggers[i].error_number = errno_of(parts[2]);
    }
    return triggers;
}

}  // namespace

void fail_point(const char* step) {
    static std::vector<Trigger> triggers = read_triggers();
    for (auto& trigger : triggers) {
        if (trigger.step != step || ++trigger.passed != trigger.at) continue;
        if (trigger.error_number == 0) ::kill(::getpid(), SIGKILL);
        fail_errno(trigger.error_number, "fail point {}", step);
    }
}

}  // namespace hoist

#endif
