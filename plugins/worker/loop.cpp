#include "worker/loop.h"

#include "worker/condemned.h"
#include "worker/fault_point.h"
#include "worker/outcome.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>

namespace penstock {

namespace {

bool noneReleased(const std::vector<Settlement>& settlements) {
  return std::ranges::none_of(settlements,
                              [](const Settlement& one) { return std::holds_alternative<Release>(one.outcome); });
}

}  // namespace

void Loop::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    heartbeat_->tick();
    try {
      round(stop);
    } catch (const std::exception& surprise) {
      noteSurprise(surprise.what(), stop);
    } catch (...) {
      noteSurprise("it is no std::exception", stop);
    }
  }
  if (!shared_.queue.durable()) empty(stop);
}

void Loop::round(const std::stop_token& stop) {
  if (!shared_.store_outage.mayAsk(stop) || !shared_.queue_outage.mayAsk(stop)) return;
  if (!ready()) return;
  Room room = reserve(stop);
  if (room.places() == 0) return;
  Batch batch = receive(std::move(room), shared_.settings.wait, stop);
  if (!batch.empty()) work(std::move(batch), stop);
}

Room Loop::reserve(const std::stop_token& stop) {
  const WorkerSettings& settings = shared_.settings;
  return shared_.sender.reserve(settings.receive, shared_.clock.now() + settings.wait, stop);
}

bool Loop::ready() {
  try {
    shared_.ready();
    return true;
  } catch (const StoreUnavailable& failure) {
    if (shared_.store_outage.away())
      shared_.log.warning("worker.store_away", "the store does not answer; nothing is received before it does",
                          {{"reason", shared_.policy.redact(failure.what())}});
    return false;
  }
}

bool Loop::work(Batch batch, const std::stop_token& stop) {
  const auto until = [this, due = batch.due] { return std::min(due, shared_.drain_deadline.load()); };
  const AloneGate::Passage passage = shared_.gate.enter(batch.alone, shared_.clock, until, stop);
  const bool buried = batch.condemned.empty() || bury(batch, stop);
  if (batch.events.empty()) return buried;
  std::vector<PersistOutcome> outcomes(batch.events.size(), {PersistOutcome::Kind::OutOfTime, {}, "alone"});
  if (passage) outcomes = persist(batch);
  faultPoint("persisted");
  std::vector<Outgoing> messages = outgoing(batch, outcomes);
  const std::vector<Settlement> settlements = conclude(batch, outcomes);
  if (!settlements.empty()) settle(batch, settlements, stop);
  for (Outgoing& message : messages) message.passage = passage;
  shared_.sender.send(std::move(messages), std::move(batch.room));
  return buried && noneReleased(settlements);
}

bool Loop::bury(Batch& batch, const std::stop_token& stop) {
  Batch ended;
  ended.due = batch.due;
  std::vector<Settlement> settlements;
  for (Delivery& delivery : batch.condemned) {
    settlements.push_back(endOf(delivery, shared_.store, shared_.clock.wall()));
    ended.loans.push_back(
        {delivery.token, delivery.attempt, delivery.earlier_attempts, delivery.age, std::move(delivery.waits)});
    ended.events.push_back(std::move(delivery.event));
  }
  settle(ended, settlements, stop);
  return noneReleased(settlements);
}

void Loop::empty(const std::stop_token& stop) {
  try {
    while (shared_.clock.now() < shared_.drain_deadline.load() && ready()) {
      heartbeat_->tick();
      Room room = reserve({});
      if (room.places() == 0) continue;
      Batch batch = receive(std::move(room), Duration::zero(), {});
      // What the store does not take now, it will not take before the process ends.
      if (batch.empty() || !work(std::move(batch), stop)) return;
    }
  } catch (const std::exception& surprise) {
    noteSurprise(surprise.what(), stop);
  } catch (...) {
    noteSurprise("it is no std::exception", stop);
  }
}

