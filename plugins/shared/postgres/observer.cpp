#include "shared/postgres/observer.h"

#include "postgres/sql.h"

#include <utility>

namespace penstock::postgres {

Observer::Observer(const Log& log, const DatabaseMetrics& metrics, std::string what, Duration long_time)
    : log_(log), metrics_(metrics), what_(std::move(what)), long_time_(long_time) {}

void Observer::look(Session& session) {
  oldestTransaction(session);
  auto rows = session.query(sql::kDeadRows, what_ == "queue");
  while (rows.next()) metrics_.deadRows(rows.text(0)).set(static_cast<double>(rows.integer(1)));
}

void Observer::oldestTransaction(Session& session) {
  auto rows = session.query(sql::kOldestTransaction);
  const bool any = rows.next();
  const double age = any ? rows.real(3) : 0;
  metrics_.oldest_transaction.set(age);
  if (!any || age < std::chrono::duration<double>(long_time_).count()) {
    if (std::exchange(named_, -1) >= 0)
      log_.notice(what_ + ".transaction_ended", "The transaction that was open for long has ended.");
    return;
  }
  const std::int64_t pid = rows.integer(0);
  if (std::exchange(named_, pid) == pid) return;
  log_.warning(what_ + ".transaction_held",
               "A transaction is open for long and keeps dead rows from being removed; end it if it is forgotten.",
               {{"pid", std::to_string(pid)},
                {"application", std::string(rows.text(1))},
                {"state", std::string(rows.text(2))},
                {"seconds", std::to_string(static_cast<std::int64_t>(age))}});
}

}  // namespace penstock::postgres
