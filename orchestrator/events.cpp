// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/events.h"

#include <utility>

namespace hoist::orchestrator {
namespace {
constexpr std::size_t kept_events = 1024;
}

Attributes Event::attributes() const {
    Attributes all = own;
    if (object) all.insert(object->begin(), object->end());
    return all;
}

std::string Event::attribute(const std::string& name) const {
    if (const auto found = own.find(name); found != own.end()) return found->second;
    if (!object) return "";
    const auto found = object->find(name);
    return found == object->end() ? "" : found->second;
}

EventLog::Subscription::Subscription(Subscription&& other) noexcept : cancel_(std::exchange(other.cancel_, nullptr)) {}

EventLog::Subscription& EventLog::Subscription::operator=(Subscription&& other) noexcept {
    std::swap(cancel_, other.cancel_);
    return *this;
}

EventLog::Subscription::~Subscription() {
    if (cancel_) cancel_();
}

void EventLog::publish(std::string type, std::string action, std::string id, Attributes own,
                       std::shared_ptr<const Attributes> object) {
    kept_.push_back(
        {++last_, now(), std::move(type), std::move(action), std::move(id), std::move(own), std::move(object)});
    const Event event = kept_.back();
    if (kept_.size() > kept_events) kept_.pop_front();
    // A subscriber may end its own or another's subscription meanwhile.
    std::vector<std::uint64_t> numbers;
    for (const auto& [number, unused] : subscribers_) numbers.push_back(number);
    for (const auto number : numbers) {
        const auto it = subscribers_.find(number);
        if (it == subscribers_.end()) continue;
        const auto call = it->second;
        call(event);
    }
}

EventLog::Subscription EventLog::subscribe(std::function<void(const Event&)> on_event) {
    const auto number = next_subscriber_++;
    subscribers_.emplace(number, std::move(on_event));
    Subscription subscription;
    subscription.cancel_ = [this, number, alive = std::weak_ptr(alive_)] {
        if (alive.lock()) subscribers_.erase(number);
    };
    return subscription;
}

std::vector<Event> EventLog::since(TimePoint time) const {
    std::vector<Event> found;
    for (const auto& event : kept_)
        if (event.time >= time) found.push_back(event);
    return found;
}

}  // namespace hoist::orchestrator
