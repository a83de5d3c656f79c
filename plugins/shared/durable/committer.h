#pragma once

#include "shared/durable/journal.h"
#include "shared/durable/options.h"

#include "penstock/clock.h"
#include "penstock/health.h"
#include "penstock/log.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace penstock::durable {

/// Group commit: one thread commits what publishers have brought while the commit before was under way, and answers
/// them after it. Publishers that find the queue full may wait here for room.
class Committer {
public:
  /// `accepted` is called after each commit that accepted something.
  Committer(const Options& options, const Instruments& instruments, Journal& journal, const Log& log, Clock& clock,
            HealthBoard& health, std::function<void()> accepted);
  ~Committer();

  void publish(Event event, PublishHandler handler);
  /// There may be room again for those who wait.
  void roomMade();
  /// Answers everyone, and returns when the thread has ended.
  void close() noexcept;

  bool full() const;

private:
  struct Pending {
    Publication publication;
    PublishHandler handler;
    SteadyTime until{};  ///< it waits for room no longer
  };
  using Batch = std::deque<Pending>;

  void run(const std::stop_token& stop);
  bool waitForWork(std::unique_lock<std::mutex>& lock, const std::stop_token& stop);
  Batch takeBatch();
  void commit(Batch& batch);
  void answer(Batch& batch);
  void refuse(std::unique_lock<std::mutex>& lock, Batch& which);
  void answer(PublishHandler& handler, const PublishResult& result) noexcept;

  const Options options_;
  const Instruments instruments_;
  Journal& journal_;
  Log log_;
  Clock& clock_;
  HealthBoard& health_;
  const std::function<void()> accepted_;

  mutable std::mutex mutex_;
  std::condition_variable_any work_;
  Batch incoming_;  ///< guarded by mutex_, as all below
  Batch waiting_;   ///< for room, in the order they came
  std::uint64_t pending_bytes_ = 0;
  bool room_ = false;
  bool full_ = false;
  bool closing_ = false;

  std::jthread thread_;
};

}  // namespace penstock::durable
