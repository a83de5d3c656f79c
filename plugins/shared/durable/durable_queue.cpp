#include "shared/durable/durable_queue.h"

#include "shared/dispatch/waits.h"

#include <algorithm>
#include <utility>

namespace penstock::durable {
namespace {

constexpr auto kTidyInterval = std::chrono::seconds(1);
constexpr auto kHeartbeatLimit = std::chrono::seconds(60);
constexpr std::size_t kSettlementsARound = 4096;
constexpr std::size_t kReadAtOnce = 2048;  // an answer of the database lies in memory beside what is made of it
constexpr std::size_t kLettersARound = 256;
constexpr auto kOthersReading = std::chrono::milliseconds(200);
constexpr std::size_t kOverfill = 8;  // so much more is read when all that is held waits behind leased events

QueueUnavailable closing(const std::string& engine) { return QueueUnavailable(engine + " is closing"); }

std::optional<Grounds> condemned(const Item& item) {
  if (item.expiries_alone < kExpiriesAlone) return std::nullopt;
  return Grounds::CrashSuspect;
}

}  // namespace

DurableQueue::DurableQueue(const Options& options, Metrics& metrics, std::unique_ptr<Journal> journal, const Log& log,
                           Clock& clock, HealthBoard& health)
    : options_(options),
      instruments_(metrics, options.engine),
      journal_(std::move(journal)),
      log_(log),
      clock_(clock),
      health_(health),
      committer_(options_, instruments_, *journal_, log, clock, health, [this] { poke(); }),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

DurableQueue::~DurableQueue() { close(); }

void DurableQueue::poke() {
  std::lock_guard lock(mutex_);
  news_ = true;
  if (!demands_.empty()) work_.notify_one();
}

std::vector<Delivery> DurableQueue::receive(std::size_t max, Duration lease, Duration wait, std::stop_token stop) {
  std::vector<Delivery> deliveries;
  while (deliveries.empty()) {
    Demand demand{.max = max, .lease = bounded(lease)};
    {
      std::unique_lock lock(mutex_);
      if (closing_ || max == 0 || stop.stop_requested()) return deliveries;
      const SteadyTime deadline = clock_.now() + bounded(wait);
      demands_.push_back(&demand);
      ++inside_;
      work_.notify_one();
      while (demand.state != Demand::State::Done) {
        // One that is being served is the dispatcher's alone, and has to stay until it has been.
        if (demand.state == Demand::State::Serving) {
          clock_.wait(lock, demand.changed, SteadyTime::max(), {});
          continue;
        }
        const bool over = demand.tried && clock_.now() >= deadline;
        if (over || stop.stop_requested() || closing_) {
          std::erase(demands_, &demand);
          break;
        }
        clock_.wait(lock, demand.changed, demand.tried ? deadline : SteadyTime::max(), stop);
      }
      --inside_;
      if (closing_) left_.notify_all();
    }
    if (demand.failure) throw QueueUnavailable(*demand.failure);
    if (demand.shells.empty()) return deliveries;
    deliveries = parse(demand);
  }
  return deliveries;
}

std::vector<Delivery> DurableQueue::parse(Demand& demand) {
  std::vector<Delivery> deliveries;
  deliveries.reserve(demand.shells.size());
  for (std::size_t i = 0; i < demand.shells.size(); ++i) {
    try {
      // A text that may have crashed its reader is not read again.
      if (!demand.shells[i].condemned) demand.shells[i].event = parseEvent(*demand.texts[i]);
    } catch (const UnreadableEvent&) {
      demand.shells[i].condemned = Grounds::Unreadable;
      noteUnreadable(demand.shells[i].event.id);
    }
    deliveries.push_back(std::move(demand.shells[i]));
  }
  return deliveries;
}

void DurableQueue::noteUnreadable(const Uuid& id) {
  std::lock_guard lock(mutex_);
  if (closing_) return;
  instruments_.unreadable.add();
  log_.error("queue.unreadable", "a stored event cannot be read; it is given up", {{"id", id.text()}});
}

/// Waits until the dispatcher has dealt with the call, which must not go away before.
template <typename Call>
void DurableQueue::await(std::unique_lock<std::mutex>& lock, Call& call) {
  ++inside_;
  work_.notify_one();
  call.changed.wait(lock, [&] { return call.done; });
  --inside_;
  if (closing_) left_.notify_all();
}

std::vector<SettleVerdict> DurableQueue::settle(std::span<const Settlement> settlements) {
  if (settlements.empty()) return {};
  Closing call{.settlements = settlements};
  {
    std::unique_lock lock(mutex_);
    if (closing_) throw closing(options_.engine);
    closings_.push_back(&call);
    await(lock, call);
  }
  if (call.failure) throw QueueUnavailable(*call.failure);
  return std::move(call.verdicts);
}

template <typename Job>
std::invoke_result_t<Job> DurableQueue::onDispatcher(Job job) {
  struct Call {
    bool done = false;
    std::exception_ptr failure{};
    std::condition_variable_any changed{};
  } call;
  std::invoke_result_t<Job> result{};
  {
    std::unique_lock lock(mutex_);
    if (closing_) throw closing(options_.engine);
    jobs_.emplace_back([&](bool over) {
      try {
        if (over) throw closing(options_.engine);
        result = job();
      } catch (...) {
        call.failure = std::current_exception();
      }
      std::lock_guard guard(mutex_);
      call.done = true;
      call.changed.notify_one();
    });
    await(lock, call);
  }
  if (call.failure) std::rethrow_exception(call.failure);
  return result;
}

QueueStats DurableQueue::stats() {
  return onDispatcher([this] {
    expireOverdue();
    journal_->prepare(window_);
    readOn();
    QueueStats stats = journal_->stats(window_);
    return stats;
  });
}

template <typename Read>
std::invoke_result_t<Read> DurableQueue::beside(Read read) {
  struct Inside {
    explicit Inside(DurableQueue& which) : queue(which) {
      std::lock_guard lock(queue.mutex_);
      ++queue.inside_;
    }
    ~Inside() {
      std::lock_guard lock(queue.mutex_);
      --queue.inside_;
      if (reads) queue.reading_ = false;
      queue.left_.notify_all();
    }
    DurableQueue& queue;
    bool reads = false;
  } inside(*this);
  {
    std::unique_lock lock(mutex_);
    // Who asks must not hold up who asks for something else; one question takes up to two seconds.
    const SteadyTime until = clock_.now() + kOthersReading;
    while (reading_ && !closing_ && clock_.now() < until) clock_.wait(lock, left_, until, {});
    if (closing_) throw closing(options_.engine);
    if (reading_) throw QueueUnavailable("another question about dead letters is being answered; ask again");
    reading_ = inside.reads = true;
  }
  return read();
}

DeadLetterPage DurableQueue::list(const DeadLetterFilter& filter, Page page) {
  return beside([&] { return journal_->list(filter, page); });
}

std::optional<DeadLetter> DurableQueue::get(const Uuid& id) {
  return beside([&] { return journal_->get(id); });
}

std::vector<DeadLetterGroup> DurableQueue::causes(const DeadLetterFilter& filter, std::size_t limit) {
  return beside([&] { return journal_->causes(filter, limit); });
}

/// Which ones is found out beside the dispatcher, which then moves a few of them at a time between its rounds.
std::uint64_t DurableQueue::replay(const DeadLetterFilter& filter, std::uint64_t cap, Duration spread) {
  if (cap == 0) return 0;
  const std::uint64_t most = std::min(cap, kMostCounted);
  const std::vector<Uuid> chosen = beside([&] { return journal_->choose(filter, most); });
  if (chosen.empty()) return 0;
  const Duration step = bounded(spread) / static_cast<std::int64_t>(chosen.size());
  DeadLetterFilter some = filter;
  std::uint64_t replayed = 0;
  for (std::size_t begin = 0; begin < chosen.size();) {
    const std::size_t end = std::min(chosen.size(), begin + kLettersARound);
    some.ids.assign(chosen.begin() + static_cast<std::ptrdiff_t>(begin),
                    chosen.begin() + static_cast<std::ptrdiff_t>(end));
    std::uint64_t moved = 0;
    try {
      moved = onDispatcher([&] { return journal_->replay(some, step * static_cast<std::int64_t>(begin), step); });
    } catch (const QueueUnavailable&) {
      if (replayed == 0) throw;
      return replayed;
    }
    replayed += moved;
    if (moved > 0) poke();
    begin = end;
  }
  return replayed;
}

std::uint64_t DurableQueue::discard(std::span<const Uuid> ids) {
  std::uint64_t removed = 0;
  for (std::size_t begin = 0; begin < ids.size(); begin += kLettersARound) {
    const auto some = ids.subspan(begin, std::min(kLettersARound, ids.size() - begin));
    removed += onDispatcher([&] { return journal_->discard(some); });
  }
  return removed;
}

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
    call->failure = closing(options_.engine).what();
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

void DurableQueue::close() noexcept {
  {
    std::lock_guard lock(mutex_);
    if (closing_) return;
    closing_ = true;
    work_.notify_all();
    left_.notify_all();
    for (Demand* demand : demands_) demand->changed.notify_one();
  }
  committer_.close();
  thread_.request_stop();
  thread_.join();
  std::unique_lock lock(mutex_);
  left_.wait(lock, [this] { return inside_ == 0; });
}

}  // namespace penstock::durable
