#include "shared/durable/durable_queue.h"

#include "shared/dispatch/waits.h"

#include <algorithm>
#include <utility>

// What the dispatcher does with those who call.

namespace penstock::durable {
namespace {

constexpr auto kTidyInterval = std::chrono::seconds(1);
constexpr auto kHeartbeatLimit = std::chrono::seconds(60);
constexpr std::size_t kSettlementsARound = 4096;
constexpr std::size_t kReadAtOnce = 2048;  // an answer of the database lies in memory beside what is made of it
constexpr std::size_t kOverfill = 8;       // so much more is read when all that is held waits behind leased events

std::optional<Grounds> condemned(const Item& item) {
  if (item.expiries_alone < kExpiriesAlone) return std::nullopt;
  return Grounds::CrashSuspect;
}

}  // namespace

bool DurableQueue::waitForRound(std::unique_lock<std::mutex>& lock, const std::stop_token& stop) {
  const SteadyTime now = clock_.now();
  const bool wanted = !demands_.empty();
  const bool readable = news_ || more_ || journal_->due() <= now;
  const bool fresh = wanted && (window_.offers() || (readable && room() > 0) ||
                                std::any_of(demands_.begin(), demands_.end(), [](auto* one) { return !one->tried; }));
  if (fresh || !closings_.empty() || !jobs_.empty() || window_.nextExpiry() <= now || next_tidy_ <= now) return true;
  SteadyTime until = std::min(next_tidy_, window_.nextExpiry());
  if (wanted && room() > 0) until = std::min(until, journal_->due());
  clock_.wait(lock, work_, until, stop);
  return false;
}

DurableQueue::Round DurableQueue::takeRound() {
  Round round;
  round.demands = std::exchange(demands_, {});
  for (Demand* demand : round.demands) demand->state = Demand::State::Serving;
  std::size_t settlements = 0;
  std::size_t taken = 0;
  while (taken < closings_.size() && settlements < kSettlementsARound)
    settlements += closings_[taken++]->settlements.size();
  const auto end = closings_.begin() + static_cast<std::ptrdiff_t>(taken);
  round.closings.assign(closings_.begin(), end);
  closings_.erase(closings_.begin(), end);
  round.jobs = std::exchange(jobs_, {});
  more_ = std::exchange(news_, false) || more_;
  return round;
}

void DurableQueue::run(const std::stop_token& stop) {
  const auto heartbeat = health_.heartbeat(options_.engine + " dispatcher", kHeartbeatLimit);
  std::unique_lock lock(mutex_);
  while (!closing_) {
    heartbeat->tick();
    if (!waitForRound(lock, stop)) continue;
    Round round = takeRound();
    lock.unlock();
    serve(round);
    lock.lock();
    finish(round);
  }
  lock.unlock();
  try {
    journal_->leave(window_);
  } catch (const std::exception& failure) {
    log_.debug("queue.leave_failed", "the queue could not say that it stops", {{"cause", failure.what()}});
  }
  lock.lock();
  for (auto& job : std::exchange(jobs_, {})) {
    lock.unlock();
    job(true);
    lock.lock();
  }
  for (Closing* call : std::exchange(closings_, {})) {
    call->failure = closing().what();
    call->done = true;
    call->changed.notify_one();
  }
  for (Demand* demand : demands_) demand->changed.notify_one();
}

void DurableQueue::serve(Round& round) {
  expireOverdue();
  if (!round.closings.empty()) settleAll(round.closings);
  for (auto& job : round.jobs) job(false);
  if (!round.demands.empty()) handOut(round.demands);
  const SteadyTime now = clock_.now();
  if (next_tidy_ > now) return;
  next_tidy_ = now + kTidyInterval;
  try {
    journal_->tidy(window_);
    tidy_failed_ = false;
  } catch (const std::exception& failure) {
    if (!std::exchange(tidy_failed_, true))
      log_.warning("queue.tidy_failed", "the queue could not tidy up", {{"cause", failure.what()}});
  }
}

void DurableQueue::settleAll(const std::vector<Closing*>& closings) {
  std::vector<Ending> endings;
  for (Closing* call : closings)
    for (const Settlement& settlement : call->settlements) {
      Item* item = window_.leased(settlement.token);
      if (item != nullptr && (item->time <= clock_.now() || std::exchange(item->ending, true))) item = nullptr;
      if (item != nullptr) endings.push_back({item, &settlement});
    }
  std::optional<std::string> failure;
  try {
    if (!endings.empty()) journal_->settle(endings);
  } catch (const std::exception& fault) {
    failure = fault.what();
  }
  auto next = endings.begin();
  for (Closing* call : closings) {
    call->failure = failure;
    for (const Settlement& settlement : call->settlements) {
      const bool known = next != endings.end() && next->settlement == &settlement;
      const bool settled = known && next->fate != Fate::LeaseLost;
      call->verdicts.push_back(settled ? SettleVerdict::Settled : SettleVerdict::LeaseLost);
      if (known) ++next;
    }
  }
  const SteadyTime now = clock_.now();
  for (const Ending& ending : endings) {
    ending.item->ending = false;
    if (failure) continue;
    const auto* dead = std::get_if<Dead>(&ending.settlement->outcome);
    if (dead != nullptr && ending.fate != Fate::LeaseLost) instruments_.dead_letters.add(dead->grounds);
    window_.endLease(*ending.item, ending.fate, now);
  }
  if (!failure && !endings.empty()) {
    more_ = true;
    committer_.roomMade();
  }
}

void DurableQueue::expireOverdue() {
  const SteadyTime now = clock_.now();
  const std::vector<Item*> overdue = window_.overdue(now);
  if (overdue.empty()) return;
  std::vector<Fate> fates;
  try {
    fates = journal_->expire(overdue);
  } catch (const std::exception& failure) {
    log_.warning("queue.expire_failed", "leases that ran out could not be ended yet", {{"cause", failure.what()}});
    for (Item* item : overdue) window_.endLease(*item, Fate::Leased, now + kTidyInterval);
    return;
  }
  for (std::size_t i = 0; i < overdue.size(); ++i) {
    if (fates[i] != Fate::Leased && !overdue[i]->foreign) instruments_.lease_expiries.add();
    if (fates[i] == Fate::Buried) instruments_.dead_letters.add(Grounds::CrashSuspect);
    window_.endLease(*overdue[i], fates[i], now);
  }
  committer_.roomMade();
}

std::size_t DurableQueue::room() const {
  const std::size_t held = window_.ready();
  const std::size_t most = window_.offers() ? options_.window_events : options_.window_events * kOverfill;
  if (held >= most || window_.bytes() >= options_.window_bytes) return 0;
  return most - held;
}

/// Takes in more of what is ready. False when there was nothing more to be had.
bool DurableQueue::readOn() {
  const std::size_t most = room();
  if (most == 0) return false;
  Intake intake = journal_->read(std::min(most, kReadAtOnce), options_.window_bytes - window_.bytes(), window_);
  more_ = intake.more;
  const bool fresh = !intake.items.empty();
  const SteadyTime now = clock_.now();
  for (auto& item : intake.items) window_.admit(std::move(item), now);
  return fresh;
}

void DurableQueue::handOut(const std::vector<Demand*>& demands) {
  std::vector<Grant> grants;
  try {
    std::size_t wanted = 0;
    bool first = false;
    for (const Demand* demand : demands) {
      wanted += demand->max;
      first = first || !demand->tried;
    }
    journal_->prepare(window_);
    const bool due = more_ || journal_->due() <= clock_.now();
    if (due || (first && !window_.offers())) {
      while (window_.ready() < wanted && readOn() && more_) continue;
    }
    for (Demand* demand : demands) {
      auto taken = window_.take(demand->max);
      while (taken.records.empty() && more_ && readOn()) taken = window_.take(demand->max);
      if (taken.records.empty()) break;
      grants.push_back({demand, std::move(taken.records), taken.alone});
    }
    if (!grants.empty()) handOver(grants);
  } catch (const std::exception& fault) {
    for (Grant& grant : grants)
      for (Item* item : grant.items)
        if (item->place == Place::Nowhere) window_.putBack(*item, clock_.now());
    for (Demand* demand : demands)
      if (demand->shells.empty()) demand->failure = fault.what();
  }
  for (Demand* demand : demands) demand->tried = true;
}

void DurableQueue::handOver(std::vector<Grant>& grants) {
  for (std::size_t begin = 0; begin < grants.size();) {
    // Calls with the same lease share a commit.
    std::vector<Item*> items;
    std::size_t end = begin;
    for (; end < grants.size() && grants[end].demand->lease == grants[begin].demand->lease; ++end)
      for (Item* item : grants[end].items) {
        item->alone = grants[end].alone;
        items.push_back(item);
      }
    const Duration lease = grants[begin].demand->lease;
    const SteadyTime before = clock_.now();
    journal_->handOver(items, lease);
    for (; begin < end; ++begin) {
      Demand& demand = *grants[begin].demand;
      for (Item* item : grants[begin].items) {
        const auto age = std::chrono::floor<Duration>(before - item->born);
        const auto waited = std::chrono::floor<Duration>(before - item->time);
        ++item->attempts;
        window_.lease(*item, before + lease);
        demand.shells.push_back({{},
                                 item->attempts,
                                 item->earlier_attempts,
                                 tokenOf(*item),
                                 item->alone,
                                 item->expiries_alone,
                                 age,
                                 waited,
                                 dispatch::readWaits(item->waits),
                                 condemned(*item)});
        demand.shells.back().event.id = item->id;
        demand.texts.push_back(item->text);
      }
    }
  }
}

void DurableQueue::finish(Round& round) {
  for (Closing* call : round.closings) {
    call->done = true;
    call->changed.notify_one();
  }
  for (Demand* demand : round.demands) {
    const bool done = !demand->shells.empty() || demand->failure;
    demand->state = done ? Demand::State::Done : Demand::State::Waiting;
    demand->changed.notify_one();
    if (!done) demands_.push_back(demand);
  }
  // Those who came meanwhile stand behind.
  std::stable_sort(demands_.begin(), demands_.end(),
                   [](const Demand* a, const Demand* b) { return a->tried > b->tried; });
}

}  // namespace penstock::durable
