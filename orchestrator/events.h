#pragma once
// SPDX-License-Identifier: Apache-2.0
// What happened, in order: numbered events for clients and for the engine's own waits.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/units.h"

namespace hoist::orchestrator {

using Attributes = std::map<std::string, std::string>;

/// @see engine API "Events": type container, network, volume, image; project is ours
struct Event {
    std::uint64_t number = 0;  ///< without gaps, from 1 since the daemon's start
    TimePoint time;
    std::string type, action, id;
    Attributes own;  ///< what this event says of itself: an exit code, a signal
    /// What is so of its object (a container's labels, name, image), shared by all events of the object; may be null.
    std::shared_ptr<const Attributes> object;

    Attributes attributes() const;  ///< both
    std::string attribute(const std::string& name) const;  ///< empty if there is none
};

/// Keeps the last 1024 events and tells subscribers of new ones, on the engine's thread.
class EventLog {
public:
    /// Ends the subscription when it goes out of scope.
    class Subscription {
    public:
        Subscription() = default;
        Subscription(Subscription&&) noexcept;
        Subscription& operator=(Subscription&&) noexcept;
        ~Subscription();

    private:
        friend class EventLog;
        std::function<void()> cancel_;
    };

    void publish(std::string type, std::string action, std::string id, Attributes own,
                 std::shared_ptr<const Attributes> object = nullptr);
    /// `on_event` is called for each later event; it must not block or throw.
    Subscription subscribe(std::function<void(const Event&)> on_event);
    std::vector<Event> since(TimePoint time) const;

private:
    std::deque<Event> kept_;
    std::uint64_t last_ = 0;
    std::map<std::uint64_t, std::function<void(const Event&)>> subscribers_;
    std::uint64_t next_subscriber_ = 0;
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace hoist::orchestrator
