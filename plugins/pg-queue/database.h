#pragma once

#include "pg-queue/metrics.h"

#include "penstock/plugin.h"
#include "penstock/queue.h"
#include "shared/postgres/condition.h"
#include "shared/postgres/keeper.h"
#include "shared/postgres/pool.h"

#include <atomic>
#include <functional>
#include <memory>

namespace penstock::pg_queue {

/// The queue's database: its sessions, its condition, and what its faults mean. [any thread]
class Database {
public:
  /// `told`: another process has published. A server that cannot be reached is tried for in the background.
  /// [throws: StartFailure]
  Database(Context& context, const postgres::Settings& settings, const QueueMetrics& metrics,
           std::function<void()> told);

  /// Runs `work(postgres::Session&)`, which is one transaction that may be repeated. [blocks] [throws:
  /// QueueUnavailable]
  template <typename Work>
  auto run(Work&& work) {
    try {
      return runStrictly(work);
    } catch (const postgres::Fault& fault) {
      throw QueueUnavailable(fault.what());
    }
  }

  /// As run; what the values are to blame for leaves as it is. [throws: QueueUnavailable; postgres::Fault of class
  /// Never]
  template <typename Work>
  auto runStrictly(Work&& work) {
    if (!checked_) throw QueueUnavailable(condition_.health().reason);
    for (int tries = 0;; ++tries) {
      try {
        postgres::Pool::Loan loan = borrow();
        return work(loan.session());
      } catch (const postgres::Fault& fault) {
        metrics_.errors(fault.kind).add();
        if (fault.kind == postgres::FaultClass::Never) throw;
        const bool again = fault.kind == postgres::FaultClass::Retry || fault.kind == postgres::FaultClass::Reconnect;
        if (!again || tries == kRetries) refuse(fault);
      }
      pause(tries);
    }
  }

  Health health() const { return condition_.health(); }

private:
  static constexpr int kRetries = 3;

  postgres::Pool::Loan borrow();
  [[noreturn]] void refuse(const postgres::Fault& fault);
  bool probe() noexcept;
  static void pause(int tries);

  const QueueMetrics& metrics_;
  postgres::Condition condition_;
  postgres::Pool pool_;
  std::unique_ptr<Collection> collection_;
  std::atomic<bool> checked_{false};  ///< the schema was found right
  postgres::Keeper keeper_;
};

}  // namespace penstock::pg_queue
