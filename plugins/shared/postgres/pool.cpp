#include "shared/postgres/pool.h"

namespace penstock::postgres {

Pool::Pool(const Settings& settings, Clock& clock)
    : settings_(settings), clock_(clock), free_(settings.connections), backoff_(settings.reconnect) {
  idle_.reserve(settings.connections);
  lent_.reserve(settings.connections);
}

std::unique_ptr<Session> Pool::takeIdle() {
  std::unique_lock lock(mutex_);
  const SteadyTime deadline = clock_.now() + settings_.wait;
  while (free_ == 0) {
    if (clock_.now() >= deadline)
      throw Fault({}, "all " + std::to_string(settings_.connections) + " connections are in use; see pg.connections",
                  FaultClass::Shed);
    clock_.wait(lock, returned_, deadline, {});
  }
  --free_;
  if (idle_.empty()) return nullptr;
  auto session = std::move(idle_.back());
  idle_.pop_back();
  lent_.push_back(session.get());
  return session;
}

Pool::Loan Pool::borrow() {
  Loan loan(*this, takeIdle());
  if (loan.session_ && !loan.session_->usable()) {
    takeBack(loan.session_.get());
    loan.session_.reset();
  }
  if (loan.session_) return loan;
  loan.session_ = open();
  std::lock_guard guard(mutex_);
  lent_.push_back(loan.session_.get());
  return loan;
}

/// No other thread ends it from here on.
void Pool::takeBack(const Session* session) noexcept {
  std::lock_guard guard(mutex_);
  std::erase(lent_, session);
}

std::unique_ptr<Session> Pool::open() {
  {
    std::lock_guard guard(mutex_);
    if (unreachable_ && clock_.now() < next_attempt_) throw Fault(*unreachable_);
    ++attempts_;
    if (unreachable_) {
      next_attempt_ = clock_.now() + settings_.session.connect_timeout;  // one tries, the others go on failing
    }
  }
  try {
    auto session = std::make_unique<Session>(settings_.session);
    reachable();
    return session;
  } catch (const Fault& fault) {
    std::lock_guard guard(mutex_);
    unreachable_.emplace(fault);
    next_attempt_ = clock_.now() + backoff_.next();
    throw;
  }
}

void Pool::reachable() {
  std::lock_guard guard(mutex_);
  unreachable_.reset();
  backoff_.reset();
}

void Pool::silent(const Fault& fault) noexcept {
  std::vector<std::unique_ptr<Session>> idle;
  std::lock_guard guard(mutex_);
  idle.swap(idle_);
  for (Session* session : lent_) session->sever();
  for (const auto& session : idle) session->sever();  // or their end would wait for the server
  unreachable_.emplace(fault);
  next_attempt_ = clock_.now() + backoff_.next();
}

void Pool::giveBack(std::unique_ptr<Session> session) noexcept {
  takeBack(session.get());
  if (session && !session->usable()) session.reset();
  {
    std::lock_guard guard(mutex_);
    ++free_;
    if (session) idle_.push_back(std::move(session));
  }
  returned_.notify_one();
}

std::size_t Pool::attempts() const {
  std::lock_guard guard(mutex_);
  return attempts_;
}

std::size_t Pool::inUse() const {
  std::lock_guard guard(mutex_);
  return settings_.connections - free_;
}

}  // namespace penstock::postgres
