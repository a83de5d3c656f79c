#include "pg-store/database.h"

#include <exception>
#include <utility>

#include "pg-store/config.h"
#include "pg-store/sql.h"
#include "shared/postgres/config.h"

namespace penstock::pg_store {

namespace {

// Every statement of the store finds its rows by an index. A planner without fresh statistics must not prefer to read
// whole tables, as it does while they are small or after they have grown quickly.
constexpr std::string_view kPlans = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off";

constexpr Duration kTidying = std::chrono::seconds(10);

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
      server_(context, settings.postgres,
              {.what = "store",
               .engine = "pg_store",
               .listen = sql::kListen,
               .probe = sql::kProbe,
               .told =
                   [this] {
                     std::lock_guard guard(told_.mutex);
                     if (told_.call) told_.call();
                   },
               .tries = 6}) {}

void Database::whenTold(std::function<void()> call) {
  std::lock_guard guard(told_.mutex);
  told_.call = std::move(call);
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
