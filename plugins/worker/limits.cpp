#include "worker/limits.h"

#include <algorithm>

namespace penstock {

namespace {

constexpr Duration kNoPlace = std::chrono::milliseconds(250);  // how soon somebody may have left

}  // namespace

Limits::Limits(const LimitSettings& settings)
    : providers_(settings.provider, "provider_limit"),
      destinations_(settings.destination, "destination_limit"),
      senders_(settings.sender, "sender_limit") {}

std::optional<Limits::Wait> Limits::enter(const Outgoing& message, SteadyTime now) {
  std::lock_guard guard(mutex_);
  if (const auto wait = providers_.enter(message.provider.name, now)) return wait;
  if (const auto wait = destinations_.enter(message.destination, now)) {
    providers_.undo(message.provider.name);
    return wait;
  }
  if (const auto wait = senders_.enter(message.event.content.from, now)) {
    destinations_.undo(message.destination);
    providers_.undo(message.provider.name);
    return wait;
  }
  return std::nullopt;
}

void Limits::leave(const std::string& provider, const std::string& destination, const std::string& sender,
                   SteadyTime now) {
  std::lock_guard guard(mutex_);
  providers_.leave(provider, now);
  destinations_.leave(destination, now);
  senders_.leave(sender, now);
}

std::size_t Limits::names() const {
  std::lock_guard guard(mutex_);
  return providers_.size() + destinations_.size() + senders_.size();
}

std::optional<Limits::Wait> Limits::Places::enter(const std::string& name, SteadyTime now) {
  if (!bounds() || name.empty()) return std::nullopt;
  Place& place = places_.try_emplace(name, limit_.rate).first->second;
  if (limit_.concurrency > 0 && place.under_way >= limit_.concurrency) return Wait{kNoPlace, cause_};
  if (const auto time = place.bucket.take(now)) return Wait{*time, cause_};
  ++place.under_way;
  return std::nullopt;
}

void Limits::Places::undo(const std::string& name) {
  const auto found = places_.find(name);
  if (found == places_.end()) return;
  found->second.bucket.giveBack();
  --found->second.under_way;
}

void Limits::Places::leave(const std::string& name, SteadyTime now) {
  const auto found = places_.find(name);
  if (found == places_.end()) return;
  --found->second.under_way;
  if (places_.size() >= sweep_at_) forgetIdle(now);
}

void Limits::Places::forgetIdle(SteadyTime now) {
  std::erase_if(places_,
                [now](const auto& entry) { return entry.second.under_way == 0 && entry.second.bucket.full(now); });
  sweep_at_ = std::max<std::size_t>(1024, 2 * places_.size());
}

}  // namespace penstock
