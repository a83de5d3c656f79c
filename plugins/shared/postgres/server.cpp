#include "shared/postgres/server.h"

#include "postgres/sql.h"

#include <algorithm>
#include <random>
#include <thread>
#include <utility>

namespace penstock::postgres {

namespace {

constexpr std::string_view kDiskFull = "53100";

/// Whether a fault says that nobody can use the database now, not only this call.
bool concernsAll(const Fault& fault) {
  if (fault.sqlstate == kSilent) return true;
  return fault.kind == FaultClass::Shed && !fault.sqlstate.empty() && fault.sqlstate != kCanceled;
}

}  // namespace

Server::Server(Context& context, const Settings& settings, Use use)
    : use_(std::move(use)),
      metrics_(context.metrics, use_.engine),
      condition_(context.log, metrics_.up, use_.what),
      pool_(settings, context.clock),
      collection_(
          context.metrics.beforeExposition([this] { metrics_.in_use.set(static_cast<double>(pool_.inUse())); })),
      keeper_(context, settings, condition_, metrics_,
              {.what = use_.what,
               .listen = use_.listen,
               .told = use_.told,
               .checked =
                   [this](bool right) {
                     checked_ = right;
                     pool_.reachable();
                   },
               .probe = [this] { return probe(); },
               .silent = [this](const Fault& fault) { pool_.silent(fault); }}) {}

// Before the schema has been seen nothing may be done; afterwards each call finds out for itself.
void Server::admit() const {
  if (!checked_) throw Fault::asSaid(condition_.health().reason, FaultClass::Shed);
}

Pool::Loan Server::borrow() {
  try {
    return pool_.borrow();
  } catch (const Fault& fault) {
    if (fault.kind != FaultClass::Reconnect) throw;
    // Opening one has its own waits; a call does not try for longer.
    condition_.bad(fault.what());
    keeper_.look();
    Fault refusal = fault;
    refusal.kind = FaultClass::Shed;
    throw refusal;
  }
}

/// Whether the same transaction runs again.
bool Server::again(const Fault& fault, int tries, bool after_loss) {
  metrics_.errors(fault.sqlstate).add();
  const bool repeatable = fault.kind == FaultClass::Retry || (fault.kind == FaultClass::Reconnect && after_loss);
  if (repeatable && tries < use_.tries) return true;
  if (fault.sqlstate == kDiskFull) full_ = true;
  if (concernsAll(fault)) condition_.bad(fault.what());
  if (fault.kind == FaultClass::Reconnect) keeper_.look();
  return false;
}

bool Server::probe() noexcept {
  try {
    pool_.reachable();
    Pool::Loan loan = pool_.borrow();
    loan.session().execute(use_.probe);
    // A statement may happen to need no new page.
    if (full_) loan.session().script(std::string(sql::kWriteFile));
    full_ = false;
    return true;
  } catch (const Fault& fault) {
    metrics_.errors(fault.sqlstate).add();
    if (fault.sqlstate == kDiskFull) full_ = true;
    condition_.bad(fault.what());
  } catch (const std::exception& fault) {
    condition_.bad(fault.what());
  }
  return false;
}

void Server::pause(int tries) {
  thread_local std::mt19937 random{std::random_device{}()};
  const int bound = std::min(1 << (tries + 1), 50);
  std::this_thread::sleep_for(std::chrono::milliseconds(std::uniform_int_distribution<int>(1, bound)(random)));
}

}  // namespace penstock::postgres
