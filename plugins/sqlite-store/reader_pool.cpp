#include "sqlite-store/reader_pool.h"

#include <sqlite3.h>

#include "shared/sqlite/fault.h"

namespace penstock::sqlite_store {

ReaderPool::ReaderPool(sqlite::SessionOptions options, std::size_t size, Clock& clock)
    : options_(std::move(options)), clock_(clock), free_(size) {
  idle_.reserve(size);
}

std::unique_ptr<sqlite::Session> ReaderPool::takeIdle() {
  std::unique_lock lock(mutex_);
  const SteadyTime deadline = clock_.now() + options_.busy_timeout;
  while (free_ == 0) {
    if (clock_.now() >= deadline) throw sqlite::Fault(SQLITE_BUSY, "waiting for a free reader");
    clock_.wait(lock, returned_, deadline, {});
  }
  --free_;
  if (idle_.empty()) return nullptr;
  auto session = std::move(idle_.back());
  idle_.pop_back();
  return session;
}

ReaderPool::Loan ReaderPool::borrow() {
  Loan loan(*this, takeIdle());
  loan.openWhenNew(options_);
  return loan;
}

void ReaderPool::giveBack(std::unique_ptr<sqlite::Session> session) noexcept {
  {
    std::lock_guard guard(mutex_);
    ++free_;
    if (session) idle_.push_back(std::move(session));
  }
  returned_.notify_one();
}

}  // namespace penstock::sqlite_store