Loop::Batch Loop::receive(Room room, Duration wait, const std::stop_token& stop) {
  const WorkerSettings& settings = shared_.settings;
  const SteadyTime asked = shared_.clock.now();
  std::vector<Delivery> deliveries;
  try {
    deliveries = shared_.queue.receive(room.places(), settings.lease, wait, stop);
  } catch (const QueueUnavailable& failure) {
    if (shared_.queue_outage.away())
      shared_.log.warning("worker.queue_away", "the queue does not answer; receiving pauses",
                          {{"reason", shared_.policy.redact(failure.what())}});
    return {};
  }
  if (shared_.queue_outage.back()) shared_.log.notice("worker.queue_back", "the queue answers again");
  Batch batch;
  // With nothing to persist nobody misses the store, and the next event must not wait for a pause to end.
  if (deliveries.empty()) {
    shared_.store_outage.calm(asked);
    return batch;
  }
  faultPoint("received");
  room.keep(deliveries.size());
  batch.room = std::move(room);
  shared_.journal.metrics.dequeued.add(static_cast<double>(deliveries.size()));
  // A quarter of the lease is left for settling.
  batch.received = shared_.clock.now();
  batch.due = batch.received + settings.lease * 3 / 4;
  batch.lease_end = asked + settings.lease;
  batch.events.reserve(deliveries.size());
  batch.loans.reserve(deliveries.size());
  for (Delivery& delivery : deliveries) {
    shared_.journal.received(delivery.waited);
    if (delivery.condemned) {
      batch.condemned.push_back(std::move(delivery));
      continue;
    }
    batch.suspect |= delivery.alone;
    batch.alone |= delivery.alone && delivery.expired_alone > 0;
    batch.loans.push_back(
        {delivery.token, delivery.attempt, delivery.earlier_attempts, delivery.age, std::move(delivery.waits)});
    batch.events.push_back(std::move(delivery.event));
  }
  return batch;
}

std::vector<PersistOutcome> Loop::persist(const Batch& batch) {
  UniqueFunction<bool()> out_of_time = [this, due = batch.due] {
    return shared_.clock.now() >= std::min(due, shared_.drain_deadline.load());
  };
  const SteadyTime begun = shared_.clock.now();
  auto outcomes = persistIsolating(shared_.store, batch.events, out_of_time);
  shared_.journal.metrics.persist.observe(std::chrono::duration<double>(shared_.clock.now() - begun).count());

  const auto is = [](PersistOutcome::Kind kind) {
    return [kind](const PersistOutcome& one) { return one.kind == kind; };
  };
  const auto away = std::ranges::find_if(outcomes, is(PersistOutcome::Kind::StoreAway));
  if (away != outcomes.end()) {
    if (shared_.store_outage.away())
      shared_.log.warning("worker.store_away", "the store does not answer; events are given back and receiving pauses",
                          {{"reason", shared_.policy.redact(away->reason)}});
  } else if (std::ranges::any_of(outcomes, is(PersistOutcome::Kind::Kept)) && shared_.store_outage.back()) {
    shared_.log.notice("worker.store_back", "the store answers again");
  }
  return outcomes;
}

