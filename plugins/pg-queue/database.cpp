#include "pg-queue/database.h"

#include "pg-queue/sql.h"

#include <algorithm>
#include <random>
#include <thread>

namespace penstock::pg_queue {
namespace {

/// Whether a fault says that nobody can use the database now, not only this call.
bool concernsAll(const postgres::Fault& fault) {
  return fault.kind == postgres::FaultClass::Shed && !fault.sqlstate.empty() && fault.sqlstate != "57014";
}

}  // namespace

QueueMetrics::QueueMetrics(Metrics& metrics)
    : in_use(metrics.gauge(kInUse, {{"engine", "pg_queue"}})),
      up(metrics.gauge(kUp, {{"engine", "pg_queue"}})),
      partitions(metrics.gauge(kPartitions, {{"engine", "pg_queue"}})),
      rotation_blocked(metrics.gauge(kRotationBlocked, {{"engine", "pg_queue"}})) {
  using postgres::FaultClass;
  for (const FaultClass kind : {FaultClass::Retry, FaultClass::Reconnect, FaultClass::Shed, FaultClass::Never})
    failures[static_cast<std::size_t>(kind)] =
        &metrics.counter(kErrors, {{"engine", "pg_queue"}, {"class", postgres::word(kind)}});
}

Database::Database(Context& context, const postgres::Settings& settings, const QueueMetrics& metrics,
                   std::function<void()> told)
    : metrics_(metrics),
      condition_(context.log, metrics.up, "queue"),
      pool_(settings, context.clock),
      collection_(
          context.metrics.beforeExposition([this] { metrics_.in_use.set(static_cast<double>(pool_.inUse())); })),
      keeper_(context, settings, condition_,
              {.what = "queue",
               .listen = sql::kListen,
               .told = std::move(told),
               .checked =
                   [this](bool right) {
                     checked_ = right;
                     pool_.reachable();
                   },
               .probe = [this] { return probe(); }}) {}

postgres::Pool::Loan Database::borrow() {
  try {
    return pool_.borrow();
  } catch (const postgres::Fault& fault) {
    if (fault.kind == postgres::FaultClass::Reconnect) {
      condition_.bad(fault.what());
      metrics_.errors(fault.kind).add();
      keeper_.look();
      throw QueueUnavailable(fault.what());
    }
    throw;
  }
}

void Database::refuse(const postgres::Fault& fault) {
  if (concernsAll(fault)) condition_.bad(fault.what());
  if (fault.kind == postgres::FaultClass::Reconnect) keeper_.look();
  throw QueueUnavailable(fault.what());
}

bool Database::probe() noexcept {
  try {
    pool_.reachable();
    pool_.borrow().session().execute(sql::kProbe);
    return true;
  } catch (const postgres::Fault& fault) {
    metrics_.errors(fault.kind).add();
    condition_.bad(fault.what());
  } catch (const std::exception& fault) {
    condition_.bad(fault.what());
  }
  return false;
}

void Database::pause(int tries) {
  thread_local std::mt19937 random{std::random_device{}()};
  const int bound = std::min(1 << (tries + 2), 50);
  std::this_thread::sleep_for(std::chrono::milliseconds(std::uniform_int_distribution<int>(1, bound)(random)));
}

}  // namespace penstock::pg_queue
