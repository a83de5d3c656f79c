#include "engine.h"

#include <algorithm>
#include <random>
#include <unordered_set>
#include <utility>
#include <variant>

namespace example {

using namespace penstock;

namespace {

constexpr CounterSpec kDeadLetters{"penstock_queue_dead_letters_total",
                                   "Events that became dead letters, by what made them so."};
constexpr std::uint32_t kExpiriesAlone = 3;      // then it is condemned
constexpr std::uint32_t kExpiriesCondemned = 6;  // then nobody is found who would note its end

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

std::uint64_t randomNumber() {
  std::random_device random;
  return static_cast<std::uint64_t>(random()) << 32 | random();
}

}  // namespace

Engine::Engine(Context& context)
    : limits_(context.config), clock_(context.clock), dead_letters_{}, run_(randomNumber()) {
  for (const Grounds grounds : kGrounds)
    dead_letters_[static_cast<std::size_t>(grounds)] =
        &context.metrics.counter(kDeadLetters, {{"engine", "example_queue"}, {"reason", word(grounds)}});
  thread_ = std::jthread([this](const std::stop_token& stop) { keepTime(stop); });
}

void Engine::publish(Event event, PublishHandler handler) {
  Record record(std::move(event));
  PublishResult result;
  {
    const Lock lock(mutex_);
    if (!closing_) {
      pass();
      const std::uint64_t bytes = record.bytes;
      if (const auto first = known(record.event)) {
        result = *first;
      } else if (waiting_.empty() && hasRoom(bytes)) {
        result = {PublishVerdict::Accepted, record.event.id};
        accept(std::move(record));
      } else if (limits_.wait_when_full && waiting_.size() < limits_.max_waiting &&
                 waiting_bytes_ + bytes <= limits_.max_bytes) {
        waiting_bytes_ += bytes;
        waiting_.push_back({std::move(record), std::move(handler), clock_.now() + limits_.full_wait});
      } else {
        result.verdict = PublishVerdict::Full;
      }
      changed_.notify_all();
    }
  }
  if (handler) handler(result);
}

std::vector<Delivery> Engine::receive(std::size_t max, Duration lease, Duration wait, std::stop_token stop) {
  std::vector<Delivery> deliveries;
  Lock lock(mutex_);
  ++receivers_;
  const SteadyTime deadline = clock_.now() + bounded(wait);
  while (!closing_ && !stop.stop_requested()) {
    pass();
    for (const auto record : choose(max)) deliveries.push_back(lend(*record, lease));
    if (!deliveries.empty() || clock_.now() >= deadline) break;
    clock_.wait(lock, changed_, deadline, stop);
  }
  --receivers_;
  changed_.notify_all();
  return deliveries;
}

std::vector<SettleVerdict> Engine::settle(std::span<const Settlement> settlements) {
  const Lock lock = enter();
  std::vector<SettleVerdict> verdicts;
  for (const Settlement& settlement : settlements) verdicts.push_back(settle(settlement));
  admitWaiters();
  changed_.notify_all();
  return verdicts;
}

QueueStats Engine::stats() {
  const Lock lock = enter();
  QueueStats stats{.ready = count_[static_cast<std::size_t>(Place::Ready)],
                   .leased = count_[static_cast<std::size_t>(Place::Leased)],
                   .scheduled = count_[static_cast<std::size_t>(Place::Scheduled)],
                   .dead = dead_.size(),
                   .bytes = bytes_,
                   .oldest_ready_age = {}};
  if (!ready_since_.empty())
    stats.oldest_ready_age = std::chrono::floor<Duration>(clock_.now() - *ready_since_.begin());
  return stats;
}

void Engine::close() noexcept {
  Lock lock(mutex_);
  if (closing_) return;
  closing_ = true;
  for (Waiter& waiter : waiting_) answerLater(std::move(waiter.handler), {});
  waiting_.clear();
  changed_.notify_all();
  changed_.wait(lock, [this] { return receivers_ == 0; });
  lock.unlock();
  thread_.join();
}

Engine::Lock Engine::enter() {
  Lock lock(mutex_);
  if (closing_) throw QueueUnavailable("example-queue is closing");
  pass();
  return lock;
}

void Engine::pass() {
  const SteadyTime now = clock_.now();
  if (due() > now) return;
  while (!timers_.empty() && *timers_.begin() <= now) {
    for (auto next = live_.begin(); next != live_.end();) {
      const auto record = next++;
      if (record->time > now) continue;
      if (record->place == Place::Leased) {
        expire(record);
      } else if (record->place == Place::Scheduled) {
        lift(*record);
        put(*record, Place::Ready, record->time);
      }
    }
  }
  for (; !waiting_.empty() && waiting_.front().until <= now; waiting_.pop_front()) {
    waiting_bytes_ -= waiting_.front().record.bytes;
    answerLater(std::move(waiting_.front().handler), {PublishVerdict::Full, {}});
  }
  admitWaiters();
  while (!dead_.empty() && dead_.front().time + limits_.dead_letter_retention <= now) forget(dead_, dead_.begin());
  changed_.notify_all();
}

SteadyTime Engine::due() const {
  SteadyTime soonest = clock_.now() + std::chrono::hours(1);
  if (!timers_.empty()) soonest = std::min(soonest, *timers_.begin());
  if (!waiting_.empty()) soonest = std::min(soonest, waiting_.front().until);
  if (!dead_.empty()) soonest = std::min<SteadyTime>(soonest, dead_.front().time + limits_.dead_letter_retention);
  return soonest;
}

/// Gives the answers that publishers wait for, and wakes receivers when something is due.
void Engine::keepTime(const std::stop_token& stop) {
  Lock lock(mutex_);
  while (!closing_ || !answers_.empty()) {
    if (!closing_) pass();
    std::vector<Answer> answers = std::exchange(answers_, {});
    if (answers.empty()) {
      clock_.wait(lock, changed_, due(), stop);
    } else {
      lock.unlock();
      for (Answer& answer : answers) answer.handler(answer.result);
      lock.lock();
    }
  }
}

std::optional<PublishResult> Engine::known(const Event& event) const {
  const auto found = keys_.find(event.key);
  if (found == keys_.end()) return std::nullopt;
  const Key& key = found->second;
  if (!key.held && key.until <= clock_.now()) return std::nullopt;
  return PublishResult{key.fingerprint == event.fingerprint ? PublishVerdict::Duplicate : PublishVerdict::Conflict,
                       key.id};
}

bool Engine::hasRoom(std::uint64_t bytes) const {
  return live_.size() < limits_.max_events && bytes_ + bytes <= limits_.max_bytes;
}

void Engine::accept(Record record) {
  const SteadyTime now = clock_.now();
  keys_[record.event.key] = {record.event.fingerprint, record.event.id, now + limits_.key_window};
  record.sequence = ++last_sequence_;
  record.born = now;
  bytes_ += record.bytes;
  put(live_.emplace_back(std::move(record)), Place::Ready, now);
}

void Engine::admitWaiters() {
  while (!waiting_.empty()) {
    Waiter& waiter = waiting_.front();
    const auto first = known(waiter.record.event);
    if (!first && !hasRoom(waiter.record.bytes)) return;
    waiting_bytes_ -= waiter.record.bytes;
    answerLater(std::move(waiter.handler),
                first.value_or(PublishResult{PublishVerdict::Accepted, waiter.record.event.id}));
    if (!first) accept(std::move(waiter.record));
    waiting_.pop_front();
  }
}

void Engine::answerLater(PublishHandler handler, const PublishResult& result) {
  answers_.push_back({std::move(handler), result});
}

void Engine::put(Record& record, Place place, SteadyTime time) {
  record.place = place;
  record.time = time;
  ++count_[static_cast<std::size_t>(place)];
  if (place == Place::Ready) ready_since_.insert(time);
  if (place == Place::Leased || place == Place::Scheduled) timers_.insert(time);
}

void Engine::lift(const Record& record) {
  --count_[static_cast<std::size_t>(record.place)];
  if (record.place == Place::Ready) ready_since_.erase(ready_since_.find(record.time));
  if (record.place == Place::Leased || record.place == Place::Scheduled) timers_.erase(timers_.find(record.time));
}

void Engine::readyAfter(Record& record, Duration delay) {
  const SteadyTime time = clock_.now() + bounded(delay);
  put(record, delay <= Duration::zero() ? Place::Ready : Place::Scheduled, time);
}

std::vector<Records::iterator> Engine::choose(std::size_t max) {
  std::vector<Records::iterator> chosen;
  std::unordered_set<std::string_view> blocked;
  for (const Record& record : live_)
    if (record.place == Place::Leased) blocked.insert(record.lane);
  for (auto record = live_.begin(); record != live_.end() && chosen.size() < max; ++record) {
    if (record->place != Place::Ready || blocked.contains(record->lane)) continue;
    if (!record->suspect) {
      chosen.push_back(record);
    } else if (chosen.empty()) {
      return {record};
    } else {
      blocked.insert(record->lane);
    }
  }
  return chosen;
}

Delivery Engine::lend(Record& record, Duration lease) {
  const SteadyTime now = clock_.now();
  Delivery delivery;
  delivery.waited = std::chrono::floor<Duration>(now - record.time);
  delivery.age = std::chrono::floor<Duration>(now - record.born);
  lift(record);
  record.token.words = {++last_lease_, run_, record.sequence};
  record.alone = record.suspect;
  ++record.attempt;
  put(record, Place::Leased, now + bounded(lease));
  delivery.attempt = record.attempt;
  delivery.earlier_attempts = record.earlier_attempts;
  delivery.token = record.token;
  delivery.alone = record.alone;
  delivery.expired_alone = record.expired_alone;
  delivery.waits = record.waits;
  if (record.expired_alone < kExpiriesAlone) {
    delivery.event = record.event;
  } else {
    delivery.event.id = record.event.id;
    delivery.condemned = Grounds::CrashSuspect;
  }
  return delivery;
}

void Engine::expire(Records::iterator record) {
  lift(*record);
  record->fail(clock_.wall(), "lease_expired");
  record->suspect = true;
  if (record->alone && ++record->expired_alone == kExpiriesCondemned)
    bury(record, {.reason = "crash_suspect", .grounds = Grounds::CrashSuspect});
  else
    put(*record, Place::Ready, record->time);
}

SettleVerdict Engine::settle(const Settlement& settlement) {
  const auto found = std::find_if(live_.begin(), live_.end(), [&](const Record& record) {
    return record.place == Place::Leased && record.token == settlement.token;
  });
  if (found == live_.end()) return SettleVerdict::LeaseLost;
  lift(*found);
  std::visit(Overloaded{[&](const Done&) {
                          bytes_ -= found->bytes;
                          forget(live_, found);
                        },
                        [&](const RetryAfter& retry) {
                          found->fail(clock_.wall(), retry.reason);
                          found->suspect = false;
                          found->waits = waitsAfter(found->waits, retry);
                          readyAfter(*found, retry.delay);
                        },
                        [&](const Dead& dead) {
                          found->fail(clock_.wall(), dead.reason);
                          bury(found, dead);
                        },
                        [&](const Release& release) {
                          --found->attempt;
                          found->waits = waitsAfter(found->waits, release);
                          readyAfter(*found, release.delay);
                        }},
             settlement.outcome);
  return SettleVerdict::Settled;
}

}  // namespace example
