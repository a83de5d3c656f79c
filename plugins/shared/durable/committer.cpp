#include "shared/durable/committer.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace penstock::durable {
namespace {

constexpr auto kLongestNap = std::chrono::seconds(1);
constexpr auto kHeartbeatLimit = std::chrono::seconds(60);

}  // namespace

Committer::Committer(const Options& options, const Instruments& instruments, Journal& journal, const Log& log,
                     Clock& clock, HealthBoard& health, std::function<void()> accepted)
    : options_(options),
      instruments_(instruments),
      journal_(journal),
      log_(log),
      clock_(clock),
      health_(health),
      accepted_(std::move(accepted)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Committer::~Committer() { close(); }

void Committer::publish(Event event, PublishHandler handler) {
  Pending pending{Publication(event), std::move(handler), clock_.now() + bounded(options_.full_wait)};
  const std::uint64_t bytes = pending.publication.text.size();
  PublishVerdict refusal = PublishVerdict::Unavailable;
  {
    std::lock_guard lock(mutex_);
    const bool room = incoming_.size() < options_.max_pending &&
                      (incoming_.empty() || pending_bytes_ + bytes <= options_.max_pending_bytes);
    if (!closing_ && room) {
      pending_bytes_ += bytes;
      incoming_.push_back(std::move(pending));
      if (incoming_.size() == 1) work_.notify_one();
      return;
    }
    if (!closing_) refusal = PublishVerdict::Full;
  }
  answer(pending.handler, {refusal, {}});
}

void Committer::roomMade() {
  std::lock_guard lock(mutex_);
  room_ = true;  // also for those whose commit is under way and may find the queue full
  if (!waiting_.empty()) work_.notify_one();
}

bool Committer::full() const {
  std::lock_guard lock(mutex_);
  return full_;
}

bool Committer::waitForWork(std::unique_lock<std::mutex>& lock, const std::stop_token& stop) {
  while (!closing_) {
    const SteadyTime now = clock_.now();
    if (!incoming_.empty() || (room_ && !waiting_.empty())) return true;
    if (!waiting_.empty() && waiting_.front().until <= now) return true;
    SteadyTime until = now + kLongestNap;
    if (!waiting_.empty()) until = std::min(until, waiting_.front().until);
    clock_.wait(lock, work_, until, stop);
    if (incoming_.empty() && waiting_.empty()) return false;
  }
  return false;
}

/// Those who wait for room come first; whoever came later is only asked together with them.
Committer::Batch Committer::takeBatch() {
  Batch batch;
  room_ = false;
  const auto move = [&](Batch& from) {
    while (!from.empty() && batch.size() < options_.commit_events) {
      batch.push_back(std::move(from.front()));
      from.pop_front();
    }
  };
  move(waiting_);
  while (!incoming_.empty() && batch.size() < options_.commit_events) {
    pending_bytes_ -= incoming_.front().publication.text.size();
    batch.push_back(std::move(incoming_.front()));
    incoming_.pop_front();
  }
  return batch;
}

void Committer::run(const std::stop_token& stop) {
  const auto heartbeat = health_.heartbeat(options_.engine + " committer", kHeartbeatLimit);
  std::unique_lock lock(mutex_);
  while (!closing_) {
    heartbeat->tick();
    if (!waitForWork(lock, stop)) continue;
    Batch batch = takeBatch();
    lock.unlock();
    commit(batch);
    answer(batch);
    lock.lock();
  }
  // What was brought before the end is still committed, unless the journal is away.
  refuse(lock, waiting_);
  while (!incoming_.empty()) {
    Batch batch = takeBatch();
    lock.unlock();
    commit(batch);
    const bool away = batch.front().publication.result.verdict == PublishVerdict::Unavailable;
    answer(batch);
    lock.lock();
    refuse(lock, waiting_);
    if (away) refuse(lock, incoming_);
  }
}

void Committer::refuse(std::unique_lock<std::mutex>& lock, Batch& which) {
  Batch batch = std::exchange(which, {});
  lock.unlock();
  for (Pending& pending : batch) answer(pending.handler, {PublishVerdict::Unavailable, {}});
  lock.lock();
}

void Committer::commit(Batch& batch) {
  std::vector<Publication> publications;
  publications.reserve(batch.size());
  for (Pending& pending : batch) publications.push_back(std::move(pending.publication));
  const SteadyTime started = clock_.now();
  try {
    journal_.publish(publications);
  } catch (const std::exception& failure) {
    log_.debug("queue.commit_failed", "a commit of published events failed", {{"cause", failure.what()}});
    for (Publication& publication : publications) publication.result = {PublishVerdict::Unavailable, {}};
  }
  instruments_.commit_seconds.observe(std::chrono::duration<double>(clock_.now() - started).count());
  instruments_.committed_events.add(static_cast<double>(publications.size()));
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i].publication = std::move(publications[i]);
}

/// Answers those who have their answer; the others go on waiting for room.
void Committer::answer(Batch& batch) {
  bool accepted = false;
  bool full = false;
  Batch waiting;
  const SteadyTime now = clock_.now();
  for (Pending& pending : batch) {
    const PublishResult result = pending.publication.result;
    accepted = accepted || result.verdict == PublishVerdict::Accepted;
    full = full || result.verdict == PublishVerdict::Full;
    const bool waits = result.verdict == PublishVerdict::Full && options_.wait_when_full &&
                       !pending.publication.hopeless && pending.until > now && waiting.size() < options_.max_waiting;
    if (waits)
      waiting.push_back(std::move(pending));
    else
      answer(pending.handler, result);
  }
  if (accepted) accepted_();
  std::unique_lock lock(mutex_);
  full_ = full;
  std::move(waiting_.begin(), waiting_.end(), std::back_inserter(waiting));
  waiting_ = std::move(waiting);
}

void Committer::answer(PublishHandler& handler, const PublishResult& result) noexcept {
  try {
    handler(result);
  } catch (const std::exception& failure) {
    instruments_.handler_failures.add();
    log_.error("queue.handler_failed", "a publish handler threw", {{"cause", failure.what()}});
  }
}

void Committer::close() noexcept {
  {
    std::lock_guard lock(mutex_);
    if (closing_) return;
    closing_ = true;
    work_.notify_all();
  }
  thread_.request_stop();
  thread_.join();
}

}  // namespace penstock::durable
