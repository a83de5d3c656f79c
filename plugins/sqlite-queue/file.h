#pragma once

#include "sqlite-queue/metrics.h"

#include "penstock/health.h"
#include "penstock/plugin.h"
#include "penstock/queue.h"
#include "shared/durable/journal.h"
#include "shared/sqlite/fault.h"
#include "shared/sqlite/session.h"

#include <memory>
#include <mutex>
#include <string>

namespace penstock::sqlite_queue {

/// The queue's database file: one writer whose transactions come one after the other, a reader for the dispatcher,
/// and one for what looks at dead letters.
/// Faults of SQLite leave it as QueueUnavailable. [any thread]
class File {
public:
  /// Opens the file and brings its schema up to date. [throws: StartFailure]
  File(Context& context, const sqlite::SessionOptions& options, const JournalMetrics& metrics);

  /// Runs `work(sqlite::Session&)` in a write transaction, committed before it returns. [blocks]
  /// [throws: QueueUnavailable; then nothing was kept]
  template <typename Work>
  auto write(Work&& work) {
    std::lock_guard guard(mutex_);
    try {
      sqlite::Session& session = writer();
      sqlite::Transaction transaction(session);
      auto result = work(session);
      transaction.commit();
      committed(session);
      return result;
    } catch (const sqlite::Fault& fault) {
      failed(fault);
    }
  }

  /// Runs `work(sqlite::Session&)` on one snapshot of all that is committed. [the dispatcher's thread] [blocks]
  /// [throws: QueueUnavailable]
  template <typename Work>
  auto read(Work&& work) {
    try {
      if (!reader_) reader_ = std::make_unique<sqlite::Session>(reader_options_);
      const sqlite::Snapshot snapshot(*reader_);
      return work(*reader_);
    } catch (const sqlite::Fault& fault) {
      reader_.reset();
      refuse(fault);
    }
  }

  /// As read, on a session of its own, and for no longer than durable::kReadLimit. [any thread, one at a time]
  /// [blocks] [throws: QueueUnavailable]
  template <typename Work>
  auto look(Work&& work) {
    try {
      if (!looker_) looker_ = std::make_unique<sqlite::Session>(reader_options_);
      const sqlite::Snapshot snapshot(*looker_);
      const sqlite::TimeLimit limit(*looker_, durable::kReadLimit);
      return work(*looker_);
    } catch (const sqlite::Fault& fault) {
      if (isInterrupt(fault)) throw QueueUnavailable(durable::tookTooLong());
      looker_.reset();
      refuse(fault);
    }
  }

  /// Down from a failed write until one succeeds. [does not block]
  Health health() const;
  /// While Down, tries to write, so that the queue notices by itself that it can again.
  void probe() noexcept;

private:
  static bool isInterrupt(const sqlite::Fault& fault);
  sqlite::Session& writer();
  void committed(sqlite::Session& session);
  [[noreturn]] void failed(const sqlite::Fault& fault);
  [[noreturn]] void refuse(const sqlite::Fault& fault);

  Context& context_;
  const sqlite::SessionOptions writer_options_;
  const sqlite::SessionOptions reader_options_;
  const JournalMetrics& metrics_;
  std::mutex mutex_;
  std::unique_ptr<sqlite::Session> writer_;  ///< guarded by mutex_
  std::unique_ptr<sqlite::Session> reader_;
  std::unique_ptr<sqlite::Session> looker_;
  mutable std::mutex health_mutex_;
  Health health_;
};

}  // namespace penstock::sqlite_queue
