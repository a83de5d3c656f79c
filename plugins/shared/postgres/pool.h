#pragma once

#include "penstock/clock.h"
#include "shared/backoff/backoff.h"
#include "shared/postgres/session.h"
#include "shared/postgres/settings.h"

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace penstock::postgres {

/// A bounded set of sessions, opened as they are needed. While the server cannot be reached, calls fail at once with
/// what was found last, and only now and then one tries again. [any thread]
class Pool {
public:
  Pool(const Settings& settings, Clock& clock);

  /// A session on loan; goes back when destroyed, unless it is lost.
  class Loan {
  public:
    Loan(Pool& pool, std::unique_ptr<Session> session) : pool_(&pool), session_(std::move(session)) {}
    Loan(Loan&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)), session_(std::move(other.session_)) {}
    Loan& operator=(Loan&&) = delete;
    ~Loan() {
      if (pool_ != nullptr) pool_->giveBack(std::move(session_));
    }
    Session& session() { return *session_; }

  private:
    friend class Pool;
    Pool* pool_;
    std::unique_ptr<Session> session_;
  };

  /// Waits for a free place, then opens a session if none is idle. [blocks: the wait, and to connect] [throws: Fault]
  Loan borrow();

  /// Sessions on loan.
  std::size_t inUse() const;

  /// How often a session was opened or tried to be.
  std::size_t attempts() const;

  /// The server was reached by other means: the next borrow tries at once.
  void reachable();

  /// The server was found silent: calls that wait for it fail at once, and so do others until it is tried again.
  void silent(const Fault& fault) noexcept;

private:
  void giveBack(std::unique_ptr<Session> session) noexcept;
  void takeBack(const Session* session) noexcept;
  std::unique_ptr<Session> takeIdle();
  std::unique_ptr<Session> open();

  const Settings settings_;
  Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable_any returned_;
  std::size_t free_;                            // guarded by mutex_
  std::vector<std::unique_ptr<Session>> idle_;  // guarded by mutex_
  std::vector<Session*> lent_;                  // guarded by mutex_
  Backoff backoff_;                             // guarded by mutex_
  std::size_t attempts_ = 0;                    // guarded by mutex_
  SteadyTime next_attempt_{};                   // guarded by mutex_
  std::optional<Fault> unreachable_;            // guarded by mutex_
};

}  // namespace penstock::postgres
