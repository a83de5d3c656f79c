#include "memory-queue/state.h"

#include "shared/dispatch/waits.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace penstock::memory_queue {
namespace {

constexpr std::uint32_t kExpiriesAlone = 3;      // then it is condemned
constexpr std::uint32_t kExpiriesCondemned = 6;  // then nobody is found who would note its end

LeaseToken tokenOf(const Record& record) {
  LeaseToken token;
  token.words[0] = record.lease;
  std::memcpy(&token.words[1], record.key.bytes.data(), record.key.bytes.size());
  return token;
}

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

}  // namespace

State::State(const Limits& limits, const Instruments& instruments, const Log& log, std::uint64_t first_lease)
    : limits_(limits),
      instruments_(instruments),
      log_(log),
      keys_(limits.key_window, limits.max_keys),
      waiting_(limits.max_waiting, limits.max_bytes),
      last_lease_(first_lease) {}

void State::pass(const Moment& now, Aftermath& aftermath) {
  while (!timers_.empty() && timers_.begin()->time <= now.steady) {
    Record& record = *timers_.begin();
    if (record.place == Place::Leased) {
      expireLease(record, now, aftermath);
    } else {
      timers_.erase(timers_.begin());
      --scheduled_;
      lanes_.makeReady(record, record.time);
    }
  }
  while (waiting_.due() <= now.steady)
    aftermath.answers.push_back({waiting_.pop().handler, {PublishVerdict::Full, {}}});
  admitWaiters(now, aftermath);
  while (dead_.oldest() != nullptr && after(dead_.oldest()->time, limits_.dead_letter_retention) <= now.steady)
    removeDead(*dead_.oldest(), now, aftermath);
  keys_.expire(now.steady);
}

SteadyTime State::due() {
  SteadyTime soonest = std::min(waiting_.due(), keys_.due());
  if (!timers_.empty()) soonest = std::min(soonest, timers_.begin()->time);
  if (const Record* record = dead_.oldest())
    soonest = std::min(soonest, after(record->time, limits_.dead_letter_retention));
  return soonest;
}

bool State::hasRoom(std::uint64_t bytes) const {
  return live() < limits_.max_events && bytes_ <= limits_.max_bytes && bytes <= limits_.max_bytes - bytes_;
}

std::optional<PublishResult> State::publish(std::unique_ptr<Record>& record, PublishHandler& handler,
                                            const Moment& now) {
  if (const auto known = keys_.known(*record, now.steady)) return known;
  const std::uint64_t bytes = record->bytes();
  if (waiting_.empty() && hasRoom(bytes)) {
    const Uuid id = record->id;
    accept(std::move(record), now);
    return PublishResult{PublishVerdict::Accepted, id};
  }
  if (!limits_.wait_when_full || bytes > limits_.max_bytes || !waiting_.hasRoom(bytes))
    return PublishResult{PublishVerdict::Full, {}};
  waiting_.push({std::move(record), std::move(handler), after(now.steady, limits_.full_wait)});
  return std::nullopt;
}

void State::accept(std::unique_ptr<Record> owned, const Moment& now) {
  Record& record = keys_.claim(std::move(owned), now.steady);
  record.lane = &lanes_.enter(record.conversation);
  record.sequence = ++last_sequence_;
  record.born = now.steady;
  bytes_ += record.bytes();
  lanes_.makeReady(record, now.steady);
}

void State::admitWaiters(const Moment& now, Aftermath& aftermath) {
  while (!waiting_.empty()) {
    const Record& next = *waiting_.front().record;
    auto known = keys_.known(next, now.steady);
    if (!known && !hasRoom(next.bytes())) return;
    const Uuid id = next.id;
    Waiter waiter = waiting_.pop();
    if (known)
      aftermath.garbage.push_back(std::move(waiter.record));
    else
      accept(std::move(waiter.record), now);
    aftermath.answers.push_back(
        {std::move(waiter.handler), known.value_or(PublishResult{PublishVerdict::Accepted, id})});
  }
}

