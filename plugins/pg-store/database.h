#pragma once

#include "penstock/clock.h"
#include "penstock/plugin.h"
#include "pg-store/metrics.h"
#include "pg-store/settings.h"
#include "shared/postgres/condition.h"
#include "shared/postgres/fault.h"
#include "shared/postgres/keeper.h"
#include "shared/postgres/pool.h"
#include "shared/postgres/session.h"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

namespace penstock::pg_store {

/// The database: its sessions, its condition, and what its faults mean. Faults of PostgreSQL leave it as
/// StoreUnavailable or StoreRejected. [any thread]
class Database {
public:
  /// A server that cannot be reached is tried for in the background; calls fail until then.
  /// [blocks: to the connect timeout, and for migrations] [throws: StartFailure]
  Database(Context& context, const Settings& settings, const StoreMetrics& metrics);

  /// What is called when a shared value was set in some process; nothing when empty. Waits for a running call.
  void whenTold(std::function<void()> call);

  /// Runs `work(postgres::Session&)`, which is one transaction. What loses against another transaction runs again.
  /// [blocks] [throws: StoreUnavailable, StoreRejected; then nothing was kept as far as is known]
  template <typename Work>
  auto write(Operation operation, Work&& work) {
    return timed(metrics_.transaction(operation), work);
  }

  /// Runs `work(postgres::Session&)`, which is one statement and so sees one snapshot. [blocks]
  /// [throws: StoreUnavailable]
  template <typename Work>
  auto read(Work&& work) {
    return timed(metrics_.read, work);
  }

  Health health() const { return condition_.health(); }

  /// Gathers what writers have counted; forgets what is old when it is time. Never throws: what fails is counted.
  void tidy() noexcept;

private:
  static constexpr int kRetries = 5;

  template <typename Work>
  auto timed(Histogram& histogram, Work& work) {
    const Stopwatch watch(context_.clock, histogram);
    admit();
    for (int tries = 0;; ++tries) {
      try {
        postgres::Pool::Loan loan = borrow();
        return work(loan.session());
      } catch (const postgres::Fault& fault) {
        metrics_.errors(fault.kind).add();
        if (fault.kind != postgres::FaultClass::Retry || tries == kRetries) refuse(fault);
      }
      pause(tries);
    }
  }

  class Stopwatch {
  public:
    Stopwatch(const Clock& clock, Histogram& histogram) : clock_(clock), histogram_(histogram), started_(clock.now()) {}
    Stopwatch(const Stopwatch&) = delete;
    ~Stopwatch() { histogram_.observe(std::chrono::duration<double>(clock_.now() - started_).count()); }

  private:
    const Clock& clock_;
    Histogram& histogram_;
    SteadyTime started_;
  };

  void admit() const;
  postgres::Pool::Loan borrow();
  [[noreturn]] void refuse(const postgres::Fault& fault);
  bool probe() noexcept;
  static void pause(int tries);

  Context& context_;
  const Settings& settings_;
  const StoreMetrics& metrics_;
  postgres::Condition condition_;
  postgres::Pool pool_;
  std::unique_ptr<Collection> collection_;
  std::atomic<bool> checked_{false};  ///< the schema was found right
  struct {
    std::mutex mutex;
    std::function<void()> call;
  } told_;
  SteadyTime next_tidying_{};  // the tidying thread's own
  bool tidied_ = true;         // likewise
  postgres::Keeper keeper_;
};

}  // namespace penstock::pg_store
