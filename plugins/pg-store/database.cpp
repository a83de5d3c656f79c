#include "pg-store/database.h"

#include <algorithm>
#include <exception>
#include <random>
#include <thread>
#include <utility>

#include "penstock/store.h"
#include "pg-store/config.h"
#include "pg-store/sql.h"
#include "shared/postgres/config.h"

namespace penstock::pg_store {

namespace {

// Every statement of the store finds its rows by an index. A planner without fresh statistics must not prefer to read
// whole tables, as it does while they are small or after they have grown quickly.
constexpr std::string_view kPlans = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off";

constexpr Duration kTidying = std::chrono::seconds(10);

/// Whether a fault says that nobody can use the database now, not only this call.
bool concernsAll(const postgres::Fault& fault) {
  if (fault.sqlstate == postgres::kSilent) return true;
  return fault.kind == postgres::FaultClass::Shed && !fault.sqlstate.empty() && fault.sqlstate != "57014";
}

}  // namespace

Settings readSettings(const Context& context) {
  Settings settings{.postgres = postgres::readSettings(context.shared(postgres::kSection)),
                    .watch_interval = context.config.duration(row::kWatchInterval),
                    .report_retention = context.config.duration(row::kReportRetention),
                    .max_reports = context.config.integer(row::kMaxReports)};
  settings.postgres.session.settings = kPlans;
  return settings;
}

Database::Database(Context& context, const Settings& settings, const StoreMetrics& metrics)
    : context_(context),
      settings_(settings),
      metrics_(metrics),
      condition_(context.log, metrics.up),
      pool_(settings.postgres, context.clock),
      collection_(
          context.metrics.beforeExposition([this] { metrics_.in_use.set(static_cast<double>(pool_.inUse())); })),
      keeper_(context, settings, condition_,
              {.told =
                   [this] {
                     std::lock_guard guard(told_.mutex);
                     if (told_.call) told_.call();
                   },
               .checked =
                   [this](bool right) {
                     checked_ = right;
                     pool_.reachable();
                   },
               .probe = [this] { return probe(); }}) {}

void Database::whenTold(std::function<void()> call) {
  std::lock_guard guard(told_.mutex);
  told_.call = std::move(call);
}

// Before the schema has been seen nothing may be done; afterwards each call finds out for itself.
void Database::admit() const {
  if (!checked_) throw StoreUnavailable(condition_.health().reason);
}

postgres::Pool::Loan Database::borrow() {
  try {
    return pool_.borrow();
  } catch (const postgres::Fault& fault) {
    if (fault.kind == postgres::FaultClass::Reconnect) condition_.bad(fault.what());
    throw;
  }
}

void Database::refuse(const postgres::Fault& fault) {
  if (concernsAll(fault)) condition_.bad(fault.what());
  if (fault.kind == postgres::FaultClass::Reconnect) keeper_.look();
  if (fault.kind == postgres::FaultClass::Never) throw StoreRejected(fault.what());
  throw StoreUnavailable(fault.what());
}

void Database::pause(int tries) {
  thread_local std::mt19937 random{std::random_device{}()};
  const int bound = std::min(1 << (tries + 2), 50);
  std::this_thread::sleep_for(std::chrono::milliseconds(std::uniform_int_distribution<int>(1, bound)(random)));
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

void Database::tidy() noexcept {
  if (health().state != HealthState::Ready) return;
  try {
    const bool forget = context_.clock.now() >= next_tidying_;
    if (forget) next_tidying_ = context_.clock.now() + kTidying;
    const WallTime now = context_.clock.wall();
    write(Operation::Gather, [&](postgres::Session& session) {
      session.execute(sql::kGatherCounts);
      if (!forget) return true;
      session.execute(sql::kForgetOldReports, now - settings_.report_retention);
      session.execute(sql::kForgetOldestReports, settings_.max_reports);
      session.execute(sql::kForgetFullBuckets, now);
      return true;
    });
    tidied_ = true;
  } catch (const std::exception& fault) {
    if (std::exchange(tidied_, false))
      context_.log.warning("store.tidying_failed", "Totals cannot be gathered.", {{"reason", fault.what()}});
  }
}

}  // namespace penstock::pg_store