std::vector<Outgoing> Loop::outgoing(Batch& batch, std::vector<PersistOutcome>& outcomes) {
  const WallTime now = shared_.clock.wall();
  std::vector<Outgoing> messages;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    Event& event = batch.events[i];
    Batch::Loan& loan = batch.loans[i];
    const PersistOutcome& outcome = outcomes[i];
    // An event that turned out to be a message that is there already leaves the sending to that one's own.
    const bool leaves = outcome.kind == PersistOutcome::Kind::Kept && event.kind == Kind::OutboundMessage &&
                        outcome.persisted.message == event.id;
    if (!leaves) {
      if (kept != i) {
        batch.events[kept] = std::move(event);
        batch.loans[kept] = std::move(loan);
        outcomes[kept] = std::move(outcomes[i]);
      }
      ++kept;
      continue;
    }
    shared_.journal.attempted(event, loan.attempt, outcome, now);
    Outgoing message;
    message.event = std::move(event);
    message.token = loan.token;
    message.attempt = loan.attempt;
    message.earlier_attempts = loan.earlier_attempts;
    message.suspect = batch.suspect;
    message.age = loan.age;
    // Nobody has failed to send it while it was not to be sent.
    for (const char* held : {"paused", "pace", "held_earlier"})
      if (const auto found = loan.waits.find(held); found != loan.waits.end()) message.age -= found->second;
    message.age = std::max(message.age, Duration::zero());
    loan.waits.erase("held_earlier");
    message.waits = std::move(loan.waits);
    message.received = batch.received;
    message.lease_end = batch.lease_end;
    message.status = outcome.persisted.status;
    messages.push_back(std::move(message));
  }
  batch.events.resize(kept);
  batch.loans.resize(kept);
  outcomes.resize(kept);
  return messages;
}

std::vector<Settlement> Loop::conclude(const Batch& batch, const std::vector<PersistOutcome>& outcomes) {
  const WallTime now = shared_.clock.wall();
  const auto worked = std::chrono::floor<Duration>(shared_.clock.now() - batch.received);
  std::vector<Settlement> settlements;
  settlements.reserve(outcomes.size());
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const Event& event = batch.events[i];
    const Batch::Loan& loan = batch.loans[i];
    shared_.journal.attempted(event, loan.attempt, outcomes[i], now);
    settlements.push_back(
        {loan.token, penstock::conclude(outcomes[i], event, loan.attempt, loan.age + worked, shared_.policy)});
  }
  return settlements;
}

void Loop::settle(const Batch& batch, const std::vector<Settlement>& settlements, const std::stop_token& stop) {
  std::vector<SettleVerdict> verdicts = settleOnce(settlements);
  Duration between = shared_.settings.first_pause;
  while (verdicts.empty() && !stop.stop_requested() && shared_.clock.now() < batch.due) {
    pause(between, stop);
    between = std::min(between * 2, shared_.settings.longest_pause);
    heartbeat_->tick();
    verdicts = settleOnce(settlements);
  }
  if (verdicts.empty()) {
    // What is persisted already is recognised by the store when it is handed out again.
    shared_.log.warning("worker.settle_abandoned", "events could not be settled; their leases will run out",
                        {{"events", std::to_string(settlements.size())}});
    return;
  }
  for (std::size_t i = 0; i < std::min(verdicts.size(), settlements.size()); ++i)
    shared_.journal.settled(batch.events[i], batch.loans[i].attempt, settlements[i], verdicts[i]);
  shared_.log.debug("worker.batch", "batch settled", {{"events", std::to_string(settlements.size())}});
}

std::vector<SettleVerdict> Loop::settleOnce(const std::vector<Settlement>& settlements) {
  try {
    auto verdicts = shared_.queue.settle(settlements);
    shared_.queue_outage.back();
    return verdicts;
  } catch (const QueueUnavailable& failure) {
    if (shared_.queue_outage.away())
      shared_.log.warning("worker.queue_away", "the queue does not answer; settling is repeated",
                          {{"reason", shared_.policy.redact(failure.what())}});
    return {};
  }
}

void Loop::noteSurprise(const char* what, const std::stop_token& stop) {
  shared_.journal.metrics.exceptions.add();
  shared_.log.error("worker.exception", "a round of the worker ended with an exception; its leases will run out",
                    {{"reason", shared_.policy.redact(what)}});
  pause(shared_.settings.first_pause, stop);
}

void Loop::pause(Duration time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  const SteadyTime until = shared_.clock.now() + time;
  while (shared_.clock.now() < until && !stop.stop_requested()) shared_.clock.wait(lock, never, until, stop);
}

}  // namespace penstock
