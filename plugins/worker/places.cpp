#include "worker/places.h"

#include <algorithm>
#include <utility>

namespace penstock {

namespace {

constexpr Duration kNoPlace = std::chrono::milliseconds(250);  // how soon somebody may have left
constexpr int kSmoothing = 16;                                 // messages over which a stay is smoothed

Limit over(const Limit& limit, const Limit& own) {
  return {own.rate > 0 ? own.rate : limit.rate, own.concurrency > 0 ? own.concurrency : limit.concurrency};
}

}  // namespace

std::optional<Places::Wait> Places::enter(const std::string& name, const Limit& own, SteadyTime now) {
  // Who is not bounded is counted all the same, because a reload may bound him.
  if (name.empty()) return std::nullopt;
  const auto [entry, added] = places_.try_emplace(name);
  Place& place = entry->second;
  if (added || place.own != own) {
    place.own = own;
    place.bound(over(limit_, own), now);
  }
  const Limit& limit = place.limit;
  if (limit.concurrency > 0 && place.under_way >= limit.concurrency)
    return Wait{place.turnAway(limit.concurrency, now), cause_};
  const auto time = shared_ ? place.leased.take(limit.rate, now) : place.bucket.take(now);
  if (place.leased.asks()) wanted_.push_back(name);
  if (time) return Wait{*time, cause_};
  if (place.under_way++ == 0) place.left = now;
  return std::nullopt;
}

Duration Places::Place::turnAway(std::size_t most, SteadyTime now) {
  // By Little's law `most` leave in the time that one stays, which is no shorter than nobody has left for.
  const Duration turnover = std::max(stay, std::chrono::floor<Duration>(now - left));
  const Duration one = turnover / static_cast<Duration::rep>(most);
  return turns.next(kNoPlace + one, one, now);
}

void Places::Place::bound(const Limit& by, SteadyTime now) {
  if (limit.rate != by.rate) leased.changed(by.rate);
  if (limit.concurrency != by.concurrency) turns.forget();
  bucket.change(by.rate, now);
  limit = by;
}

void Places::undo(const std::string& name) {
  const auto found = places_.find(name);
  if (found == places_.end()) return;
  Place& place = found->second;
  if (shared_ && place.limit.rate > 0)
    place.leased.giveBack();
  else
    place.bucket.giveBack();
  --place.under_way;
}

void Places::leave(const std::string& name, SteadyTime entered, SteadyTime now) {
  const auto found = places_.find(name);
  if (found == places_.end()) return;
  Place& place = found->second;
  --place.under_way;
  place.left = now;
  place.stay += (std::chrono::floor<Duration>(now - entered) - place.stay) / kSmoothing;
  if (places_.size() >= sweep_at_) forgetIdle(now);
}

void Places::change(Limit limit, bool shared, SteadyTime now) {
  limit_ = limit;
  shared_ = shared;
  for (auto& [name, place] : places_) place.bound(over(limit_, place.own), now);
}

std::vector<std::pair<std::string, double>> Places::demand() {
  std::vector<std::pair<std::string, double>> asked;
  for (std::string& name : std::exchange(wanted_, {})) {
    const auto found = places_.find(name);
    if (found == places_.end()) continue;
    const double rate = found->second.limit.rate;
    if (rate > 0)
      asked.emplace_back(std::move(name), rate);
    else
      found->second.leased.grant(0, rate, {});  // meanwhile nothing is needed
  }
  return asked;
}

void Places::grant(const std::string& name, double tokens, SteadyTime now) {
  const auto found = places_.find(name);
  if (found != places_.end()) found->second.leased.grant(tokens, found->second.limit.rate, now);
}

void Places::forgetIdle(SteadyTime now) {
  std::erase_if(places_, [now](const auto& entry) {
    const Place& place = entry.second;
    return place.under_way == 0 && place.bucket.full(now) && place.leased.idle(now);
  });
  sweep_at_ = std::max(kSweep, 2 * places_.size());
}

}  // namespace penstock
