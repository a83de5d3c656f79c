#include "worker/limits.h"

#include <algorithm>

namespace penstock {

namespace {

constexpr Duration kNoPlace = std::chrono::milliseconds(250);  // how soon somebody may have left
constexpr Duration kLongest = std::chrono::minutes(1);
constexpr int kSmoothing = 16;  // messages over which a stay is smoothed

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
                   SteadyTime entered, SteadyTime now) {
  std::lock_guard guard(mutex_);
  providers_.leave(provider, entered, now);
  destinations_.leave(destination, entered, now);
  senders_.leave(sender, entered, now);
}

std::size_t Limits::names() const {
  std::lock_guard guard(mutex_);
  return providers_.size() + destinations_.size() + senders_.size();
}

std::optional<Limits::Wait> Limits::Places::enter(const std::string& name, SteadyTime now) {
  if (!bounds() || name.empty()) return std::nullopt;
  Place& place = places_.try_emplace(name, limit_.rate).first->second;
  if (limit_.concurrency > 0 && place.under_way >= limit_.concurrency)
    return Wait{place.turnAway(limit_.concurrency, now), cause_};
  if (const auto time = place.bucket.take(now)) return Wait{*time, cause_};
  if (place.under_way++ == 0) place.left = now;
  return std::nullopt;
}

Duration Limits::Place::turnAway(std::size_t most, SteadyTime now) {
  // By Little's law `most` leave in the time that one stays, which is no shorter than nobody has left for.
  const Duration turnover = std::max(stay, std::chrono::floor<Duration>(now - left));
  next = std::max(next, now + kNoPlace) + turnover / static_cast<Duration::rep>(most);
  const auto wait = std::chrono::ceil<Duration>(next - now);
  if (wait < kLongest) return wait;
  next = now;
  return kLongest;
}

void Limits::Places::undo(const std::string& name) {
  const auto found = places_.find(name);
  if (found == places_.end()) return;
  found->second.bucket.giveBack();
  --found->second.under_way;
}

void Limits::Places::leave(const std::string& name, SteadyTime entered, SteadyTime now) {
  const auto found = places_.find(name);
  if (found == places_.end()) return;
  Place& place = found->second;
  --place.under_way;
  place.left = now;
  place.stay += (std::chrono::floor<Duration>(now - entered) - place.stay) / kSmoothing;
  if (places_.size() >= sweep_at_) forgetIdle(now);
}

void Limits::Places::forgetIdle(SteadyTime now) {
  std::erase_if(places_,
                [now](const auto& entry) { return entry.second.under_way == 0 && entry.second.bucket.full(now); });
  sweep_at_ = std::max<std::size_t>(1024, 2 * places_.size());
}

}  // namespace penstock
