#pragma once

#include "penstock/clock.h"
#include "shared/sqlite/session.h"

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace penstock::sqlite_store {

/// A bounded set of read-only sessions, opened as they are needed. [any thread]
class ReaderPool {
public:
  ReaderPool(sqlite::SessionOptions options, std::size_t size, Clock& clock);

  /// A session on loan; goes back when destroyed, unless it was broken.
  class Loan {
  public:
    Loan(ReaderPool& pool, std::unique_ptr<sqlite::Session> session) : pool_(&pool), session_(std::move(session)) {}
    Loan(Loan&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)), session_(std::move(other.session_)) {}
    Loan& operator=(Loan&&) = delete;
    ~Loan() {
      if (pool_ != nullptr) pool_->giveBack(std::move(session_));
    }
    sqlite::Session& session() { return *session_; }
    void discard() { session_.reset(); }
    void openWhenNew(const sqlite::SessionOptions& options) {
      if (!session_) session_ = std::make_unique<sqlite::Session>(options);
    }

  private:
    ReaderPool* pool_;
    std::unique_ptr<sqlite::Session> session_;
  };

  /// Waits up to the busy timeout for a session. [throws: sqlite::Fault]
  Loan borrow();

private:
  void giveBack(std::unique_ptr<sqlite::Session> session) noexcept;
  std::unique_ptr<sqlite::Session> takeIdle();

  const sqlite::SessionOptions options_;
  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any returned_;
  std::size_t free_;                                    // guarded by mutex_
  std::vector<std::unique_ptr<sqlite::Session>> idle_;  // guarded by mutex_
};

}  // namespace penstock::sqlite_store
