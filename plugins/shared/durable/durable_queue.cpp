#include "shared/durable/durable_queue.h"

#include <algorithm>
#include <utility>

namespace penstock::durable {
namespace {

constexpr std::size_t kLettersARound = 256;
constexpr auto kOthersReading = std::chrono::milliseconds(200);

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
    if (closing_) throw closing();
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
    if (closing_) throw closing();
    jobs_.emplace_back([&](bool over) {
      try {
        if (over) throw closing();
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
    if (closing_) throw closing();
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
