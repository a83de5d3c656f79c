#pragma once

#include "penstock/health.h"
#include "penstock/plugin.h"
#include "shared/sqlite/fault.h"
#include "shared/sqlite/session.h"
#include "sqlite-store/metrics.h"
#include "sqlite-store/reader_pool.h"
#include "sqlite-store/settings.h"

#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace penstock::sqlite_store {

/// The database file: one writer, many readers, and what their faults mean. Faults of SQLite leave it as
/// StoreUnavailable or StoreRejected. [any thread]
class Database {
public:
  /// Opens the file and brings its schema up to date. [throws: StartFailure]
  Database(Context& context, const Settings& settings, const StoreMetrics& metrics);

  /// Runs `work(sqlite::Session&)` in a write transaction, committed before it returns. [blocks]
  /// [throws: StoreUnavailable, StoreRejected; then nothing was kept]
  template <typename Work>
  auto write(Operation operation, Work&& work) {
    const Stopwatch watch(context_.clock, metrics_.transaction(operation));
    std::lock_guard guard(writer_.mutex);
    try {
      sqlite::Session& session = openWriter();
      sqlite::Transaction transaction(session);
      auto result = work(session);
      transaction.commit();
      committed(session);
      return result;
    } catch (const sqlite::Fault& fault) {
      writeFailed(fault);
    }
  }

  /// Runs `work(sqlite::Session&)` on one snapshot of all that is committed. [blocks] [throws: StoreUnavailable]
  template <typename Work>
  auto read(Work&& work) {
    const Stopwatch watch(context_.clock, metrics_.read);
    try {
      ReaderPool::Loan loan = readers_.borrow();
      try {
        const sqlite::Snapshot snapshot(loan.session());
        return work(loan.session());
      } catch (const sqlite::Fault&) {
        loan.discard();
        throw;
      }
    } catch (const sqlite::Fault& fault) {
      refuse(fault);
    }
  }

  /// Down from a failed write until one succeeds. [does not block]
  Health health() const;

  /// While Down, tries to write, so that the store notices by itself that it can again.
  void probe() noexcept;

private:
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

  sqlite::Session& openWriter();
  void committed(sqlite::Session& session);
  [[noreturn]] void writeFailed(const sqlite::Fault& fault);
  [[noreturn]] void refuse(const sqlite::Fault& fault);

  Context& context_;
  const Settings settings_;
  const StoreMetrics& metrics_;
  struct {
    std::mutex mutex;
    std::unique_ptr<sqlite::Session> session;
  } writer_;
  ReaderPool readers_;
  struct {
    mutable std::mutex mutex;
    Health health;
  } condition_;
};

}  // namespace penstock::sqlite_store
