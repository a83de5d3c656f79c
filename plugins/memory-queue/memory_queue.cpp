#include "memory-queue/memory_queue.h"

#include "shared/dispatch/waits.h"

#include <algorithm>
#include <random>
#include <utility>

namespace penstock::memory_queue {
namespace {

constexpr auto kLongestNap = std::chrono::seconds(1);
constexpr auto kHeartbeatLimit = std::chrono::seconds(10);

constexpr int kSpins = 100;

void pauseProcessor() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Lease numbers of different runs do not meet.
std::uint64_t randomStart() {
  std::random_device random;
  return (static_cast<std::uint64_t>(random()) << 32 | random()) >> 1;
}

}  // namespace

MemoryQueue::MemoryQueue(const Limits& limits, const Instruments& instruments, const Log& log, Clock& clock,
                         HealthBoard& health)
    : instruments_(instruments),
      log_(log),
      clock_(clock),
      health_(health),
      state_(limits, instruments, log, randomStart()),
      thread_([this](const std::stop_token& stop) { keepTime(stop); }) {}

MemoryQueue::~MemoryQueue() { close(); }

void MemoryQueue::publish(Event event, PublishHandler handler) {
  auto record = std::make_unique<Record>(event);
  std::optional<PublishResult> result(PublishResult{});
  Aftermath aftermath;
  {
    auto lock = lockForPublish();
    if (!closing_) {
      const Moment moment = now();
      state_.pass(moment, aftermath);
      result = state_.publish(record, handler, moment);
      release(lock);
    }
  }
  finish(aftermath);
  if (result) answer(handler, *result);
}

/// Publishers hold the lock for about a microsecond: waiting for that long costs less than sleeping and being woken.
std::unique_lock<std::mutex> MemoryQueue::lockForPublish() {
  std::unique_lock lock(mutex_, std::try_to_lock);
  for (int i = 0; i < kSpins && !lock; ++i) {
    pauseProcessor();
    (void)lock.try_lock();
  }
  if (!lock) lock.lock();
  return lock;
}

MemoryQueue::Presence::Presence(MemoryQueue& queue) : queue_(queue) { ++queue_.receivers_; }

MemoryQueue::Presence::~Presence() {
  if (--queue_.receivers_ == 0 && queue_.closing_) queue_.left_.notify_all();
}

std::vector<Delivery> MemoryQueue::receive(std::size_t max, Duration lease, Duration wait, std::stop_token stop) {
  std::vector<Delivery> deliveries;
  while (deliveries.empty()) {
    auto handovers = waitForEvents(max, lease, wait, stop);
    if (handovers.empty()) break;
    deliveries = read(std::move(handovers));
  }
  return deliveries;
}

std::vector<Handover> MemoryQueue::waitForEvents(std::size_t max, Duration lease, Duration wait,
                                                 const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (closing_ || max == 0) return {};
  auto taken = takeUnder(lock, max, lease, wait, stop);
  release(lock);
  return taken;
}

std::vector<Handover> MemoryQueue::takeUnder(std::unique_lock<std::mutex>& lock, std::size_t max, Duration lease,
                                             Duration wait, const std::stop_token& stop) {
  const Presence presence(*this);
  std::vector<Handover> taken;
  const SteadyTime deadline = after(clock_.now(), wait);
  while (!closing_ && !stop.stop_requested()) {
    Aftermath aftermath;
    const Moment moment = now();
    state_.pass(moment, aftermath);
    taken = state_.take(max, lease, moment);
    if (!aftermath.empty()) {
      lock.unlock();
      finish(aftermath);
      lock.lock();
      if (taken.empty()) continue;
    }
    if (!taken.empty() || moment.steady >= deadline) break;
    ++idle_;
    clock_.wait(lock, ready_, deadline, stop);
    --idle_;
  }
  return taken;
}

std::vector<Delivery> MemoryQueue::read(std::vector<Handover> handovers) {
  std::vector<Delivery> deliveries;
  deliveries.reserve(handovers.size());
  for (const Handover& handover : handovers) {
    Delivery& delivery = deliveries.emplace_back();
    delivery.event.id = handover.id;
    delivery.attempt = handover.attempt;
    delivery.earlier_attempts = handover.earlier_attempts;
    delivery.token = handover.token;
    delivery.alone = handover.alone;
    delivery.expired_alone = handover.expired_alone;
    delivery.age = handover.age;
    delivery.waited = handover.waited;
    delivery.waits = dispatch::readWaits(handover.waits);
    try {
      // A text that may have crashed its reader is not read again.
      if (handover.condemned)
        delivery.condemned = Grounds::CrashSuspect;
      else
        delivery.event = parseEvent(*handover.text);
    } catch (const UnreadableEvent&) {
      delivery.condemned = Grounds::Unreadable;
      noteUnreadable(handover.id);
    }
  }
  return deliveries;
}

void MemoryQueue::noteUnreadable(const Uuid& id) {
  std::lock_guard lock(mutex_);
  if (closing_) return;
  instruments_.unreadable.add();
  log_.error("queue.unreadable", "a stored event cannot be read; it is given up", {{"id", id.text()}});
}

std::vector<SettleVerdict> MemoryQueue::settle(std::span<const Settlement> settlements) {
  return step([&](const Moment& moment, Aftermath& aftermath) {
    std::vector<SettleVerdict> verdicts;
    verdicts.reserve(settlements.size());
    for (const Settlement& settlement : settlements) verdicts.push_back(state_.settle(settlement, moment, aftermath));
    return verdicts;
  });
}

QueueStats MemoryQueue::stats() {
  return step([&](const Moment& moment, Aftermath&) { return state_.stats(moment); });
}

Health MemoryQueue::health() {
  std::lock_guard lock(mutex_);
  if (closing_) return {HealthState::Down, "memory-queue has stopped"};
  if (state_.full())
    return {HealthState::Degraded, "memory-queue is full; publishing is refused until workers catch up"};
  return {};
}

void MemoryQueue::release(std::unique_lock<std::mutex>& lock) {
  const bool receiver = idle_ > 0 && state_.offers();
  const bool timer = state_.due() < timer_until_;
  if (timer) timer_until_ = SteadyTime::min();
  lock.unlock();
  if (receiver) ready_.notify_one();
  if (timer) timer_.notify_one();
}

void MemoryQueue::answer(PublishHandler& handler, const PublishResult& result) noexcept {
  try {
    handler(result);
  } catch (const std::exception& failure) {
    std::lock_guard lock(mutex_);
    if (closing_) return;
    instruments_.handler_failures.add();
    log_.error("queue.handler_failed", "a publish handler threw", {{"cause", failure.what()}});
  }
}

void MemoryQueue::finish(Aftermath& aftermath) noexcept {
  for (auto& [handler, result] : aftermath.answers) answer(handler, result);
  aftermath.garbage.clear();
}

void MemoryQueue::keepTime(const std::stop_token& stop) {
  const auto heartbeat = health_.heartbeat("memory-queue", kHeartbeatLimit);
  std::unique_lock lock(mutex_);
  while (!closing_) {
    heartbeat->tick();
    Aftermath aftermath;
    const Moment moment = now();
    try {
      state_.pass(moment, aftermath);
    } catch (const std::exception& failure) {
      log_.error("queue.timer_failed", "the queue's timer failed and goes on", {{"cause", failure.what()}});
    }
    if (idle_ > 0 && state_.offers()) ready_.notify_one();
    if (aftermath.empty()) {
      timer_until_ = std::min(state_.due(), moment.steady + kLongestNap);
      clock_.wait(lock, timer_, timer_until_, stop);
    } else {
      lock.unlock();
      finish(aftermath);
      lock.lock();
    }
  }
}

void MemoryQueue::close() noexcept {
  Aftermath aftermath;
  {
    std::unique_lock lock(mutex_);
    if (closing_) return;
    closing_ = true;
    const std::uint64_t lost = state_.close(aftermath);
    if (lost > 0)
      log_.warning("queue.dropped", "memory-queue keeps nothing when it stops; events were still in it",
                   {{"events", std::to_string(lost)}});
    ready_.notify_all();
    timer_.notify_all();
    left_.wait(lock, [this] { return receivers_ == 0; });
  }
  thread_.request_stop();
  thread_.join();
  finish(aftermath);
}

}  // namespace penstock::memory_queue
