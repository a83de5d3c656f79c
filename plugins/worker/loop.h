#pragma once

#include "worker/alone_gate.h"
#include "worker/isolate.h"
#include "worker/journal.h"
#include "worker/outage.h"
#include "worker/sender.h"
#include "worker/settings.h"

#include "penstock/clock.h"
#include "penstock/log.h"
#include "penstock/policy.h"
#include "penstock/queue.h"
#include "penstock/store.h"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace penstock {

/// What all loops of the worker share.
struct WorkerShared {
  WorkerShared(Queue& events, Store& messages, Sender& way_out, Journal& book, Policy& scripts, Clock& time, Log logger,
               const WorkerSettings& rows, AloneGate& suspects)
      : queue(events),
        store(messages),
        sender(way_out),
        policy(scripts),
        clock(time),
        log(logger),
        journal(book),
        settings(rows),
        gate(suspects),
        queue_outage("the queue", time, rows.first_pause, rows.longest_pause),
        store_outage("the store", time, rows.first_pause, rows.longest_pause) {}

  Queue& queue;
  Store& store;
  Sender& sender;
  Policy& policy;
  Clock& clock;
  Log log;
  Journal& journal;
  const WorkerSettings settings;
  std::function<void()> ready = [] {};  ///< throws StoreUnavailable while nothing may be received
  AloneGate& gate;
  Outage queue_outage;
  Outage store_outage;
  std::atomic<SteadyTime> drain_deadline{SteadyTime::max()};
};

/// One thread's work: receive a batch, persist it, settle what ends there and hand on what is to be sent.
class Loop {
public:
  Loop(WorkerShared& shared, std::unique_ptr<Heartbeat> heartbeat)
      : shared_(shared), heartbeat_(std::move(heartbeat)) {}

  /// Works until stop is requested; then the batch in hand is finished or given back, and a queue that would be lost
  /// with the process is emptied. Exceptions end a round, not the loop.
  void run(const std::stop_token& stop);

private:
  /// Events on loan, apart from what is needed to settle them, so that the store gets them as one span.
  struct Batch {
    struct Loan {
      LeaseToken token;
      std::uint32_t attempt = 1;
      std::uint32_t earlier_attempts = 0;
      Duration age{};  ///< when it was received
      std::map<std::string, Duration> waits{};
    };
    std::vector<Event> events;
    std::vector<Loan> loans;
    std::vector<Delivery> condemned;  ///< nothing is done with them but noting their end
    Room room;                        ///< for those of them that go on their way
    bool suspect = false;             ///< what crashed with it may have been it
    bool alone = false;               ///< and did so again
    SteadyTime received{};
    SteadyTime due{};  ///< what is not tried by then is given back
    SteadyTime lease_end{};

    bool empty() const { return events.empty() && condemned.empty(); }
  };

  void round(const std::stop_token& stop);
  bool ready();
  /// False when something of the batch was given back.
  bool work(Batch batch, const std::stop_token& stop);
  /// Works off what is ready, to the drain deadline.
  void empty(const std::stop_token& stop);
  Room reserve(const std::stop_token& stop);
  Batch receive(Room room, Duration wait, const std::stop_token& stop);
  /// Ends what the queue has given up. False when something was given back.
  bool bury(Batch& batch, const std::stop_token& stop);
  std::vector<PersistOutcome> persist(const Batch& batch);
  /// Takes the messages out that are to be sent.
  std::vector<Outgoing> outgoing(Batch& batch, std::vector<PersistOutcome>& outcomes);
  std::vector<Settlement> conclude(const Batch& batch, const std::vector<PersistOutcome>& outcomes);
  void settle(const Batch& batch, const std::vector<Settlement>& settlements, const std::stop_token& stop);
  std::vector<SettleVerdict> settleOnce(const std::vector<Settlement>& settlements);
  void noteSurprise(const char* what, const std::stop_token& stop);
  void pause(Duration time, const std::stop_token& stop);

  WorkerShared& shared_;
  std::unique_ptr<Heartbeat> heartbeat_;
};

}  // namespace penstock