std::vector<Handover> State::take(std::size_t max, Duration lease, const Moment& now) {
  const Taken taken = lanes_.take(max);
  std::vector<Handover> handovers;
  handovers.reserve(taken.records.size());
  for (Record* record : taken.records) {
    const auto age = std::chrono::floor<Duration>(now.steady - record->born);
    const auto waited = std::chrono::floor<Duration>(now.steady - record->time);
    record->place = Place::Leased;
    record->time = after(now.steady, lease);
    record->lease = ++last_lease_;
    record->alone = taken.alone;
    ++record->attempt;
    ++leased_;
    timers_.insert(timers_.end(), *record);
    handovers.push_back({record->text, record->attempt, record->earlier_attempts, tokenOf(*record), taken.alone, age,
                         waited, record->waits, record->id, record->expiries_alone,
                         record->expiries_alone >= kExpiriesAlone});
  }
  return handovers;
}

Record* State::leased(const LeaseToken& token) const {
  Digest128 key;
  std::memcpy(key.bytes.data(), &token.words[1], key.bytes.size());
  Record* record = keys_.find(key);
  const bool held = record != nullptr && record->place == Place::Leased && record->lease == token.words[0];
  return held ? record : nullptr;
}

void State::endLease(Record& record) {
  timers_.erase(timers_.iterator_to(record));
  --leased_;
  record.place = Place::Nowhere;
  lanes_.unblock(*record.lane);
}

void State::expireLease(Record& record, const Moment& now, Aftermath& aftermath) {
  const SteadyTime expired = record.time;
  endLease(record);
  instruments_.lease_expiries.add();
  addFailure(record, "lease_expired", now);
  if (record.alone && ++record.expiries_alone == kExpiriesAlone) {
    instruments_.crash_suspects.add();
    log_.warning("queue.crash_suspect", "an event's lease ran out three times while it was alone; it is given up",
                 {{"id", record.id.text()}});
  }
  if (record.expiries_alone == kExpiriesCondemned) {
    bury(record, {.reason = "crash_suspect", .grounds = Grounds::CrashSuspect}, now, aftermath);
    return;
  }
  record.suspect = true;
  lanes_.makeReady(record, expired);
}

SettleVerdict State::settle(const Settlement& settlement, const Moment& now, Aftermath& aftermath) {
  Record* record = leased(settlement.token);
  if (record == nullptr) return SettleVerdict::LeaseLost;
  endLease(*record);
  std::visit(Overloaded{[&](const Done&) { finish(*record, now, aftermath); },
                        [&](const RetryAfter& retry) {
                          addFailure(*record, retry.reason, now);
                          record->suspect = false;
                          record->waits = dispatch::waitsAfter(record->waits, settlement);
                          makeReadyAfter(*record, retry.delay, now);
                        },
                        [&](const Dead& dead) {
                          addFailure(*record, dead.reason, now);
                          bury(*record, dead, now, aftermath);
                        },
                        [&](const Release& release) {
                          --record->attempt;
                          record->waits = dispatch::waitsAfter(record->waits, settlement);
                          makeReadyAfter(*record, release.delay, now);
                        }},
             settlement.outcome);
  admitWaiters(now, aftermath);
  return SettleVerdict::Settled;
}

void State::makeReadyAfter(Record& record, Duration delay, const Moment& now) {
  if (delay <= Duration::zero()) return lanes_.makeReady(record, now.steady);
  record.place = Place::Scheduled;
  record.time = after(now.steady, delay);
  timers_.insert(timers_.end(), record);
  ++scheduled_;
}

void State::addFailure(Record& record, std::string_view reason, const Moment& now) {
  bytes_ -= record.bytes();
  record.addFailure(now.wall, reason);
  auto& failures = record.history->failures;
  const bool over = bytes_ + record.bytes() > limits_.max_bytes;
  if (over) failures.erase(failures.begin(), failures.end() - 1);
  bytes_ += record.bytes();
}

void State::finish(Record& record, const Moment& now, Aftermath& aftermath) {
  bytes_ -= record.bytes();
  forget(record, now, aftermath);
}

QueueStats State::stats(const Moment& now) const {
  QueueStats stats{.ready = lanes_.ready(),
                   .leased = leased_,
                   .scheduled = scheduled_,
                   .dead = dead_.size(),
                   .bytes = bytes_,
                   .oldest_ready_age = {}};
  if (const Record* oldest = lanes_.oldest())
    stats.oldest_ready_age = std::chrono::floor<Duration>(now.steady - oldest->time);
  return stats;
}

std::uint64_t State::close(Aftermath& aftermath) {
  while (!waiting_.empty()) aftermath.answers.push_back({waiting_.pop().handler, {PublishVerdict::Unavailable, {}}});
  return live();
}

}  // namespace penstock::memory_queue
