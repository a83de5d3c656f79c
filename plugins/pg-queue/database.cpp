#include "pg-queue/database.h"

#include "pg-queue/metrics.h"
#include "pg-queue/sql.h"

#include <chrono>
#include <utility>

namespace penstock::pg_queue {

// Every call may be repeated: publishing finds its own keys, hand-overs and settlements carry the number of the lease.
Database::Database(Context& context, const postgres::Settings& settings, std::function<void()> told)
    : server_(context, settings,
              {.what = "queue",
               .engine = kEngine,
               .listen = sql::kListen,
               .probe = sql::kProbe,
               .told = std::move(told),
               .again_after_loss = true}) {}

// Which index serves depends on what is asked for, so the server plans for the values.
std::string Database::lookSettings() {
  const auto limit = std::chrono::milliseconds(durable::kReadLimit).count();
  return "SET LOCAL statement_timeout = " + std::to_string(limit) + "; SET LOCAL plan_cache_mode = force_custom_plan";
}

}  // namespace penstock::pg_queue
