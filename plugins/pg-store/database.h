#pragma once

#include "penstock/clock.h"
#include "penstock/plugin.h"
#include "penstock/store.h"
#include "pg-store/metrics.h"
#include "pg-store/settings.h"
#include "shared/postgres/server.h"

#include <functional>
#include <mutex>

namespace penstock::pg_store {

/// The store's database; its faults leave it as StoreUnavailable or StoreRejected. [any thread]
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

  Health health() const { return server_.health(); }

  /// Gathers what writers have counted; forgets what is old when it is time. Never throws: what fails is counted.
  void tidy() noexcept;

private:
  template <typename Work>
  auto timed(Histogram& histogram, Work& work) {
    const Stopwatch watch(context_.clock, histogram);
    try {
      return server_.run(work);
    } catch (const postgres::Fault& fault) {
      if (fault.kind == postgres::FaultClass::Never) throw StoreRejected(fault.what());
      throw StoreUnavailable(fault.what());
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

  Context& context_;
  const Settings& settings_;
  const StoreMetrics& metrics_;
  struct {
    std::mutex mutex;
    std::function<void()> call;
  } told_;
  SteadyTime next_tidying_{};  // the tidying thread's own
  bool tidied_ = true;         // likewise
  postgres::Server server_;
};

}  // namespace penstock::pg_store
